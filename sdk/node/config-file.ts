import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { readConfigText } from './config-text.ts';

/** How deep files may include files. */
const maxDepth = 10;

/**
 * The configuration, with what it includes put in its place. As lenient as {@link readConfigText}: a file that is missing or
 * not ours to read counts as empty, since the gateway is who refuses it.
 */
export async function readConfigFile(path: string, depth = 0): Promise<Record<string, unknown>> {
  const text = await readText(path).catch(() => undefined);
  if (text === undefined || depth > maxDepth) return {};
  return (await include(readConfigText(text), dirname(path), depth)) as Record<string, unknown>;
}

// --- internal ---

/** A pipe or a device may never end. */
async function readText(path: string): Promise<string | undefined> {
  return (await stat(path)).isFile() ? readFile(path, 'utf8') : undefined;
}

/** Own keys win over included ones, and later files over earlier ones. */
async function include(value: unknown, folder: string, depth: number): Promise<unknown> {
  if (!isObject(value)) return value;
  const { $include: names, ...own } = value;
  let merged: Record<string, unknown> = {};
  for (const name of [names].flat())
    if (typeof name === 'string') merged = merge(merged, await readConfigFile(resolve(folder, name), depth + 1));
  for (const [key, member] of Object.entries(own)) own[key] = await include(member, folder, depth);
  return merge(merged, own);
}

function merge(below: Record<string, unknown>, above: Record<string, unknown>): Record<string, unknown> {
  const merged = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const known = merged[key];
    merged[key] = isObject(known) && isObject(value) ? merge(known, value) : value;
  }
  return merged;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
