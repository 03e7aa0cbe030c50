import { execFile } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { openEmbeddingGateway } from '../clients/fixture.ts';
import { token } from '../gateway.ts';
import { root } from '../law/imports.ts';
import { findProgram } from '../needs.ts';
import { scratch } from '../scratch.ts';
import { openSocket } from '../socket.ts';
import { obligingModel } from './client-model.ts';
import { toCommands } from './command-lines.ts';
import { type Page, readPages } from './pages.ts';

const run = promisify(execFile);
const address = 'http://127.0.0.1:18789';

const pages = (await readPages()).filter(({ path }) => path.startsWith('docs/clients/'));
const programs = pages.filter(({ blocks }) => blocks.some(({ language }) => language === 'ts'));

/** The snippets of a page go on from each other: together they are one program. */
const toProgram = ({ blocks }: Page) =>
  blocks
    .filter(({ language }) => language === 'ts')
    .map(({ text }) => text)
    .join('\n');

/** What each program has to say, besides going through. */
const said: Record<string, (string | RegExp)[]> = {
  'docs/clients/openai-node.md': [
    /^Hello to you\.\n/,
    '12 tokens',
    'There are forty.',
    'Graz',
    'completed',
    '2 vectors of 3 numbers',
    /400 model_not_found model \S+/,
  ],
  'docs/clients/ai-sdk.md': [
    /^Hello to you\. 12\n/,
    'stop, 12 tokens',
    'There are forty. 2',
    /^Graz$/m,
    /^There are forty\.$/m,
    /^400 .*openclaw\/nobody/m,
  ],
  'docs/clients/langchain.md': [
    /^Hello to you\. 12\n/,
    /^There are forty\.$/m,
    /^Graz$/m,
    '2 vectors of 3 numbers',
    'Hello to you. Hello to you.',
    /^stopped$/m,
    /^400 model_not_found /m,
  ],
  'docs/clients/llamaindex.md': [
    /^Hello to you\.\nHello to you\.\n/,
    /^There are forty\.$/m,
    /^Graz$/m,
    /^400 model_not_found /m,
  ],
};

/** A folder from which the packages of this one are found, with the programs of the pages in it. */
async function writePrograms(from: string) {
  const folder = await scratch();
  await symlink(join(root, 'node_modules'), join(folder.path, 'node_modules'));
  for (const page of programs)
    await writeFile(join(folder.path, toName(page)), toProgram(page).replaceAll(address, from));
  return folder;
}

const toName = ({ path }: Page) => path.replace(/^.*\//, '').replace(/\.md$/, '.mts');

describe('programs on the pages of clients', () => {
  it('are found', () => {
    expect(programs.map(({ path }) => path)).toEqual(expect.arrayContaining(Object.keys(said)));
  });

  it('fit the types of their packages', async () => {
    await using folder = await writePrograms(address);
    const config = { extends: join(root, 'tsconfig.json'), include: ['*.mts'], exclude: [] };
    await writeFile(join(folder.path, 'tsconfig.json'), JSON.stringify(config));
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const checked = await run(process.execPath, [tsc, '-p', folder.path], { cwd: root }).catch((error) => error);
    expect(checked.stdout).toBe('');
    expect(checked.stderr).toBe('');
  });

  it.each(programs)('run against a gateway: $path', async (page) => {
    await using gateway = await openEmbeddingGateway();
    gateway.upstream.answer(obligingModel);
    await using folder = await writePrograms(gateway.http);
    await mkdir(join(folder.path, '.openclaw'));
    await writeFile(join(folder.path, '.openclaw', 'gateway.token'), `${token}\n`);
    const { stdout } = await run(process.execPath, [join(folder.path, toName(page))], {
      timeout: 25_000,
      env: { PATH: process.env.PATH, HOME: folder.path, USERPROFILE: folder.path },
    });
    for (const expected of said[page.path] ?? [])
      if (typeof expected === 'string') expect(stdout).toContain(expected);
      else expect(stdout).toMatch(expected);
    await using socket = await openSocket(gateway.url);
    const { sessions } = (await socket.call('sessions.list')) as { sessions: { key: string }[] };
    const keys = sessions.map(({ key }) => key);
    expect(keys).toEqual(expect.arrayContaining(['agent:main:fruit', 'agent:main:http:user:ann']));
  });
});

const curl = findProgram('curl', 'the commands of docs/clients/curl.md');

describe.skipIf(!curl)('commands on the page of curl', () => {
  const page = pages.find(({ path }) => path === 'docs/clients/curl.md');
  const commands = (page?.blocks ?? [])
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => toCommands(text.replaceAll(/\\\n\s*/g, ' ')))
    .filter(([program]) => program === 'curl');

  it('are found', () => {
    expect(commands.length).toBeGreaterThan(8);
  });

  it('are answered', async () => {
    await using gateway = await openEmbeddingGateway();
    gateway.upstream.answer(obligingModel);
    const answers: string[] = [];
    for (const [, ...argv] of commands) {
      const words = argv.map((word) => word.replace(address, gateway.http).replace('$TOKEN', token));
      const { stdout } = await run(curl ?? '', ['--silent', '--show-error', '-w', '\n%{http_code}', ...words]);
      expect(stdout, words.join(' ')).toMatch(/\n200$/);
      answers.push(stdout);
    }
    const all = answers.join('\n');
    expect(all).toContain('"object":"list"');
    expect(all).toContain('"content":"Hello to you."');
    expect(all).toMatch(/"delta":\{"content":"Hello"\}[\s\S]*"total_tokens":12[\s\S]*data: \[DONE\]/);
    expect(all).toContain('"tool_calls":[{"id":"call-1"');
    expect(all).toContain('"content":"There are forty."');
    expect(all).toContain('{\\"city\\":\\"Graz\\"');
    expect(all).toContain('"object":"response"');
    expect(all).toContain('"object":"embedding"');
    expect(all).toContain('x-openclaw-session-key: agent:main:fruit');
  });
});
