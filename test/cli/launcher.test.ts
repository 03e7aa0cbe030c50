import { execFileSync } from 'node:child_process';
import { readFile, readlink, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHome, type Home, launcher } from './processes.ts';

const root = join(import.meta.dirname, '..', '..');

/** A Node on the path that is older than the gateway needs, as on the machine of many a new user. */
const olderNode = (process.env.PATH ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'node'))
  .find((path) => {
    try {
      const major = Number(/^v(\d+)/.exec(execFileSync(path, ['--version'], { encoding: 'utf8', stdio: 'pipe' }))?.[1]);
      return major >= 18 && major < 24;
    } catch {
      return false;
    }
  });

describe('the file behind the command', () => {
  let home: Home;
  beforeAll(async () => {
    home = await createHome();
  });
  afterAll(() => home[Symbol.asyncDispose]());

  it('is an executable script for node', async () => {
    expect((await readFile(launcher, 'utf8')).split('\n')[0]).toBe('#!/usr/bin/env node');
    if (process.platform !== 'win32') expect((await stat(launcher)).mode & 0o111).toBe(0o111);
  });

  it('loads nothing before it knows which Node runs it', async () => {
    const text = await readFile(launcher, 'utf8');
    const early = [...text.matchAll(/^import .* from "([^"]+)"/gm)].map(([, target]) => target);
    expect(early.every((target) => target?.startsWith('node:'))).toBe(true);
    expect(text).toContain('import("./main.mjs")');
  });

  it.runIf(process.platform !== 'win32')('is what npx finds inside the checkout', async () => {
    expect(await readlink(join(root, 'node_modules', '.bin', 'openclaw'))).toBe('../../dist/openclaw.mjs');
  });

  it.runIf(olderNode)('hands over to the newer Node of the checkout: output, exit code, signals', async () => {
    const node = olderNode as string;
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    expect(await home.run(['--version'], { node })).toEqual({
      exitCode: 0,
      signal: null,
      stdout: `${version}\n`,
      stderr: '',
    });
    expect((await home.run(['nonsense'], { node })).exitCode).toBe(2);
    const gateway = home.start(['gateway', '--allow-unconfigured', '--port', '0'], { node });
    expect((await gateway.ended).exitCode).toBe(2);
  });

  it.runIf(olderNode)('stops the gateway it has handed over to', async () => {
    const gateway = await home.gateway([], { node: olderNode as string });
    gateway.process.kill('SIGTERM');
    expect(await gateway.ended).toMatchObject({ exitCode: 0, signal: null, stderr: '' });
    expect((await home.run(['health', '--url', gateway.url])).exitCode).toBe(1);
  });
});
