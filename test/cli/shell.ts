import { readGlobals } from '../../cli/globals.ts';
import { plain } from '../../cli/render/paint.ts';
import type { Shell } from '../../cli/shell.ts';

/** A shell with this environment alone, whose output is kept. */
export function shellWith(
  env: NodeJS.ProcessEnv,
  globals: Partial<Shell['globals']> = {},
): Shell & { printed(): string; notes: string[] } {
  let printed = '';
  const notes: string[] = [];
  return {
    globals: { ...readGlobals([]).globals, ...globals },
    env,
    out: (text) => {
      printed += text;
    },
    note: (line) => void notes.push(line),
    look: { paint: plain, width: Number.POSITIVE_INFINITY, now: Date.now() },
    paint: plain,
    interactive: false,
    printed: () => printed,
    notes,
  };
}
