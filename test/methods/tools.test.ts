import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Config } from '../../server/config/config.ts';
import { startTestGateway } from '../gateway.ts';
import { openRoom } from '../room.ts';
import { scratch } from '../scratch.ts';
import { openSocket } from '../socket.ts';
import { faultsOf } from '../wire/schema.ts';

/** A gateway and a client that may write. */
async function open(config: Config = {}) {
  const room = await openRoom({ config, scopes: ['operator.write'] });
  const { client } = room;
  const workspace = join(room.gateway.paths.stateDir, 'workspace', 'main');
  await mkdir(workspace, { recursive: true });
  return {
    ...client,
    ...room,
    workspace,
    invoke: (name: string, args: object = {}, more: object = {}) =>
      client.call<Result>('tools.invoke', { name, args, ...more }),
  };
}

interface Result {
  ok: boolean;
  output?: { content: { text: string }[]; details: unknown };
  error?: { code: string; message: string };
}

interface Inventory {
  profile: string;
  groups: { tools: { id: string }[] }[];
  notices?: { message: string; severity: string }[];
}

const namesOf = ({ groups }: Pick<Inventory, 'groups'>) => groups.flatMap(({ tools }) => tools.map(({ id }) => id));
const all = [
  'read',
  'write',
  'edit',
  'sessions_list',
  'sessions_history',
  'sessions_search',
  'session_status',
  'agents_list',
];

describe('tools.catalog', () => {
  it('shows every tool in the published shape, whatever policy says', async () => {
    await using rooms = await open({ tools: { deny: ['*'] } });
    const catalog = await rooms.call<Inventory>('tools.catalog', { includePlugins: true });
    expect(faultsOf('ToolsCatalogResult', catalog)).toEqual([]);
    expect(namesOf(catalog)).toEqual(all);
    expect(catalog).toMatchObject({
      agentId: 'main',
      profiles: [{ id: 'minimal' }, { id: 'coding' }, { id: 'messaging' }, { id: 'full' }],
    });
    expect((await rooms.refused('tools.catalog', { agentId: 'nobody' })).message).toContain('unknown agent "nobody"');
  });
});

describe('tools.effective', () => {
  it('shows what an agent has in a session, and why not more', async () => {
    await using rooms = await open({
      tools: { profile: 'coding', deny: ['write', 'sesions_list'] },
      agents: { entries: { main: {}, writer: { tools: { allow: ['read'] } } } },
    });
    await rooms.call('sessions.create', { key: 'main' });
    await rooms.call('sessions.create', { key: 'agent:writer:main' });
    const mine = await rooms.call<Inventory>('tools.effective', { sessionKey: 'main' });
    expect(faultsOf('ToolsEffectiveResult', mine)).toEqual([]);
    expect(mine.profile).toBe('coding');
    expect(namesOf(mine)).toEqual([
      'read',
      'edit',
      'sessions_list',
      'sessions_history',
      'sessions_search',
      'session_status',
    ]);
    expect(mine.notices?.map(({ message }) => message)).toEqual([
      'write is not available: tools.deny names it',
      'agents_list is not available: the profile "coding" (tools.profile) does not include it',
      'tools.deny: "sesions_list" means no tool; is it misspelled?',
    ]);
    const writers = await rooms.call<Inventory>('tools.effective', { sessionKey: 'agent:writer:main' });
    expect(namesOf(writers)).toEqual(['read']);
  });

  it('knows no session that is not there, and no agent of another', async () => {
    await using rooms = await open();
    const params = { sessionKey: 'agent:main:nothing' };
    expect(await rooms.refused('tools.effective', params)).toMatchObject({ code: 'INVALID_REQUEST' });
    expect((await rooms.refused('tools.effective', { sessionKey: 'agent:main:main', agentId: 'writer' })).code).toBe(
      'INVALID_REQUEST',
    );
  });
});

describe('tools.invoke', () => {
  it('answers what the tool answers, to who may write', async () => {
    await using rooms = await open();
    const result = await rooms.invoke('agents_list');
    expect(faultsOf('ToolsInvokeResult', result)).toEqual([]);
    expect(result).toMatchObject({ ok: true, toolName: 'agents_list', source: 'core' });
    expect(result.output?.details).toMatchObject([{ id: 'main', isDefault: true }]);
    expect(JSON.parse(result.output?.content[0]?.text ?? '')).toEqual(
      JSON.parse(JSON.stringify(result.output?.details)),
    );
    await using reader = await openSocket(rooms.gateway.url, { scopes: ['operator.read'] });
    expect(await reader.refused('tools.invoke', { name: 'agents_list' })).toMatchObject({
      code: 'FORBIDDEN',
      details: { missingScope: 'operator.write' },
    });
  });

  it('works on the files of the agent of the session', async () => {
    await using rooms = await open({ agents: { entries: { main: {}, writer: {} } } });
    const written = await rooms.invoke('write', { path: 'a.md', content: 'hers' }, { agentId: 'writer' });
    expect(written.ok).toBe(true);
    expect((await rooms.invoke('read', { path: 'a.md' }, { sessionKey: 'agent:writer:x' })).output?.details).toBe(
      'hers',
    );
    expect(await rooms.invoke('read', { path: 'a.md' })).toMatchObject({
      ok: false,
      error: { code: 'validation_error', message: 'there is no file a.md' },
    });
    expect(
      (await rooms.refused('tools.invoke', { name: 'read', sessionKey: 'agent:main:x', agentId: 'writer' })).code,
    ).toBe('INVALID_REQUEST');
  });

  it.each<[string, string, object, string, string]>([
    ['an unknown tool', 'exec', { command: 'id' }, 'not_found', 'does not exist'],
    ['a name that is none', '__proto__', {}, 'not_found', 'does not exist'],
    ['one that policy took', 'edit', {}, 'forbidden', 'tools.deny names it'],
    ['wrong arguments', 'read', { path: 5 }, 'validation_error', 'invalid arguments'],
    ['unknown arguments', 'read', { path: 'a', mode: 'x' }, 'validation_error', 'mode'],
    ['a way out', 'read', { path: '../../openclaw.json' }, 'validation_error', 'unsafe path'],
    ['what is out of reach', 'session_status', { sessionKey: 'agent:writer:main' }, 'forbidden', 'out of reach'],
  ])('tells %s inside a successful answer', async (_what, name, args, code, message) => {
    await using rooms = await open({ tools: { deny: ['edit'], sessions: { visibility: 'agent' } } });
    const result = await rooms.invoke(name, args);
    expect(faultsOf('ToolsInvokeResult', result)).toEqual([]);
    expect(result).toMatchObject({ ok: false, toolName: name, error: { code } });
    expect(result.error?.message).toContain(message);
    expect(result).not.toHaveProperty('requiresApproval');
  });

  it('keeps the secrets of the gateway closed, even in a workspace that holds them', async () => {
    await using house = await scratch();
    const folder = join(house.path, 'state');
    await mkdir(folder);
    const config = { agents: { defaults: { model: 'up/one', workspace: house.path } } };
    await using gateway = await startTestGateway({ config, folder });
    await using client = await openSocket(gateway.url);
    await writeFile(join(house.path, 'mine.md'), 'mine');
    const read = (path: string) => client.call<Result>('tools.invoke', { name: 'read', args: { path } });
    expect((await read('mine.md')).output?.details).toBe('mine');
    for (const path of ['state/openclaw.json', 'state/openclaw.db', gateway.paths.configPath])
      expect((await read(path)).error?.message, path).toContain('the gateway keeps its own state there');
    const result = await client.call<Result>('tools.invoke', {
      name: 'write',
      args: { path: 'state/openclaw.json', content: '{}' },
    });
    expect(result.ok).toBe(false);
  });

  it('makes a call with an idempotency key once', async () => {
    await using rooms = await open();
    const file = join(rooms.workspace, 'a.md');
    await writeFile(file, 'one');
    const read = () => rooms.invoke('read', { path: 'a.md' }, { idempotencyKey: 'k1' });
    const first = await read();
    await writeFile(file, 'two');
    expect(await read()).toEqual(first);
    expect(await rooms.invoke('read', { path: 'b.md' }, { idempotencyKey: 'k1' })).toMatchObject({
      ok: false,
      error: { code: 'validation_error', message: 'the idempotency key was used for another call: use a new one' },
    });
    expect((await rooms.invoke('read', { path: 'a.md' })).output?.details).toBe('two');
  });
});
