import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AgentPresentation, AgentRow } from '../../sdk/protocol/agents.ts';
import type { Config } from '../../server/config/config.ts';
import { openRoom } from '../room.ts';
import { scratch } from '../scratch.ts';
import { openSocket } from '../socket.ts';
import { reply } from '../upstream.ts';
import { faultsOf } from '../wire/schema.ts';

/** A gateway with an administrator; `rest` is merged into its file as it is. */
async function open(config: Config = {}, rest: object = {}) {
  const room = await openRoom({ config: { ...config, ...rest } });
  const { client } = room;
  const { stateDir, configPath } = room.gateway.paths;
  return {
    ...client,
    ...room,
    stateDir,
    configPath,
    ids: async () => (await client.call<{ agents: AgentRow[] }>('agents.list')).agents.map(({ id }) => id),
    async agent(id: string) {
      const { agents } = await client.call<{ agents: AgentRow[] }>('agents.list');
      return agents.find((agent) => agent.id === id);
    },
    file: async () => JSON.parse(await readFile(configPath, 'utf8')),
  };
}

interface Deleted {
  removedBindings: number;
  removed?: { path: string; method: string }[];
  failed?: { path: string; reason: string }[];
}

const starters = ['AGENTS.md', 'IDENTITY.md', 'SOUL.md', 'USER.md'];

describe('agents.create', () => {
  it('makes an agent that is there at once, with a workspace, and answers', async () => {
    await using rooms = await open();
    const made = await rooms.call('agents.create', { name: 'Quill & Co', model: 'up/two', emoji: '🖋' });
    expect(faultsOf('AgentsCreateResult', made)).toEqual([]);
    const workspace = join(rooms.stateDir, 'workspace', 'quill-co');
    expect(made).toEqual({ ok: true, agentId: 'quill-co', name: 'Quill & Co', workspace, model: 'up/two' });
    expect(await rooms.ids()).toEqual(['main', 'quill-co']);
    expect(await rooms.agent('quill-co')).toMatchObject({
      name: 'Quill & Co',
      workspace,
      identity: { emoji: '🖋' },
      model: { primary: 'up/two' },
    });
    expect((await readdir(workspace)).sort()).toEqual(starters);
    expect(await readFile(join(workspace, 'IDENTITY.md'), 'utf8')).toContain('- Name: Quill & Co\n- Emoji: 🖋');
    expect((await rooms.file()).agents.entries).toEqual({
      main: {},
      'quill-co': { name: 'Quill & Co', workspace, model: 'up/two', identity: { emoji: '🖋' } },
    });
    rooms.gateway.upstream.answer(reply('Hello from Quill'));
    const { runId } = await rooms.call<{ runId: string }>('agent', {
      agentId: 'quill-co',
      message: 'hi',
      idempotencyKey: 'k1',
    });
    expect(await rooms.call('agent.wait', { runId, timeoutMs: 10_000 })).toMatchObject({ status: 'ok' });
    const asked = rooms.gateway.upstream.requests.at(-1)?.body;
    expect(asked.model).toBe('two');
    expect(JSON.stringify(asked.messages)).toContain('## SOUL.md');
  });

  it('keeps what stands in a folder, and what its owner has switched off away', async () => {
    await using house = await scratch();
    const workspace = join(house.path, 'mine');
    await mkdir(workspace);
    await writeFile(join(workspace, 'SOUL.md'), 'Mine.');
    await using rooms = await open({
      agents: { defaults: { model: 'up/one', skipOptionalBootstrapFiles: ['USER.md'] } },
    });
    await rooms.call('agents.create', { name: 'Mine', workspace });
    expect((await readdir(workspace)).sort()).toEqual(['AGENTS.md', 'IDENTITY.md', 'SOUL.md']);
    expect(await readFile(join(workspace, 'SOUL.md'), 'utf8')).toBe('Mine.');
    await using bare = await open({ agents: { defaults: { model: 'up/one', skipBootstrap: true } } });
    await bare.call('agents.create', { name: 'Bare' });
    expect(await readdir(join(bare.stateDir, 'workspace', 'bare'))).toEqual([]);
  });

  it.each([
    [{ name: 'Main' }, 'agent "main" already exists'],
    [{ name: '日本' }, 'makes no id'],
    [{ name: '--' }, 'makes no id'],
    [{ name: 'a\nb' }, 'one line'],
    [{ name: 'x', model: 'nowhere/none' }, 'No model "nowhere/none"'],
    [{ name: 'x', workspace: 'relative' }, 'absolute path'],
    [{ name: 'x', workspace: '/' }, 'holds the state of the gateway'],
    [{ name: 'x', workspace: import.meta.filename }, 'is not a folder'],
    [{ name: 'x', workspace: join(import.meta.filename, 'x') }, 'below something that is not a folder'],
    [{ name: 'x', workspace: `/${'x'.repeat(300)}` }, 'too long a name'],
    [{ name: 'x', agentId: 'y' }, 'agentId'],
  ])('refuses %j', async (params, message) => {
    await using rooms = await open();
    const before = await readFile(rooms.configPath, 'utf8');
    const refusal = await rooms.refused('agents.create', params);
    expect(refusal.code).toBe('INVALID_REQUEST');
    expect(refusal.message).toContain(message);
    expect(await rooms.ids()).toEqual(['main']);
    expect(await readFile(rooms.configPath, 'utf8')).toBe(before);
  });

  it('gives no agent the state of the gateway, and leaves nothing when it fails', async () => {
    await using rooms = await open();
    for (const workspace of [rooms.stateDir, join(rooms.stateDir, 'transcripts'), join(rooms.stateDir, '..')])
      expect((await rooms.refused('agents.create', { name: 'x', workspace })).details).toMatchObject({
        code: 'INVALID_WORKSPACE',
      });
    const text = await readFile(rooms.configPath, 'utf8');
    await writeFile(rooms.configPath, '{ broken');
    await rooms.refused('agents.create', { name: 'x' });
    await writeFile(rooms.configPath, text);
    expect(await readdir(join(rooms.stateDir, 'workspace'))).toEqual([]);
    const answers = await Promise.all(
      ['x', 'X', 'y'].map((name) => rooms.send('agents.create', { name })).map((id) => rooms.answer(id)),
    );
    expect(answers.map(({ ok }) => ok)).toEqual([true, false, true]);
    expect(await rooms.ids()).toEqual(['main', 'x', 'y']);
  });

  it('wants an administrator', async () => {
    await using rooms = await open();
    await using writer = await openSocket(rooms.gateway.url, { scopes: ['operator.write'] });
    for (const [method, params] of [
      ['agents.create', { name: 'x' }],
      ['agents.update', { agentId: 'main' }],
      ['agents.delete', { agentId: 'main' }],
    ] as const)
      expect(await writer.refused(method, params)).toMatchObject({ details: { missingScope: 'operator.admin' } });
  });
});

describe('agents.update', () => {
  it('changes what it is told, and takes away what is emptied', async () => {
    await using rooms = await open();
    await rooms.call('agents.create', { name: 'Quill', model: 'up/two', emoji: '🖋', avatar: 'me.png' });
    const change = { agentId: 'quill', name: 'Feather', model: null, emoji: '', avatar: 'https://example.org/f.png' };
    const changed = await rooms.call('agents.update', change);
    expect(faultsOf('AgentsUpdateResult', changed)).toEqual([]);
    expect(await rooms.agent('quill')).toMatchObject({
      name: 'Feather',
      identity: { avatar: 'https://example.org/f.png' },
      model: { primary: 'up/one' },
    });
    expect((await rooms.file()).agents.entries.quill).not.toHaveProperty('model');
    expect((await rooms.agent('quill'))?.identity).not.toHaveProperty('emoji');
    const identity = join(rooms.stateDir, 'workspace', 'quill', 'IDENTITY.md');
    expect(await readFile(identity, 'utf8')).toContain('- Name: Feather\n');
    const shown = await rooms.call<AgentPresentation>('agent.identity.get', { agentId: 'quill' });
    expect(shown).toMatchObject({ name: 'Feather', avatarStatus: 'remote' });
    expect(shown).not.toHaveProperty('emoji');
  });

  it('changes the agent that no file names, one of an older list, and where an agent works', async () => {
    await using rooms = await open();
    await rooms.call('agents.update', { agentId: 'main', name: 'Molly' });
    expect(await rooms.agent('main')).toMatchObject({ name: 'Molly' });
    await using house = await scratch();
    await rooms.call('agents.update', { agentId: 'main', workspace: join(house.path, 'new') });
    expect((await readdir(join(house.path, 'new'))).sort()).toEqual(starters);

    const list = [{ id: 'main' }, { id: 'old', name: 'Old', identity: { emoji: '👴', theme: 'calm' } }];
    await using older = await open({}, { agents: { defaults: { model: 'up/one' }, list } });
    await older.call('agents.update', { agentId: 'old', name: 'Older', emoji: '' });
    expect((await older.file()).agents.list).toEqual([
      { id: 'main' },
      { id: 'old', name: 'Older', identity: { theme: 'calm' } },
    ]);
    await older.call('agents.create', { name: 'Young' });
    expect(await older.ids()).toEqual(['main', 'old', 'young']);
    await older.call('agents.delete', { agentId: 'old' });
    expect(await older.ids()).toEqual(['main', 'young']);
  });

  it('knows its agents and models', async () => {
    await using rooms = await open();
    expect((await rooms.refused('agents.update', { agentId: 'nobody', name: 'x' })).message).toBe(
      'agent "nobody" not found',
    );
    expect((await rooms.refused('agents.update', { agentId: 'main', model: 'no/model' })).message).toContain(
      'No model',
    );
  });
});

describe('agents.delete', () => {
  it('takes out the agent, its bindings and its conversations, and moves its workspace away', async () => {
    const bindings = [
      { agentId: 'quill', match: { channel: 'telegram' } },
      { agentId: 'main', match: { channel: 'slack' } },
    ];
    await using rooms = await open(
      { agents: { defaults: { model: 'up/one' }, entries: { main: {}, quill: {} } } },
      { bindings },
    );
    const workspace = join(rooms.stateDir, 'workspace', 'quill');
    await mkdir(workspace, { recursive: true });
    await writeFile(join(workspace, 'MEMORY.md'), 'Keep me.');
    for (const key of ['main', 'other']) {
      const send = { agentId: 'quill', sessionKey: `agent:quill:${key}`, message: 'hi', idempotencyKey: key };
      await rooms.call('agent', send);
      await rooms.call('agent.wait', { runId: key, timeoutMs: 10_000 });
    }
    const gone = await rooms.call<Deleted>('agents.delete', { agentId: 'quill' });
    expect(faultsOf('AgentsDeleteResult', gone)).toEqual([]);
    expect(gone).toEqual({
      ok: true,
      agentId: 'quill',
      removedBindings: 1,
      removed: [{ path: workspace, method: 'trash' }],
    });
    expect(await rooms.ids()).toEqual(['main']);
    expect((await rooms.file()).bindings).toEqual([bindings[1]]);
    const [trashed = ''] = await readdir(join(rooms.stateDir, 'trash'));
    expect(await readFile(join(rooms.stateDir, 'trash', trashed, 'MEMORY.md'), 'utf8')).toBe('Keep me.');
    const { sessions } = await rooms.call<{ sessions: object[] }>('sessions.list', { agentId: 'quill' }).catch(() => ({
      sessions: [],
    }));
    expect(sessions).toEqual([]);
    expect(await readdir(join(rooms.stateDir, 'transcripts'))).toHaveLength(2);
    expect((await rooms.refused('agents.delete', { agentId: 'quill' })).message).toBe('agent "quill" not found');

    await rooms.call('agents.create', { name: 'Quill' });
    const { totalCount } = await rooms.call<{ totalCount: number }>('sessions.list', { agentId: 'quill' });
    expect(totalCount).toBe(0);
  });

  it('ends what works', async () => {
    await using rooms = await open({ agents: { defaults: { model: 'up/one' }, entries: { main: {}, quill: {} } } });
    const held = Promise.withResolvers<void>();
    rooms.gateway.upstream.answer(async (request) => {
      held.resolve();
      await request.hungUp;
    });
    await rooms.call('agent', { agentId: 'quill', message: 'hi', idempotencyKey: 'r1' });
    await held.promise;
    await rooms.call('agents.delete', { agentId: 'quill' });
    expect(await rooms.call('agent.wait', { runId: 'r1', timeoutMs: 10_000 })).toMatchObject({ status: 'error' });
  });

  it('moves no folder that is elsewhere, of another agent, or a link', async () => {
    await using house = await scratch();
    const outside = join(house.path, 'mine');
    await mkdir(outside);
    await using rooms = await open({
      agents: {
        defaults: { model: 'up/one' },
        entries: { main: {}, far: { workspace: outside }, a: {}, b: {}, c: {}, d: {} },
      },
    });
    const remove = (agentId: string, more: object = {}) => rooms.call<Deleted>('agents.delete', { agentId, ...more });
    expect(await remove('far')).toMatchObject({ removed: [], failed: [{ path: outside }] });
    expect(await readdir(house.path)).toEqual(['mine']);

    const root = join(rooms.stateDir, 'workspace');
    await mkdir(join(root, 'a'), { recursive: true });
    await rooms.call('agents.update', { agentId: 'b', workspace: join(root, 'a', 'inner') });
    expect((await remove('a')).failed).toEqual([{ path: join(root, 'a'), reason: 'another agent works there' }]);
    expect((await remove('b')).failed).toBeUndefined();
    await symlink(outside, join(root, 'c'));
    expect((await remove('c')).failed).toMatchObject([{ reason: 'it is not a folder' }]);
    expect(await remove('d')).toMatchObject({ removed: [{ method: 'missing' }] });
    expect(await readdir(outside)).toEqual([]);
  });

  it('leaves files alone when it is told to', async () => {
    await using rooms = await open();
    await rooms.call('agents.create', { name: 'Quill' });
    const gone = await rooms.call<Deleted>('agents.delete', { agentId: 'quill', deleteFiles: false });
    expect(gone).toEqual({ ok: true, agentId: 'quill', removedBindings: 0 });
    expect((await readdir(join(rooms.stateDir, 'workspace', 'quill'))).sort()).toEqual(starters);
  });

  it('keeps main, and the last one', async () => {
    await using rooms = await open();
    await rooms.call('agents.create', { name: 'Quill' });
    expect((await rooms.refused('agents.delete', { agentId: 'main' })).message).toContain('cannot be deleted');
    await using lone = await open({ agents: { defaults: { model: 'up/one' }, entries: { solo: {} } } });
    expect((await lone.refused('agents.delete', { agentId: 'solo' })).message).toContain('the only one');
  });
});
