import { type Flag, type Flags, toFlagName } from './args.ts';
import { type Command, resolveCommand } from './command.ts';
import { globalFlags } from './globals.ts';
import { type Paint, plain } from './render/paint.ts';
import { pad, widthOf, wrap } from './render/text.ts';
import type { Look } from './render/value.ts';
import { answer, type Shell } from './shell.ts';

/** The help of a command: what it does, how it is written, its arguments with their defaults, examples. */
export async function renderUsage(path: readonly string[], node: Command, look: Look): Promise<string> {
  const leaf = node.otherwise ?? node;
  const flags = leaf.args ?? {};
  const name = path.join(' ');
  const children = await Promise.all(Object.entries(node.subCommands ?? {}).map(toChildRow));
  const positionals = Object.entries(flags).filter(([, flag]) => flag.type === 'positional');
  const named = Object.entries(flags).filter(([, flag]) => flag.type !== 'positional');
  const own = new Set(named.map(([flag]) => `--${flag}`));
  const globals = globalFlags.filter(({ flag }) => !own.has(flag.split(' ')[0] ?? ''));
  return [
    `${leaf.meta.description}\n`,
    section('Usage', usageLines(name, flags, leaf.run !== undefined, children.length > 0), look.paint),
    rows(
      'Arguments',
      positionals.map(([key, flag]) => [`<${toFlagName(key)}>`, describe(flag)]),
      look,
    ),
    rows('Commands', children, look),
    rows(
      'Flags',
      named.map(([key, flag]) => [flagText(key, flag), describe(flag)]),
      look,
    ),
    rows(
      'Global flags',
      globals.map(({ flag, about }) => [flag, about]),
      look,
    ),
    section('Examples', leaf.examples ?? [], look.paint),
  ]
    .filter(Boolean)
    .join('\n');
}

/** Prints the help of a command; for programs, as `{ schemaVersion, command, text }`. */
export async function answerHelp(shell: Shell, path: readonly string[], node: Command): Promise<void> {
  const look = shell.globals.json ? { ...shell.look, paint: plain } : shell.look;
  const text = await renderUsage(path, node, look);
  answer(shell, { schemaVersion: 1, command: path.join(' '), text }, () => text);
}

// --- internal ---

type Row = [left: string, right: string];

async function toChildRow([name, command]: [string, Command | (() => Promise<Command>)]): Promise<Row> {
  return [name, (await resolveCommand(command)).meta.description];
}

function usageLines(name: string, flags: Flags, runs: boolean, hasChildren: boolean): string[] {
  const words = Object.entries(flags).flatMap(([key, flag]) => {
    const word = toFlagName(key) + (flag.multiple ? '...' : '');
    if (flag.type === 'positional') return [flag.required === false ? `[${word}]` : `<${word}>`];
    return flag.required ? [`${flagText(key, { ...flag, alias: [] } as Flag)}`] : [];
  });
  return [
    ...(runs ? [[name, ...words, '[flags]'].join(' ')] : []),
    ...(hasChildren ? [`${name} <command> [flags]`] : []),
  ];
}

function flagText(key: string, flag: Flag): string {
  const alias = 'alias' in flag ? [flag.alias ?? []].flat() : [];
  const names = [...alias.map((one) => `-${one}`), `--${key}`].join(', ');
  return flag.type === 'boolean' ? names : `${names} <${flag.valueHint ?? 'text'}>`;
}

function describe(flag: Flag): string {
  return [flag.description ?? '', flag.required === true ? '(required)' : '', flag.multiple ? '(repeatable)' : '']
    .filter(Boolean)
    .join(' ');
}

function section(title: string, lines: readonly string[], paint: Paint): string {
  return lines.length === 0 ? '' : `${[paint('bold', title), ...lines.map((line) => `  ${line}`)].join('\n')}\n`;
}

const widestLeft = 34;
const narrowestRight = 30;

function rows(title: string, list: readonly Row[], { paint, width }: Look): string {
  const left = Math.min(widestLeft, Math.max(0, ...list.map(([name]) => widthOf(name))));
  const indent = ' '.repeat(left + 4);
  const lines = list.map(([name, text]) => {
    const right = wrap(text, Math.max(narrowestRight, width - indent.length)).join(`\n${indent}`);
    return `${paint('cyan', pad(name, left))}  ${right}`.trimEnd();
  });
  return section(title, lines, paint);
}
