import { readlink } from 'node:fs/promises';
import { dirname, join, parse, resolve, sep } from 'node:path';

/** Links that are followed before a path counts as going in circles, as in Linux. */
const maxHops = 40;

/**
 * Everything that decides what a path leads to: each symbolic link on the way to it, and the file at the end. Of
 * `/etc/app/openclaw.json -> ..data/openclaw.json`, where `..data` is a link as Kubernetes makes it, that is three paths.
 * Never rejects: what is missing is named all the same.
 */
export async function listHops(path: string): Promise<string[]> {
  const hops: string[] = [];
  let target = resolve(path);
  for (let count = 0; count <= maxHops; count++) {
    const link = await findFirstLink(target);
    if (!link) break;
    hops.push(link.path);
    target = resolve(dirname(link.path), link.to, link.rest);
  }
  return [...hops, target];
}

async function findFirstLink(path: string): Promise<{ path: string; to: string; rest: string } | undefined> {
  const { root } = parse(path);
  const names = path.slice(root.length).split(sep);
  for (const [index] of names.entries()) {
    const part = join(root, ...names.slice(0, index + 1));
    // Anything but a link, and what is missing, has nothing to read.
    const to = await readlink(part).catch(() => undefined);
    if (to !== undefined) return { path: part, to, rest: names.slice(index + 1).join(sep) };
  }
  return undefined;
}
