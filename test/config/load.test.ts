import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type GatewayError, isGatewayError } from '../../sdk/protocol/errors.ts';
import { type LocatedIssue, loadConfig } from '../../server/config/load.ts';
import { scratch } from '../scratch.ts';

/** Loads a text as a configuration file. */
async function load(text: string, env: Record<string, string> = {}) {
  await using folder = await scratch();
  const path = join(folder.path, 'openclaw.json');
  await writeFile(path, text);
  return await loadConfig({ path, env });
}

/** What is wrong with a text: the issues without the file's name, and the error. */
async function refuse(text: string, env: Record<string, string> = {}) {
  const error: unknown = await load(text, env).then(
    () => undefined,
    (thrown) => thrown,
  );
  if (!isGatewayError(error)) throw new Error(`accepted, or failed otherwise: ${String(error)}`);
  expect(error.code).toBe('INVALID_CONFIG');
  return { error, issues: issuesOf(error) };
}

const issuesOf = (error: GatewayError) =>
  ((error.details?.issues ?? []) as LocatedIssue[]).map(
    ({ path, message, line, column }) => `${line}:${column} ${path}: ${message}`,
  );

describe('a configuration file', () => {
  it('may be missing', async () => {
    await using folder = await scratch();
    const path = join(folder.path, 'none.json');
    expect(await loadConfig({ path, env: {} })).toEqual({
      path,
      exists: false,
      raw: null,
      files: [],
      sources: [],
      origin: { file: path, steps: [] },
      parsed: {},
      config: {},
      warnings: [],
      unread: [],
      secrets: { readings: new Map(), degraded: [], inactive: [] },
    });
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('does not both name all tools and add to them', async () => {
    const { issues } = await refuse(
      `{ tools: { allow: ['read'], alsoAllow: ['write'] },
 agents: { entries: { a: { tools: { alsoAllow: [], allow: [] } }, b: { tools: { alsoAllow: ['read'] } } } } }`,
    );
    expect(issues.map((issue) => issue.split(': ')[0])).toEqual([
      '1:29 tools.alsoAllow',
      '2:37 agents.entries.a.tools.alsoAllow',
    ]);
  });

  it('is JSON5, kept as written, and never changed on disk', async () => {
    await using folder = await scratch();
    const path = join(folder.path, 'openclaw.json');
    const text = "// mine\n{ gateway: { port: 0x4967, bind: 'loopback', }, }\n";
    await writeFile(path, text);
    const before = await stat(path, { bigint: true });
    const loaded = await loadConfig({ path, env: {} });
    expect(loaded).toMatchObject({ exists: true, raw: text, warnings: [] });
    expect(loaded.config).toEqual({ gateway: { port: 18_791, bind: 'loopback' } });
    expect(loaded.parsed).toEqual(loaded.config);
    expect((await stat(path, { bigint: true })).mtimeNs).toBe(before.mtimeNs);
    expect(await readFile(path, 'utf8')).toBe(text);
    expect(await readdir(folder.path)).toEqual(['openclaw.json']);
  });

  it('warns of a key without an effect, and accepts it', async () => {
    const { config, warnings } = await load('{ gateway: { port: 1234, controlUi: { root: "x" } } }');
    expect(config).toMatchObject({ gateway: { controlUi: { root: 'x' } } });
    expect(warnings).toEqual([
      {
        path: 'gateway.controlUi.root',
        message: 'accepted, but this version does not act on it yet',
      },
    ]);
  });
});

describe('agents.list of an older file', () => {
  it('becomes agents.entries, in its order and before the entries', async () => {
    const { config, warnings } = await load(
      '{ agents: { list: [{ id: "b", name: "Bee", default: true }, { id: "a" }], entries: { c: { name: "Sea" } } } }',
    );
    expect(config.agents).toEqual({ entries: { b: { name: 'Bee', default: true }, a: {}, c: { name: 'Sea' } } });
    expect(Object.keys(config.agents?.entries ?? {})).toEqual(['b', 'a', 'c']);
    expect(warnings).toEqual([]);
  });

  it('may not name an agent twice', async () => {
    const { issues } = await refuse(
      '{ agents: { list: [{ id: "a" }, { id: "a" }, { id: "b" }], entries: { b: {} } } }',
    );
    expect(issues).toEqual([
      '1:35 agents.list[1].id: there is another agent "a"; ids have to differ',
      '1:48 agents.list[2].id: there is another agent "b"; ids have to differ',
    ]);
  });

  it('warns when a second agent claims to be the default', async () => {
    const { warnings } = await load('{ agents: { entries: { a: { default: true }, b: { default: true } } } }');
    expect(warnings).toMatchObject([{ path: 'agents.entries.b.default', message: /agent "a" is marked/ }]);
  });
});

describe('names of the user’s choice', () => {
  it.each(['a:b', '../up', '', 'two words', 'x'.repeat(65)])('refuses the agent id %j', async (id) => {
    const { issues } = await refuse(JSON.stringify({ agents: { entries: { [id]: {} } } }));
    expect(issues).toMatchObject([/an agent's id has to be letters, digits, "-" and "_", 64 at most/]);
  });

  it('refuses a provider that could not be part of a model reference', async () => {
    const { issues } = await refuse('{ models: { providers: { "a/b": {} } } }');
    expect(issues).toEqual(['1:26 models.providers["a/b"]: a provider\'s name may hold no "/" and no spaces']);
  });
});

describe('a fault', () => {
  it('of syntax is shown with file, line and column', async () => {
    const { error, issues } = await refuse('{\n  gateway: {\n    port: 18789\n    bind: "lan"\n  }\n}\n');
    expect(issues).toEqual(["4:5 : not valid JSON5: invalid character 'b'"]);
    expect(error.message).toMatch(/^Invalid config at .+openclaw\.json:\n {2}.+openclaw\.json:4:5 — not valid JSON5/);
  });

  it.each(['', '[]', '"text"', '17'])('is a file that holds %j', async (text) => {
    const { issues } = await refuse(text);
    expect(issues[0]).toMatch(text === '' ? /not valid JSON5: invalid end of input/ : /has to hold an object/);
  });

  it('names the key, what was expected, what was received, the nearest key, and what to do next', async () => {
    const { error, issues } = await refuse(`{
  gatway: {},
  port: 1,
  gateway: {
    prot: 18789,
    port: "18789",
    bind: "lann",
    auth: "a-secret-that-was-misplaced",
  },
  logging: { maxFileBytes: 0, file: ['a'] },
  agents: { defaults: { model: { primry: 'a/b' } }, entries: { main: { model: 7 } } },
}`);
    expect(issues).toEqual([
      '2:3 gatway: unrecognized key "gatway"; did you mean gateway?',
      '3:3 port: unrecognized key "port"; did you mean gateway.port?',
      '5:5 gateway.prot: unrecognized key "prot"; did you mean gateway.port?',
      '6:5 gateway.port: expected number, received string (integer 1..65535)',
      '7:5 gateway.bind: expected "auto"|"lan"|"loopback"|"custom"|"tailnet", received string "lann"; did you mean "lan"?',
      '8:5 gateway.auth: expected object, received string',
      '10:14 logging.maxFileBytes: expected integer 1.., received number 0',
      '10:31 logging.file: expected string, received array',
      '11:34 agents.defaults.model.primry: unrecognized key "primry"; did you mean agents.defaults.model.primary?',
      '11:72 agents.entries.main.model: expected string|object, received number 7',
    ]);
    expect(error.message).not.toContain('misplaced');
    expect(error.message).toMatch(/^Invalid config at .+:\n/);
    expect(error.message).toMatch(/:2:3 — <root>: Unrecognized key: "gatway"; did you mean gateway\?\n/);
    expect(error.message).toMatch(/:5:5 — gateway: Unrecognized key: "prot"; did you mean/);
    expect(error.message).toMatch(/:6:5 — gateway\.port: Invalid input: expected number, received string /);
    expect(error.message).toMatch(
      /\nRun "openclaw doctor --fix", or correct these lines, then start again\. docs\/configuration\.md describes the keys\.$/,
    );
    expect(error.message.split('\n')).toHaveLength(12);
  });

  it('lists the known keys when none is near', async () => {
    const { issues } = await refuse('{ session: { zzzzzzz: 1 } }');
    expect(issues[0]).toMatch(/unrecognized key "zzzzzzz"; known here: scope, dmScope, .+, \.\.\.$/);
  });

  it('finds a key of that name where it belongs', async () => {
    const { issues } = await refuse('{ gateway: { token: "x" }, agents: { maxConcurrent: 2 } }');
    expect(issues).toEqual([
      '1:14 gateway.token: unrecognized key "token"; did you mean gateway.auth.token?',
      '1:38 agents.maxConcurrent: unrecognized key "maxConcurrent"; did you mean agents.defaults.maxConcurrent?',
    ]);
  });

  it('is a path that cannot be read', async () => {
    await using folder = await scratch();
    const path = join(folder.path, 'openclaw.json');
    await mkdir(path);
    await expect(loadConfig({ path, env: {} })).rejects.toMatchObject({
      code: 'INVALID_CONFIG',
      message: expect.stringMatching(/openclaw\.json:\n.+cannot be read \(EISDIR\).+ls -l /),
      details: { errno: 'EISDIR' },
    });
  });

  it('is found in a text with comments, odd keys and other line ends', async () => {
    const { issues } = await refuse(
      '/* { "gateway": { */\r\n{ // port: 1\r\n  "gate\\u0077ay": { \'po\\\nrt\': "}", },\r\n}',
    );
    expect(issues).toEqual(['3:21 gateway.port: expected number, received string (integer 1..65535)']);
  });

  it('quotes the file, not what a variable holds', async () => {
    const { error, issues } = await refuse(`{ gateway: { bind: "\${SECRET}" } }`, { SECRET: 'hush' });
    expect(issues[0]).toContain(`received string "\${SECRET}"`);
    expect(JSON.stringify([error.message, error.details])).not.toContain('hush');
  });

  it('among many is listed up to forty, and counted', async () => {
    const { error, issues } = await refuse(`{ gateway: { ${Array.from({ length: 50 }, (_, n) => `zz${n}: 1`)} } }`);
    expect(issues).toHaveLength(50);
    expect(error.message).toContain('\n  ... and 10 more\n');
  });
});
