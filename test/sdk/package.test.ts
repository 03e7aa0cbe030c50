import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sdkVersion } from '../../sdk/client/version.ts';
import { scratch } from '../scratch.ts';

const root = join(import.meta.dirname, '..', '..');
const bin = (name: string) => join(root, 'node_modules', '.bin', name);
const run = promisify(execFile);

/** A project that has installed the packed package and what it depends on, and nothing else. */
let project: Awaited<ReturnType<typeof scratch>>;
let installed = '';
let tarball: Uint8Array;
let packed: string[] = [];

beforeAll(async () => {
  project = await scratch();
  const source = join(project.path, 'source');
  await mkdir(source);
  for (const name of ['package.json', 'README.md', 'LICENSE']) await cp(join(root, 'sdk', name), join(source, name));
  await run(bin('tsdown'), ['--outDir', join(source, 'dist'), '--logLevel', 'error'], { cwd: join(root, 'sdk') });
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts'], { cwd: source });
  const report = JSON.parse(stdout);
  const [{ filename, files }] = Array.isArray(report) ? report : Object.values(report);
  packed = files.map(({ path }: { path: string }) => path).sort();
  tarball = await readFile(join(source, filename));
  installed = join(project.path, 'node_modules', '@openclaw', 'sdk');
  await mkdir(installed, { recursive: true });
  await run('tar', ['-xzf', join(source, filename), '--strip-components=1', '-C', installed]);
  // Copies: through a link the compiler would find everything else that is installed here.
  await cp(join(root, 'node_modules', '@trpc'), join(project.path, 'node_modules', '@trpc'), { recursive: true });
});
afterAll(() => project[Symbol.asyncDispose]());

const manifest = async () => JSON.parse(await readFile(join(root, 'sdk', 'package.json'), 'utf8'));

describe('the package @openclaw/sdk', () => {
  it('has what it needs and nothing else in it', () => {
    expect(packed.filter((path) => !/^dist\/[\w.-]+\.(js|d\.ts)$/.test(path))).toEqual([
      'LICENSE',
      'README.md',
      'package.json',
    ]);
    expect(packed).toEqual(
      expect.arrayContaining(['dist/index.js', 'dist/index.node.js', 'dist/protocol.js', 'dist/index.d.ts']),
    );
  });

  it('depends on tRPC only; ws and zod are optional peers', async () => {
    const { dependencies, peerDependencies, peerDependenciesMeta, version } = await manifest();
    expect(Object.keys(dependencies)).toEqual(['@trpc/client', '@trpc/server']);
    expect(Object.keys(peerDependencies)).toEqual(['ws', 'zod']);
    expect(peerDependenciesMeta).toEqual({ ws: { optional: true }, zod: { optional: true } });
    expect(sdkVersion).toBe(version);
  });

  it('has nothing that publint objects to', async () => {
    const { messages } = await publint({ pkgDir: installed, strict: true, pack: false });
    const content = await manifest();
    expect(messages.map((message) => formatMessage(message, content))).toEqual([]);
  });

  it('has types that are right, for everything that loads ES modules', async () => {
    const { problems } = (await checkPackage(createPackageFromTarballData(tarball))) as {
      problems: { kind: string }[];
    };
    const others = problems.filter(({ kind }) => kind !== 'CJSResolvesToESM' && kind !== 'NoResolution');
    expect(others).toEqual([]);
  });
});

describe('the entries', () => {
  it('offer the same in Node and elsewhere', async () => {
    const listed = async (name: string) => {
      const text = await readFile(join(root, 'sdk', name), 'utf8');
      return text.slice(text.indexOf('export {'));
    };
    expect(await listed('index.node.ts')).toBe(await listed('index.ts'));
    const names = async (name: string) => Object.keys(await import(pathToFileURL(join(installed, 'dist', name)).href));
    expect(await names('index.node.js')).toEqual(await names('index.js'));
  });
});

describe('what a browser loads', () => {
  it('has no zod, no ws and nothing of Node, and stays small', async () => {
    const bundle = await rolldown({
      input: join(installed, 'dist', 'index.js'),
      platform: 'browser',
      logLevel: 'silent',
    });
    const { output } = await bundle.generate({ minify: true });
    const [{ code, imports, dynamicImports, modules }] = output;
    expect([...imports, ...dynamicImports]).toEqual([]);
    const rooms = new Set(
      Object.keys(modules).map((id) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id.replace(project.path, ''))?.[1]),
    );
    expect([...rooms].sort()).toEqual(['@openclaw/sdk', '@trpc/client', '@trpc/server']);
    expect(code).not.toMatch(/\bprocess\.(env|platform|versions)\b/);
    const bytes = gzipSync(code).length;
    console.log(`browser bundle: ${(bytes / 1000).toFixed(1)} kB gzip, tRPC included`);
    expect(bytes).toBeLessThan(16_000);
  });
});

describe('the declarations', () => {
  it('are small', async () => {
    const names = (await readdir(join(installed, 'dist'))).filter((name) => name.endsWith('.d.ts'));
    const sizes = await Promise.all(names.map(async (name) => (await readFile(join(installed, 'dist', name))).length));
    // Some 2 kB for each method: declarations by reference, docs included.
    const total = sizes.reduce((sum, size) => sum + size, 0);
    console.log(`declarations: ${(total / 1000).toFixed(1)} kB`);
    expect(total).toBeLessThan(200_000);
  });

  it.each(['nodenext', 'bundler'])(
    'compile in any project with moduleResolution %s, without zod',
    async (resolution) => {
      await writeFile(join(project.path, 'consumer.ts'), consumer);
      expect(await compile(resolution, 'consumer.ts')).toBe('');
    },
  );

  it('of the protocol compile with zod', async () => {
    await symlink(join(root, 'node_modules', 'zod'), join(project.path, 'node_modules', 'zod'));
    await writeFile(join(project.path, 'protocol.ts'), protocolConsumer);
    expect(await compile('nodenext', 'protocol.ts')).toBe('');
  });

  async function compile(resolution: string, file: string): Promise<string> {
    const compilerOptions = {
      strict: true,
      noEmit: true,
      skipLibCheck: false,
      exactOptionalPropertyTypes: true,
      target: 'es2022',
      lib: ['es2022', 'dom'],
      types: [],
      module: resolution === 'nodenext' ? 'nodenext' : 'esnext',
      moduleResolution: resolution,
    };
    await writeFile(join(project.path, 'package.json'), JSON.stringify({ type: 'module' }));
    await writeFile(join(project.path, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [file] }));
    const { stdout } = await run(bin('tsc'), ['-p', '.'], { cwd: project.path }).catch((failed) => failed);
    return stdout;
  }
});

const consumer = `
import { createTRPCClient } from '@trpc/client';
import { type Contract, gatewayLink, OpenClaw, type RunStep, type SessionRow } from '@openclaw/sdk';

const oc = new OpenClaw({ url: 'ws://x' });
const page = await oc.rpc.sessions.list.query({ limit: 1 });
const rows: SessionRow[] = page.sessions;
// @ts-expect-error a key is a string: without zod the nouns keep their types
export const wrong: number = rows[0].key;
// @ts-expect-error limit is a number
await oc.rpc.sessions.list.query({ limit: 'x' });
const steps: RunStep[] = [];
for await (const step of await oc.agents.get().run('hi')) steps.push(step);
const client = createTRPCClient<Contract>({ links: [gatewayLink({ url: 'ws://x' })] });
export const id: string = (await client.agents.list.query()).agents[0].id;
oc.on('tick', ({ ts }) => ts.toFixed());
await oc[Symbol.asyncDispose]();
`;

const protocolConsumer = `
import { contract, GatewayError, methods, parseRequestFrame, SessionRow } from '@openclaw/sdk/protocol';

export const row: SessionRow = SessionRow.parse({});
// @ts-expect-error a key is a string
export const wrong: number = row.key;
export const error = new GatewayError('TIMEOUT', 'late');
export const spec = methods.get('sessions.list')?.summary;
export const record = contract._def.record.sessions;
export const frame = parseRequestFrame({});
`;
