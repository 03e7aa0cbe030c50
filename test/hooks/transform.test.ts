import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { HookMappingConfig } from '../../server/config/hooks-config.ts';
import { scratch } from '../scratch.ts';
import { lastUserWords, openHooks } from './setup.ts';

const mapping = (module: string, more: HookMappingConfig = {}): HookMappingConfig => ({
  id: module,
  match: { path: module.replace(/\..*$/, '') },
  transform: { module },
  ...more,
});

/** A state directory with these files below `hooks/transforms`. */
async function withTransforms(files: Record<string, string>) {
  const folder = await scratch();
  const dir = join(folder.path, 'hooks', 'transforms');
  await mkdir(join(dir, 'sub'), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
  return { ...folder, dir };
}

describe('a transform', () => {
  it('makes the action, in JavaScript or TypeScript, or skips it', async () => {
    await using folder = await withTransforms({
      'seen.mjs':
        'export default async ({ payload, headers, url, path }) => ({ message: JSON.stringify({ n: payload.n, h: headers["x-a"], secret: headers.authorization, q: url.searchParams.get("q"), path }) });',
      'typed.ts':
        'export const transform = ({ payload }: { payload: { n: number } }) => ({ kind: "wake" as const, text: "n is " + payload.n, mode: "next-heartbeat" as const });',
      'skip.js': 'export default () => null;',
      'sub/named.mjs': 'export const second = () => ({ timeoutSeconds: 5 }); export default () => null;',
    });
    const mappings = [
      mapping('seen.mjs'),
      mapping('typed.ts'),
      mapping('skip.js'),
      {
        match: { path: 'named' },
        messageTemplate: 'From {{x}}',
        transform: { module: 'sub/named.mjs', export: 'second' },
      },
    ];
    await using gateway = await openHooks({ mappings }, { folder: folder.path });
    await gateway.send('/hooks/seen?q=1', { n: 7 }, { headers: { 'x-a': 'b' } });
    const words = lastUserWords(await gateway.upstream.request(0));
    expect(words).toContain('{"n":7,"h":"b","q":"1","path":"seen"}');
    expect(words).toMatch(/^<<<UNTRUSTED id="[0-9a-f]{16}" source="hook seen\.mjs">>>/);
    expect((await gateway.send('/hooks/typed', { n: 8 })).body).toMatchObject({ mode: 'next-heartbeat' });
    const skipped = await gateway.send('/hooks/skip', {}, { headers: { 'idempotency-key': 'a' } });
    expect(skipped).toMatchObject({ status: 204, body: undefined });
    expect((await gateway.send('/hooks/skip', {}, { headers: { 'idempotency-key': 'a' } })).status).toBe(204);
    expect((await gateway.send('/hooks/named', { x: 'you' })).status).toBe(200);
    expect(lastUserWords(await gateway.upstream.request(1))).toContain('From [x]');
  });

  it('is loaded anew when it was changed', async () => {
    const text = (n: number) => `export default () => ({ message: 'version ${n}${' '.repeat(n)}' });`;
    await using folder = await withTransforms({ 'v.mjs': text(1) });
    await using gateway = await openHooks({ mappings: [mapping('v.mjs')] }, { folder: folder.path });
    await gateway.send('/hooks/v', {});
    expect(lastUserWords(await gateway.upstream.request(0))).toContain('version 1');
    await writeFile(join(folder.dir, 'v.mjs'), text(2));
    await gateway.send('/hooks/v', {});
    expect(lastUserWords(await gateway.upstream.request(1))).toContain('version 2');
  });

  it('may name a session only where senders may, unless it says that the key is its own', async () => {
    await using folder = await withTransforms({
      'k.mjs':
        'export default ({ payload }) => ({ message: "a", sessionKey: "hook:k", sessionKeySource: payload.source });',
    });
    await using gateway = await openHooks({ mappings: [mapping('k.mjs')] }, { folder: folder.path });
    expect((await gateway.send('/hooks/k', {})).body.error).toContain('sessionKey is not for senders to choose');
    expect((await gateway.send('/hooks/k', { source: 'static' })).status).toBe(200);
  });

  it('answers 500 without its words when it fails, and the log has them', async () => {
    await using other = await scratch();
    await using folder = await withTransforms({
      'throws.mjs': 'export default () => { throw new Error("my-database-password"); };',
      'syntax.mjs': 'export default (',
      'nothing.mjs': 'export const other = 1;',
      'odd.mjs': 'export default () => ({ message: 7 });',
      'unnamed.mjs': 'export default () => ({ message: "a" });',
    });
    await writeFile(join(other.path, 'outside.mjs'), 'export default () => ({ message: "out" });');
    await symlink(join(other.path, 'outside.mjs'), join(folder.dir, 'link.mjs'));
    await symlink(other.path, join(folder.dir, 'folder'));
    const mappings = [
      ...['throws.mjs', 'syntax.mjs', 'nothing.mjs', 'odd.mjs', 'link.mjs', 'missing.mjs'].map((module) =>
        mapping(module),
      ),
      { match: { path: 'folder' }, transform: { module: 'folder/outside.mjs' } },
      { match: { path: 'unnamed' }, transform: { module: 'unnamed.mjs', export: 'wanted' } },
    ];
    await using gateway = await openHooks({ mappings }, { folder: folder.path });
    for (const path of ['throws', 'syntax', 'nothing', 'odd', 'link', 'missing', 'folder', 'unnamed']) {
      const answer = await gateway.send(`/hooks/${path}`, {});
      expect([path, answer.status]).toEqual([path, 500]);
      expect(answer.body.error).toMatch(/^hook mapping failed; the gateway's log has it as req_/);
    }
    expect(await readFile(gateway.logFile, 'utf8')).toContain('my-database-password');
    expect(gateway.upstream.requests).toHaveLength(0);
  });

  it('is not looked for outside of its place', async () => {
    await using other = await scratch();
    await writeFile(join(other.path, 'a.mjs'), 'export default () => ({ message: "out" });');
    await using folder = await withTransforms({});
    await using gateway = await openHooks(
      { mappings: [mapping('a.mjs')], transformsDir: other.path },
      { folder: folder.path },
    );
    expect((await gateway.send('/hooks/a', {})).status).toBe(500);
    expect(await readFile(gateway.logFile, 'utf8')).toContain('hooks.transformsDir lies outside');
  });
});
