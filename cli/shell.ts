import type { Globals } from './globals.ts';
import { createHiding, hideInAddresses } from './hide-secrets.ts';
import { type Paint, paintFor } from './render/paint.ts';
import type { Look } from './render/value.ts';

/** What a command has around it: the global flags, the two streams, the environment. */
export interface Shell {
  globals: Globals;
  env: NodeJS.ProcessEnv;
  /** Writes to stdout as it stands. */
  out(text: string): void;
  /** Writes a line to stderr: notices and failures, never an answer. */
  note(line: string): void;
  /** How stdout is looked at. */
  look: Look;
  /** Colours of stderr. */
  paint: Paint;
  /** True when a person watches stdout. */
  interactive: boolean;
}

/** The shell of this process. */
export function createShell(globals: Globals): Shell {
  const { stdout, stderr, env } = process;
  // The SDK finds the gateway as any program does, by the environment.
  const profile = globals.dev ? 'dev' : globals.profile;
  if (profile !== undefined) env.OPENCLAW_PROFILE = profile;
  const hide = createHiding(globals, env);
  // The log of a gateway goes by the environment as well.
  if (!globals.color) env.NO_COLOR = '1';
  return {
    globals,
    env,
    out: (text) => void stdout.write(hide(text)),
    note: (line) => void stderr.write(`${hide(hideInAddresses(line))}\n`),
    look: {
      paint: paintFor(stdout, globals.color),
      width: stdout.isTTY ? stdout.columns || 80 : Number.POSITIVE_INFINITY,
      now: Date.now(),
    },
    paint: paintFor(stderr, globals.color),
    interactive: stdout.isTTY ?? false,
  };
}

/** Prints an answer: as JSON after `--json`, else by the given view. */
export function answer(shell: Shell, payload: unknown, view: (look: Look) => string): void {
  shell.out(shell.globals.json ? `${JSON.stringify(payload ?? null, null, 2)}\n` : view(shell.look));
}
