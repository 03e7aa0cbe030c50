import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toFlagName } from '../../cli/args.ts';
import { catalogue } from '../../cli/catalogue.ts';
import { type Command, resolveCommand } from '../../cli/command.ts';
import { readGlobals } from '../../cli/globals.ts';
import { createProgram } from '../../cli/program.ts';
import { createShell } from '../../cli/shell.ts';
import { createHome, type Home } from './processes.ts';

/** The lines of every command that can be run. */
async function listLines(node: Command, path: readonly string[] = []): Promise<string[]> {
  const children = await Promise.all(
    Object.entries(node.subCommands ?? {}).map(async ([name, child]) =>
      listLines(await resolveCommand(child), [...path, name]),
    ),
  );
  return [...((node.otherwise ?? node).run ? [path.join(' ')] : []), ...children.flat()];
}
const lines = await listLines(createProgram(createShell(readGlobals([]).globals)));

/** Commands that are more than one method, with words that they can be run with; each answers an object with a version. */
const versioned: Record<string, string[]> = {
  'gateway status': ['--deep'],
  'gateway probe': [],
  'gateway install': [],
  'gateway uninstall': [],
  'gateway start': [],
  agent: ['--message', 'Hello'],
  'devices approve': [],
  'config file': [],
  'config validate': [],
  'config explain': ['gateway.port'],
  doctor: [],
  'auth explain': [],
  'secrets audit': [],
  bugreport: [],
  status: ['--all', '--deep', '--usage'],
  'channels status': ['--probe'],
  completion: ['bash'],
  help: ['exit-codes'],
};

/** These are answers of methods, whose version is that of the protocol. */
const answers: Record<string, string[]> = {
  'gateway call': ['health'],
  health: ['--verbose'],
  'devices list': [],
  'config get': [],
  'config set': ['session.mainKey', 'home'],
  'config unset': ['session.mainKey'],
  'config patch': ['{ session: { mainKey: "main" } }'],
  'config diff': [],
  'config schema': [],
  'config revisions list': [],
  'config rollback': ['1'],
};

/** Of these each line of stdout is an object. */
const streams: Record<string, string[]> = { logs: [] };

/** Tried where there is what they need: test/cli/devices.test.ts, setup.test.ts, lifecycle.test.ts, and here at the end. */
const elsewhere = [
  'setup',
  ...['approve', 'reject', 'remove', 'rename', 'rotate', 'revoke'].map((verb) => `devices ${verb}`),
  'gateway',
  'gateway run',
  'gateway restart',
  'gateway stop',
];

describe('--json', { timeout: 60_000 }, () => {
  let home: Home;
  beforeAll(async () => {
    home = await createHome();
    await home.gateway();
  });
  afterAll(() => home[Symbol.asyncDispose]());

  /** What a command puts on stdout; on stderr there is no JSON. */
  const run = (command: string, words: readonly string[] = []) =>
    home.run([...command.split(' '), ...words, '--json'], { env: { XDG_RUNTIME_DIR: join(home.dir, 'none') } });

  it('is tried of every command', () => {
    const methods = catalogue.map(({ method }) => method.split('.').map(toFlagName).join(' '));
    const tried = [versioned, answers, streams].flatMap((table) => Object.keys(table));
    const all = new Set([...methods, ...tried, ...elsewhere]);
    expect(lines.filter((line) => !all.has(line))).toEqual([]);
    expect([...tried, ...elsewhere].filter((line) => !lines.includes(line))).toEqual([]);
  });

  it.each(Object.entries(versioned))('%s answers one object, with the version of its shape', async (command, words) => {
    const { stdout, stderr } = await run(command, words);
    expect(JSON.parse(stdout), stderr).toMatchObject({ schemaVersion: 1 });
  });

  it.each(Object.entries(answers))('%s answers one object', async (command, words) => {
    const ended = await run(command, words);
    expect(ended, ended.stderr).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(ended.stdout)).toBeTypeOf('object');
  });

  it.each(Object.entries(streams))('%s answers an object a line', async (command, words) => {
    const { stdout } = await run(command, words);
    const [first, ...rest] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(first).toMatchObject({ type: 'meta', schemaVersion: 1 });
    expect(rest.length).toBeGreaterThan(0);
    expect(rest.every(({ type }) => type === 'log')).toBe(true);
  });

  it.each([['--version'], ['--help'], ['gateway --help'], ['help'], ['help sessions list']])(
    '%s answers an object as well',
    async (line) => {
      const ended = await run(line);
      expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
      expect(JSON.parse(ended.stdout)).toMatchObject({ schemaVersion: 1 });
    },
  );

  it('leaves stdout empty when a command is misused or fails, and writes why to stderr', async () => {
    for (const line of ['nonsense', 'sessions get', 'config get gateway.nonsense', 'config set gateway.port seven']) {
      const ended = await run(line);
      expect(ended.stdout).toBe('');
      expect(ended.exitCode).toBeGreaterThan(0);
      expect(ended.stderr).toMatch(/\S/);
    }
  });

  it('of the verbs says what became of the gateway, also when it is gone', async () => {
    for (const [verb, result] of [
      ['restart', 'restarted'],
      ['stop', 'stopped'],
      ['stop', 'no-supervisor'],
      ['restart', 'not-running'],
    ])
      expect(JSON.parse((await run(`gateway ${verb}`)).stdout)).toMatchObject({
        schemaVersion: 1,
        action: verb,
        result,
      });
  });

  it('of those that look at this machine answers without a gateway, too', async () => {
    for (const line of ['status', 'gateway status', 'gateway probe', 'channels status', 'doctor', 'auth explain'])
      expect(JSON.parse((await run(line)).stdout)).toMatchObject({ schemaVersion: 1 });
    const { stdout, stderr } = await run('logs');
    expect(JSON.parse(stdout.split('\n')[0] ?? '')).toMatchObject({ type: 'meta', sourceKind: 'file' });
    expect(JSON.parse(stderr)).toMatchObject({ type: 'notice' });
  });
});
