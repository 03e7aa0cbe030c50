import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import JSON5 from 'json5';
import { describe, expect, it } from 'vitest';
import { findCommand } from '../../cli/command.ts';
import { spellOut } from '../../cli/flags.ts';
import { readGlobals } from '../../cli/globals.ts';
import { createProgram } from '../../cli/program.ts';
import { createShell } from '../../cli/shell.ts';
import { loadConfig } from '../../server/config/load.ts';
import { root } from '../law/imports.ts';
import { scratch } from '../scratch.ts';
import { openclawArguments } from './command-lines.ts';
import { linksOf, namedCommandsOf, type Page, readPages, shellLinesOf } from './pages.ts';

const pages = await readPages();
// No profile of a command line: it would be that of this process.
const shell = createShell(readGlobals([]).globals);
const pageAt = new Map(pages.map((page) => [page.path, page]));

describe('links between pages', () => {
  it.each(pages)('lead somewhere in $path', (page) => {
    expect(linksOf(page).flatMap((target) => findLinkFault(page, target))).toEqual([]);
  });

  it('are found, and judged by file and heading', () => {
    expect(pages.flatMap(linksOf).length).toBeGreaterThan(100);
    const page = pageAt.get('docs/runs.md') as Page;
    expect(findLinkFault(page, 'nowhere.md')).toEqual(['docs/runs.md: there is no docs/nowhere.md']);
    expect(findLinkFault(page, 'sessions.md#nothing')).toEqual(['docs/runs.md: no heading in sessions.md#nothing']);
    expect(findLinkFault(page, 'state-and-backup.md#run-two-gateways-on-one-machine-profiles---dev')).toEqual([]);
  });
});

describe('commands of openclaw', () => {
  it.each(pages)('exist, with their flags, in $path', async (page) => {
    const lines = await Promise.all(shellLinesOf(page).map(findCommandFault));
    expect(lines.flat()).toEqual([]);
    // What the text names need not be a whole command line.
    const names = await Promise.all(namedCommandsOf(page).map(findCommandFault));
    expect(names.flat().filter((fault) => !/ is missing$| needs a value$/.test(fault))).toEqual([]);
  });

  it('are found in blocks and in the text, behind variables, pipes and npm start', async () => {
    expect(pages.flatMap(shellLinesOf).flatMap(openclawArguments).length).toBeGreaterThan(50);
    expect(pages.flatMap(namedCommandsOf).length).toBeGreaterThan(30);
    expect(openclawArguments(`A=1 npx openclaw agent -m "two words" | jq '.x' # openclaw no`)).toEqual([
      ['agent', '-m', 'two words'],
    ]);
    expect(openclawArguments('git diff | openclaw agent -m "$(openclaw logs tail)"')).toEqual([
      ['agent', '-m', 'value'],
      ['logs', 'tail'],
    ]);
    expect(await findCommandFault('openclaw sessions list --limits 5')).toHaveLength(1);
    expect(await findCommandFault('openclaw session list')).toHaveLength(1);
    expect(await findCommandFault('npm start -- --prot 1')).toHaveLength(1);
  });
});

describe('configurations', () => {
  const configurations = pages.flatMap(({ path, blocks }) =>
    blocks.filter(({ language }) => language === 'json5').map(({ text }) => ({ path, text })),
  );

  it('are all of json5 blocks', () => {
    expect(configurations.length).toBeGreaterThan(20);
  });

  it.each(configurations)('are accepted, and acted on wholly: $path $text', async ({ text }) => {
    await using folder = await scratch();
    const path = join(folder.path, 'openclaw.json');
    await writeFile(path, text);
    const env = Object.fromEntries(
      [...text.matchAll(/\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b/g)].map(([name]) => [name, 'value']),
    );
    expect(Object.keys(JSON5.parse(text) as object).length).toBeGreaterThan(0);
    expect((await loadConfig({ path, env })).warnings).toEqual([]);
  });
});

/** False for the pages of programs that have settings of their own. */
const isOurs = ({ path }: Page) => !/^docs\/clients\/(?:open-webui|lobechat|librechat)\.md$/.test(path);

describe('environment variables', () => {
  it('are read somewhere', async () => {
    const sources = await readSourceTexts(['server', 'cli', 'sdk']);
    const named = [...new Set(pages.filter(isOurs).flatMap(variablesOf))].sort();
    expect(named.length).toBeGreaterThan(12);
    expect(named.filter((name) => !sources.some((text) => new RegExp(`\\b${name}\\b`).test(text)))).toEqual([]);
  });
});

describe('codes', () => {
  const codes = /\b[A-Z]{2,}(?:_[A-Z]+)+\b/g;

  it('that docs/protocol.md names are used', async () => {
    const sources = (await readSourceTexts(['server', 'sdk'])).join('\n');
    // Words of the protocol only: what ends in an ellipsis stands for several.
    const text = pageAt.get('docs/protocol.md')?.text.replace(/[A-Z_]+…/g, '') ?? '';
    const named = [...new Set(text.match(codes))];
    expect(named.length).toBeGreaterThan(50);
    expect(named.filter((code) => !new RegExp(`\\b${code}\\b`).test(sources))).toEqual([]);
  });

  it('that the gateway answers stand in some page', async () => {
    const sources = await readSourceTexts([
      'server/agent',
      'server/agents',
      'server/methods',
      'server/sessions',
      'server/wire',
    ]);
    const used = sources.flatMap((text) =>
      [...text.matchAll(/\bcode: '([A-Z]+(?:_[A-Z]+)+)'/g)].map(([, code]) => code),
    );
    const prose = pages.map(({ text }) => text).join('\n');
    expect(new Set(used).size).toBeGreaterThan(20);
    expect([...new Set(used)].filter((code) => !prose.includes(`${code}`))).toEqual([]);
  });
});

it('README.md has no placeholder left', () => {
  expect(pageAt.get('README.md')?.text).not.toContain('@@');
});

// --- internal ---

function findLinkFault(page: Page, target: string): string[] {
  if (/^[a-z]+:/.test(target)) return [];
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? page.path : posix.join(posix.dirname(page.path), file);
  if (!existsSync(join(root, path))) return [`${page.path}: there is no ${path}`];
  const isThere = anchor === undefined || pageAt.get(path)?.anchors.has(anchor);
  return isThere ? [] : [`${page.path}: no heading in ${target}`];
}

/** Names of ours anywhere, and those that a table lists as variables; examples may name others. */
function variablesOf({ text, prose }: Page): string[] {
  const own = [...text.matchAll(/\bOPENCLAW_[A-Z_]+[A-Z]\b/g)].map(([name]) => name);
  const tables = [...prose.matchAll(/^\| variable \|.*\n(?:\|.*\n)+/gm)].map(([table]) => table);
  const rows = tables.flatMap((table) => [...table.matchAll(/^\| (`[^|]+`[^|]*)\|/gm)].map(([, cell = '']) => cell));
  return [...own, ...rows.flatMap((cell) => cell.match(/[A-Z][A-Z0-9_]+/g) ?? [])];
}

/** What keeps a line from being run: an unknown command or flag, a value that is missing or too many. */
async function findCommandFault(line: string): Promise<string[]> {
  const faults = openclawArguments(line).map(async (argv) => {
    try {
      const { globals, rest } = readGlobals(argv.filter((word) => word !== '...'));
      const { node, rest: left } = await findCommand(createProgram(shell), rest);
      const command = node.otherwise ?? node;
      if (command.run && !globals.help) spellOut(left, command.args ?? {});
      else if (left.length > 0) return [`${line}: no command "${left[0]}"`];
    } catch (error) {
      return [`${line}: ${(error as Error).message}`];
    }
    return [];
  });
  return (await Promise.all(faults)).flat();
}

async function readSourceTexts(houses: readonly string[]): Promise<string[]> {
  const paths = await Promise.all(
    houses.map(async (house) =>
      (await readdir(join(root, house), { recursive: true })).map((name) => join(house, name)),
    ),
  );
  const sources = paths
    .flat()
    .filter((path) => path.endsWith('.ts') && !/(^|[\\/])(dist|node_modules)[\\/]/.test(path));
  return Promise.all(sources.map((path) => readFile(join(root, path), 'utf8')));
}
