import type { Command } from '../command.ts';
import type { Shell } from '../shell.ts';

/** `openclaw auth`: by what this command line is let in. */
export function authCommand(shell: Shell): Command {
  const explain: Command = {
    meta: {
      name: 'explain',
      description: 'Tell which credential is sent, from where, and what the gateway expects; shows no secret.',
    },
    examples: ['openclaw auth explain', 'openclaw auth explain --url wss://gateway.example.org --json'],
    run: async () => {
      const { explainAuth } = await import('../doctor/auth-explain.ts');
      return explainAuth(shell);
    },
  };
  return {
    meta: { name: 'auth', description: 'Find out by which credential a gateway lets this command line in.' },
    subCommands: { explain },
  };
}
