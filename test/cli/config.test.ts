import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHome, type Home } from './processes.ts';

describe('openclaw config', () => {
  let home: Home;
  beforeAll(async () => {
    home = await createHome();
    await home.gateway();
  });
  afterAll(() => home[Symbol.asyncDispose]());
  const config = (...line: string[]) => home.run(['config', ...line]);

  it('sets, shows and removes a key, and keeps what it was', async () => {
    const set = await config('set', 'agents.entries.writer.name', 'The Writer', '--note', 'a test');
    expect(set, set.stderr).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('agents.entries.writer.name'),
    });
    expect((await config('set', 'agents.defaults.maxConcurrent', '8')).exitCode).toBe(0);
    const { config: shown, path } = JSON.parse((await config('get', '--json')).stdout);
    expect(shown.agents).toEqual({ entries: { writer: { name: 'The Writer' } }, defaults: { maxConcurrent: 8 } });
    expect((await home.run(['agents', 'list'])).stdout).toContain('writer');
    expect((await config('set', 'agents.defaults.maxConcurrent', '8')).stdout).toContain('nothing was written');
    expect((await config('unset', 'agents.defaults')).exitCode).toBe(0);
    expect(await readFile(path, 'utf8')).not.toContain('maxConcurrent');
    const { revisions } = JSON.parse((await config('revisions', 'list', '--json')).stdout);
    expect(revisions.map(({ note }: { note?: string }) => note)).toContain('a test');
    expect((await config('rollback', String(revisions[1].id))).exitCode).toBe(0);
    expect(await readFile(path, 'utf8')).toContain('maxConcurrent');
  });

  it('merges a patch, and explains a key', async () => {
    expect((await config('patch', "{ session: { mainKey: 'home' } }")).stdout).toContain('session.mainKey');
    expect((await config('schema', 'lookup', 'session.mainKey')).stdout).toMatch(/hot/);
    const port = await config('set', 'gateway.port', '4711');
    expect(port.stdout).toContain('It takes a restart: the gateway makes it by itself');
  });

  it('reads a value or a patch from stdin', async () => {
    const set = await home.run(['config', 'set', 'agents.entries.main.name', '-'], { input: 'Aunt "Em"\n' });
    expect(set, set.stderr).toMatchObject({ exitCode: 0 });
    const patch = await home.run(['config', 'patch', '-'], {
      input: '{ agents: { entries: { main: { skills: [] } } } }',
    });
    expect(patch, patch.stderr).toMatchObject({ exitCode: 0 });
    const { config: shown } = JSON.parse((await config('get', '--json')).stdout);
    expect(shown.agents.entries.main).toEqual({ name: 'Aunt "Em"', skills: [] });
    expect(await config('patch', '-')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('is empty') });
  });

  it('replaces and removes a key with the lists in it; a patch wants leave for each', async () => {
    const path = 'agents.defaults.model';
    expect((await config('set', path, "{ primary: 'a/one', fallbacks: ['b/two', 'c/three'] }")).exitCode).toBe(0);
    const cut = ['patch', "{ agents: { defaults: { model: { fallbacks: ['b/two'] } } } }"] as const;
    expect(await config(...cut)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(`add --replace-paths '${path}.fallbacks'`),
    });
    expect((await config(...cut, '--replace-paths', `${path}.fallbacks`)).exitCode).toBe(0);
    expect((await config('set', path, "{ fallbacks: ['d/four'] }")).exitCode).toBe(0);
    const { config: shown } = JSON.parse((await config('get', '--json')).stdout);
    expect(shown.agents.defaults.model).toEqual({ primary: 'a/one', fallbacks: ['d/four'] });
    const unset = await config('unset', path);
    expect(unset, unset.stderr).toMatchObject({ exitCode: 0 });
  });

  it('says what was wrong, and what to type', async () => {
    expect(await config('set', 'session.nonsense', '1')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('unrecognized key'),
    });
    expect(await config('set', 'agents.list[0].name', 'x')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('goes into a list'),
    });
    expect(await config('set', 'session.mainKey')).toMatchObject({ exitCode: 2 });
  });
});
