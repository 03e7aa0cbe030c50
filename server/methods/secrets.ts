import { secrets } from '../../sdk/protocol/secrets.ts';
import { implement } from './implement.ts';

export const secretsMethods = implement(secrets, {
  async reload({ ctx }) {
    const { warnings } = await ctx.configFile.reloadSecrets();
    return { ok: true, warningCount: warnings.length };
  },
  resolve({ input, ctx }) {
    const resolved = ctx.configFile.resolveSecrets(input);
    const paths = resolved.assignments.map(({ path }) => path);
    ctx.log.child('secrets').info('resolved', { command: input.commandName.slice(0, 100), paths });
    return { ok: true, ...resolved };
  },
});
