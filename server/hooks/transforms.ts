import { realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transformsRoot } from './settings.ts';

/** A function of the operator's that makes an action of a request. */
export type Transform = (request: TransformRequest) => unknown;

/** What a transform is given. */
export interface TransformRequest {
  payload: unknown;
  headers: Readonly<Record<string, string>>;
  url: URL;
  path: string;
}

/** Milliseconds that a transform may take. */
const patienceMs = 10_000;

/**
 * Runs a transform. A file that was changed is loaded anew.
 * @throws Error when it lies outside of the folder of transforms, cannot be loaded, takes longer than 10 s, or throws.
 */
export async function runTransform(
  { stateDir, dir, module, exported }: { stateDir: string; dir: string; module: string; exported: string | undefined },
  request: TransformRequest,
): Promise<unknown> {
  const file = await findFile(stateDir, join(dir, module));
  const { mtimeMs, size } = await stat(file);
  const loaded: Record<string, unknown> = await import(`${pathToFileURL(file).href}?v=${mtimeMs}-${size}`);
  const transform = exported === undefined ? (loaded.default ?? loaded.transform) : loaded[exported];
  if (typeof transform !== 'function')
    throw new Error(`${file} exports no function ${exported ?? 'default or transform'}`);
  return within((transform as Transform)(request));
}

// --- internal ---

/** The file itself, wherever links lead; they may not lead out. */
async function findFile(stateDir: string, path: string): Promise<string> {
  const [root, file] = await Promise.all([realpath(transformsRoot(stateDir)), realpath(path)]);
  const inside = relative(root, file);
  if (inside === '' || inside === '..' || inside.startsWith(`..${sep}`) || inside.startsWith(sep))
    throw new Error(`${path} lies outside of ${root}`);
  return file;
}

async function within(work: unknown): Promise<unknown> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`it took longer than ${patienceMs} ms`)), patienceMs);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
