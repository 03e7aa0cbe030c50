import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalogue } from '../../cli/catalogue.ts';
import { createHome, freePort, type Home } from './processes.ts';

const shown = catalogue.filter(({ hidden }) => !hidden);

describe('commands with a gateway', () => {
  let home: Home;
  let url: string;
  beforeAll(async () => {
    home = await createHome();
    ({ url } = await home.gateway());
    await home.run(['chat', 'send', 'main', 'Hello', '--idempotency-key', 'first-run']);
    await home.run(['config', 'set', 'agents.defaults.maxConcurrent', '8']);
  });
  afterAll(() => home[Symbol.asyncDispose]());

  const given: Record<string, string[]> = {
    'agent.wait': ['first-run'],
    'chat.send': ['notes', 'Hello'],
    'chat.history': ['main'],
    'chat.abort': ['main'],
    'chat.inject': ['main', 'By the way.'],
    'agents.files.list': ['main'],
    'agents.files.get': ['main', 'SOUL.md'],
    'agents.files.set': ['main', 'SOUL.md', '--content', 'Be brief.'],
    'tools.effective': ['main'],
    'tools.invoke': ['agents_list', '--args', '{}'],
    'system-event': ['The door opened.', '--param-version', '7'],
    'gateway.restart.request': ['--reason', 'a test', '--delay-ms', '600000'],
    'sessions.compact': ['main'],
    'sessions.search': ['Hello'],
    'sessions.preview': ['main', 'nowhere'],
    'sessions.get': ['main'],
    'config.schema.lookup': ['gateway.port'],
    'config.rollback': ['1'],
    'sessions.create': ['novel', '--label', 'The novel'],
    'sessions.resolve': ['main'],
    'sessions.describe': ['main'],
    'sessions.patch': ['main', '--label', 'Mine'],
    'sessions.reset': ['main'],
    'sessions.delete': ['novel'],
    'sessions.send': ['main', 'Hello'],
    'sessions.abort': ['main'],
  };

  /** These want something that was just made, or cannot be done twice. */
  const apart = ['runs.events', 'agents.create', 'agents.update', 'agents.delete'];

  it.each(shown.map(({ method }) => method).filter((method) => !apart.includes(method)))(
    '%s answers for people and, with --json, for programs',
    async (method) => {
      const line = [...method.split('.'), ...(given[method] ?? [])];
      const forPeople = await home.run(line);
      expect(forPeople, forPeople.stderr).toMatchObject({ exitCode: 0, stderr: '' });
      expect(forPeople.stdout).toMatch(/\S.*\n$/s);
      const forPrograms = await home.run(['--json', ...line]);
      expect(forPrograms, forPrograms.stderr).toMatchObject({ exitCode: 0, stderr: '' });
      expect(typeof JSON.parse(forPrograms.stdout)).toBe('object');
    },
  );

  it('agents are made, changed and deleted', async () => {
    const made = await home.run(['agents', 'create', 'The Quill', '--emoji', 'q']);
    expect(made).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('Added The Quill, with the id the-quill.'),
    });
    expect((await home.run(['agents', 'update', 'the-quill', '--model', 'null'])).stdout).toBe('Changed the-quill.\n');
    expect((await home.run(['agents', 'delete', 'the-quill'])).stdout).toMatch(
      /^Deleted the-quill\.\nMoved to the trash/,
    );
    expect(await home.run(['agents', 'delete', 'the-quill'])).toMatchObject({ exitCode: 1, stdout: '' });
  });

  it.each([
    [['tools', 'invoke', 'no_such_tool'], 'not_found'],
    [['sessions', 'resolve', 'nowhere', '--allow-missing'], 'There is no such session'],
    [['agent', 'wait', 'no-such-run', '--timeout-ms', '0'], 'has not ended yet, or there is none'],
  ])('%j fails with the answer that refuses', async (line, words) =>
    expect(await home.run(line)).toMatchObject({ exitCode: 1, stdout: expect.stringContaining(words), stderr: '' }),
  );

  it('names the flag when only the gateway can tell that its value is wrong', async () => {
    const line = ['agents', 'files', 'set', 'main', 'SOUL.md', '--content', 'x', '--expected-hash', 'abc'];
    const { exitCode, stderr } = await home.run(line);
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/^openclaw agents files set: --expected-hash: has to be a SHA-256/),
    });
  });

  it('takes a word as the wire spells it', async () => {
    expect(await home.run(['models', 'authStatus'])).toEqual(await home.run(['models', 'auth-status']));
  });

  it('reads long texts from stdin', async () => {
    const input = 'Be brief.\n\nAnd kind.\n';
    const set = await home.run(['agents', 'files', 'set', 'main', 'USER.md', '--content-file', '-'], { input });
    expect(set).toMatchObject({ exitCode: 0, stderr: '' });
    expect((await home.run(['agents', 'files', 'get', 'main', 'USER.md'])).stdout).toBe(input);
    const line = ['gateway', 'call', 'agents.files.get', '--params', '-'];
    const called = await home.run(line, { input: '{"agentId":"main","name":"USER.md"}' });
    expect(JSON.parse(called.stdout)).toMatchObject({ file: { content: input } });
  });

  it('runs.events reads the log of a run', async () => {
    const { runId } = JSON.parse((await home.run(['agent', '-m', '/status', '--json'])).stdout);
    const ended = await home.run(['runs', 'events', runId, '--after', '0', '--json']);
    expect(JSON.parse(ended.stdout)).toMatchObject({ run: { runId, status: 'ok' }, hasMore: false });
  });

  it.each(catalogue.map(({ method }) => method))('gateway call reaches %s', async (method) => {
    const ended = await home.run(['gateway', 'call', method]);
    expect(ended.stderr).not.toContain('unknown method');
    // Without params it answers, or says which ones it wants.
    if (ended.exitCode === 0) JSON.parse(ended.stdout);
    else
      expect(ended).toMatchObject({
        exitCode: 1,
        stdout: '',
        stderr: expect.stringMatching(/^Gateway call failed: \S/),
      });
  });

  it('gateway call sends its params and prints JSON', async () => {
    const ended = await home.run(['gateway', 'call', 'sessions.list', '--params', '{"limit":1}']);
    expect(JSON.parse(ended.stdout)).toMatchObject({ limitApplied: 1 });
  });

  it.each([
    [['gateway', 'call', 'no.such'], /^Gateway call failed: unknown method: no\.such\n$/],
    [
      ['gateway', 'call', 'sessions.list', '--params', '{"limit":0}'],
      /^Gateway call failed: invalid sessions\.list params/,
    ],
    [['sessions', 'reset', 'nowhere'], /nowhere/],
  ])('%j fails with what the gateway says', async (line, words) => {
    const ended = await home.run(line);
    expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
    expect(ended.stderr).toMatch(words);
  });

  it('takes global flags before and after the command', async () => {
    const [before, after] = await Promise.all([
      home.run(['--json', '--timeout', '5000', 'models', 'list']),
      home.run(['models', 'list', '--timeout=5000', '--json']),
    ]);
    expect(JSON.parse(before.stdout)).toEqual(JSON.parse(after.stdout));
  });

  it('says which token was refused and where it comes from, and never the token', async () => {
    const secret = 'wrong-token-of-somebody-else';
    const flag = await home.run(['health', '--token', secret]);
    expect(flag).toMatchObject({ exitCode: 1, stdout: '' });
    expect(flag.stderr).toMatch(/unauthorized: gateway token mismatch.*--token.*\n$/);
    const variable = await home.run(['health'], { env: { OPENCLAW_GATEWAY_TOKEN: secret } });
    expect(variable).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('OPENCLAW_GATEWAY_TOKEN') });
    for (const { stderr } of [flag, variable]) {
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(stderr).not.toContain(secret);
      expect(stderr).not.toContain('new OpenClaw');
    }
  });

  it('finds the gateway by the url as well', async () => {
    const token = (await readFile(join(home.stateDir, 'gateway.token'), 'utf8')).trim();
    const named = ['health', '--url', url.replace('ws:', 'http:')];
    expect((await home.run([...named, '--token', token])).exitCode).toBe(0);
    // Nothing is looked up for it, not even here.
    const bare = await home.run(named, { env: { OPENCLAW_GATEWAY_TOKEN: token } });
    expect(bare).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('pass --token or --password') });
  });

  it('prints no colours into a pipe', async () => {
    const ended = await home.run(['sessions', 'list'], { env: { NO_COLOR: '' } });
    expect(ended.stdout).toContain('agent:main:main');
    expect(ended.stdout).not.toContain('\u001b');
  });

  it('ends quietly when the reader of its output has gone', async () => {
    const started = home.start(['config', 'get', '--json']);
    started.process.stdout.destroy();
    expect(await started.ended).toMatchObject({ exitCode: 0, stderr: '' });
  });
});

describe('commands without a gateway', () => {
  let home: Home;
  beforeAll(async () => {
    home = await createHome();
  });
  afterAll(() => home[Symbol.asyncDispose]());

  it.each([['health'], ['sessions', 'list', '--json'], ['agent', '--message', 'Hello'], ['gateway', 'call', 'health']])(
    '%s %s say in one line what was tried and what to run',
    async (...line) => {
      const port = await freePort();
      const ended = await home.run(line, { env: { OPENCLAW_GATEWAY_PORT: String(port) } });
      expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
      expect(ended.stderr.trim().split('\n')).toHaveLength(1);
      expect(ended.stderr).toContain(`no gateway answers at ws://127.0.0.1:${port} (from OPENCLAW_GATEWAY_PORT)`);
      expect(ended.stderr).toContain('"openclaw gateway" ("npm start" in a checkout)');
    },
  );

  it.each([
    [['sesions'], 'openclaw: unknown command "sesions"; did you mean sessions?'],
    [['sessions', 'lits'], 'openclaw sessions: unknown command "lits"; did you mean list?'],
    [['gateway', 'stats'], 'openclaw gateway: unknown command "stats"'],
    [['agent', 'hello'], 'openclaw agent: unknown command "hello"'],
    [['sessions'], 'openclaw sessions: name one of: list, search'],
    [['sessions', 'list', '--limt', '5'], 'openclaw sessions list: unknown flag --limt; did you mean --limit?'],
    [['sessions', 'list', '--limit', '0'], '--limit must be a whole number, 1 or more, not "0"'],
    [['sessions', 'describe'], '<key> is missing'],
    [['health', 'extra'], 'unexpected argument "extra"'],
    [['health', '--timeout', 'soon'], '--timeout must be a positive number of milliseconds, not "soon"'],
    [['agent', '-m', 'x', '--timeout', '1.5'], '--timeout must be a positive number of seconds, not "1.5"'],
    [['agent'], '--message or --message-file is missing'],
    [['agent', '--message', ' '], 'the message is empty'],
    [['--verbose', 'health'], 'flags of a command stand after its name'],
    [['health', '--url'], '--url needs a value'],
    [['health', '--token', '--json'], '--token needs a value'],
    [['--dev', '--profile', 'x', 'health'], '--dev is the profile "dev"'],
    [['gateway', 'call'], '<method> is missing'],
    [['gateway', 'call', 'health', '--params', '{'], '--params is not JSON'],
    [['gateway', 'call', 'health', '--params', '[]'], '--params must be a JSON object'],
    [['gateway', 'call', 'health', '--params-file', 'no-such-file'], 'there is no such file'],
    [['agent', '--message-file', 'no-such-file'], 'there is no such file'],
  ])('%j is bad usage', async (line, words) => {
    const ended = await home.run(line);
    expect(ended).toMatchObject({ exitCode: 2, stdout: '' });
    expect(ended.stderr).toContain(words);
    expect(ended.stderr).toMatch(/Help: openclaw .*--help\n$/);
  });

  it('shows its version and its help', async () => {
    expect((await home.run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await home.run(['gateway', '--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    const [bare, help] = await Promise.all([home.run([]), home.run(['--help'])]);
    expect(bare).toEqual(help);
    expect(help).toMatchObject({ exitCode: 0, stderr: '' });
    for (const { words } of shown) expect(help.stdout).toContain(`  ${words[0]} `);
  });
});
