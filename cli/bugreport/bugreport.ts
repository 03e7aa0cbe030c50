import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import { askForLeave, canAsk } from '../ask.ts';
import { createContext } from '../doctor/context.ts';
import { exitCodes } from '../misuse.ts';
import { answer, type Shell } from '../shell.ts';
import { createHereRedactor } from './known-secrets.ts';
import { collectParts, type Part } from './parts.ts';

// collect ─► redact ─► list ─► asked ─► write

export interface BugreportFlags {
  /** Default `openclaw-bugreport-<time>.zip` in the folder one is in. */
  output: string | undefined;
  yes: boolean;
}

/** `openclaw bugreport`: a zip for whoever is asked for help. @throws GatewayError INVALID_REQUEST for a file that is there. */
export async function reportBug(shell: Shell, { output, yes }: BugreportFlags): Promise<number> {
  const context = await createContext(shell);
  const redactor = await createHereRedactor(context);
  const parts = (await collectParts(context)).map(({ name, text }) => ({ name, text: redactor.text(text) }));
  const path = resolve(output ?? `openclaw-bugreport-${new Date().toISOString().replace(/[:.]/g, '-')}.zip`);
  const files = parts.map(({ name, text }) => ({ name, bytes: Buffer.byteLength(text) }));
  if (!shell.globals.json) shell.out(renderList(path, files));
  if (!yes && !(canAsk(shell) && (await askForLeave('Write it?')))) {
    if (shell.globals.json) answer(shell, { schemaVersion: 1, ok: false, path: null, files }, () => '');
    shell.note(
      canAsk(shell) ? 'Nothing was written.' : 'Nothing was written: add --yes to write it without being asked.',
    );
    return exitCodes.failed;
  }
  const bytes = await write(path, parts);
  answer(
    shell,
    { schemaVersion: 1, ok: true, path, bytes, files },
    () => `Wrote ${path} (${bytes} bytes). Look into it before you send it.\n`,
  );
  return exitCodes.ok;
}

// --- internal ---

function renderList(path: string, files: readonly { name: string; bytes: number }[]): string {
  const lines = files.map(({ name, bytes }) => `  ${name.padEnd(24)} ${bytes} bytes`);
  return `${[`This goes into ${path}, without secrets:`, ...lines].join('\n')}\n`;
}

async function write(path: string, parts: readonly Part[]): Promise<number> {
  const { strToU8, zipSync } = await import('fflate');
  const archive = zipSync(Object.fromEntries(parts.map(({ name, text }) => [name, strToU8(text)])), { level: 6 });
  const file = await open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'EEXIST' ? 'it is there already' : String(error.code);
    throw new GatewayError('INVALID_REQUEST', `${path} cannot be written (${why}): name another file with --output`);
  });
  try {
    await file.writeFile(archive);
  } finally {
    await file.close();
  }
  return archive.byteLength;
}
