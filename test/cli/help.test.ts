import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { toFlagName } from '../../cli/args.ts';
import { catalogue } from '../../cli/catalogue.ts';
import { type Command, findCommand, resolveCommand } from '../../cli/command.ts';
import { spellOut } from '../../cli/flags.ts';
import { readGlobals } from '../../cli/globals.ts';
import { createProgram } from '../../cli/program.ts';
import { plain } from '../../cli/render/paint.ts';
import { createShell } from '../../cli/shell.ts';
import { renderUsage } from '../../cli/usage.ts';
import { launcher } from './processes.ts';

const { globals } = readGlobals([]);
const program = createProgram(createShell(globals));
const look = { paint: plain, width: 100, now: 0 };

/** Every node of the tree with the words that lead to it. */
async function walk(node: Command, path: string[]): Promise<{ path: string[]; node: Command }[]> {
  const children = await Promise.all(
    Object.entries(node.subCommands ?? {}).map(async ([name, child]) =>
      walk(await resolveCommand(child), [...path, name]),
    ),
  );
  return [{ path, node }, ...children.flat()];
}
const nodes = await walk(program, ['openclaw']);

describe('the help', () => {
  it.each(nodes.map(({ path, node }) => [path.join(' '), node] as const))(
    'of "%s" says what it does and how it is written',
    async (name, node) => {
      const text = await renderUsage(name.split(' '), node, look);
      expect(text).toContain(`Usage\n  ${name}`);
      expect(text.split('\n')[0]).not.toBe('');
      expect(text).toContain('--json');
      for (const flag of Object.keys((node.otherwise ?? node).args ?? {})) expect(text).toContain(toFlagName(flag));
      expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
    },
  );

  it('gives examples that are command lines', async () => {
    const examples = nodes.flatMap(({ node }) => (node.otherwise ?? node).examples ?? []);
    expect(examples.length).toBeGreaterThan(20);
    for (const example of examples) {
      const words = [...(example.split(' | ').at(-1) ?? '').matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
        ([, a, b, c]) => a ?? b ?? c ?? '',
      );
      expect(words.shift(), example).toBe('openclaw');
      const { rest } = readGlobals(words);
      const found = await findCommand(program, rest);
      const command = found.node.otherwise ?? found.node;
      expect(command.run, example).toBeTypeOf('function');
      expect(() => spellOut(found.rest, command.args ?? {}), example).not.toThrow();
    }
  });

  it('of the built command line says what each field is, in the words of the contract', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [launcher, 'sessions', 'list', '--help']);
    expect(stdout).toContain('--active-minutes <n>');
    expect(stdout.replace(/\s+/g, ' ')).toContain('Only sessions that changed within this many minutes;');
    expect(stdout).toContain('(default 100)');
  });

  it('leaves no method without a command, but those that make no sense from a shell', () => {
    const paths = new Set(nodes.map(({ path }) => path.slice(1).join(' ')));
    // `openclaw devices` is the command of these.
    const isOfDevices = (method: string) =>
      method.startsWith('device.') && paths.has(`devices ${method.split('.')[2]}`);
    const missing = catalogue.filter(({ words, method }) => !paths.has(words.join(' ')) && !isOfDevices(method));
    expect(missing.map(({ method }) => method).sort()).toEqual([
      // `models list` and `commands list` are its two halves; the other one adds `chat history`.
      'chat.metadata',
      'chat.startup',
      // `config set` and `config patch` do all that it does.
      'config.apply',
      // It answers secrets: not for a screen.
      'secrets.resolve',
      'sessions.messages.subscribe',
      'sessions.messages.unsubscribe',
      'sessions.subscribe',
      'users.self',
    ]);
  });
});
