import { createHash } from 'node:crypto';
import { link, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AgentFile, AgentPresentation } from '../../sdk/protocol/agents.ts';
import type { Config } from '../../server/config/config.ts';
import { openRoom } from '../room.ts';
import { openSocket } from '../socket.ts';
import { faultsOf } from '../wire/schema.ts';

/** A gateway with an administrator. */
async function open(config: Config = {}) {
  const room = await openRoom({ config });
  const workspace = join(room.gateway.paths.stateDir, 'workspace', 'main');
  await mkdir(workspace, { recursive: true });
  return { ...room.client, ...room, workspace };
}

interface FileAnswer {
  agentId: string;
  workspace: string;
  file: AgentFile;
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const main = { agentId: 'main' };

describe('agents.list', () => {
  it('tells everything of every agent, in the published shape', async () => {
    await using rooms = await open({
      agents: {
        defaults: { model: 'up/one' },
        entries: {
          writer: { name: 'Writer', identity: { emoji: '🖋' }, thinkingDefault: 'low' },
          main: { default: true, model: { primary: 'up/two', fallbacks: ['up/one'] } },
        },
      },
    });
    await mkdir(join(rooms.workspace, '.git'));
    const list = await rooms.call('agents.list');
    expect(faultsOf('AgentsListResult', list)).toEqual([]);
    expect(list).toMatchObject({
      defaultId: 'main',
      selectionRequired: false,
      agents: [
        { id: 'main', kind: 'agent', workspaceGit: true, model: { primary: 'up/two', fallbacks: ['up/one'] } },
        { id: 'writer', name: 'Writer', identity: { emoji: '🖋' }, workspaceGit: false, thinkingDefault: 'low' },
      ],
    });
  });
});

describe('agents.files', () => {
  it('lists, writes and reads the fixed set', async () => {
    await using rooms = await open();
    const before = await rooms.call<{ workspace: string; files: AgentFile[] }>('agents.files.list', main);
    expect(faultsOf('AgentsFilesListResult', before)).toEqual([]);
    expect(before.workspace).toBe(rooms.workspace);
    expect(before.files.map(({ name, missing }) => `${name} ${missing}`)).toEqual(
      ['AGENTS', 'SOUL', 'TOOLS', 'IDENTITY', 'USER', 'HEARTBEAT', 'BOOTSTRAP', 'MEMORY'].map(
        (name) => `${name}.md true`,
      ),
    );
    expect(before.files.find(({ name }) => name === 'MEMORY.md')?.expectedAbsent).toBe(true);
    expect(before.files.find(({ name }) => name === 'AGENTS.md')?.expectedAbsent).toBeUndefined();

    const content = 'Be brief — and kind.\n';
    const set = await rooms.call<FileAnswer>('agents.files.set', { ...main, name: 'SOUL.md', content });
    expect(faultsOf('AgentsFilesSetResult', set)).toEqual([]);
    expect(set).toMatchObject({ ok: true, file: { missing: false, hash: sha256(content), content } });
    expect(await readFile(join(rooms.workspace, 'SOUL.md'), 'utf8')).toBe(content);

    const got = await rooms.call<FileAnswer>('agents.files.get', { ...main, name: 'SOUL.md' });
    expect(faultsOf('AgentsFilesGetResult', got)).toEqual([]);
    expect(got.file).toEqual({ ...set.file });
    const after = await rooms.call<{ files: AgentFile[] }>('agents.files.list', main);
    expect(after.files[1]).toMatchObject({ name: 'SOUL.md', missing: false, size: Buffer.byteLength(content) });
    const missing = await rooms.call<FileAnswer>('agents.files.get', { ...main, name: 'USER.md' });
    expect(missing.file).toMatchObject({ missing: true, expectedAbsent: true });
  });

  it('writes what was expected to be there, and nothing else', async () => {
    await using rooms = await open();
    const set = (content: string, expectedHash?: string) => ({ ...main, name: 'AGENTS.md', content, expectedHash });
    expect(await rooms.refused('agents.files.set', set('one', sha256('none')))).toMatchObject({
      code: 'INVALID_REQUEST',
      details: { type: 'agent_file_conflict', name: 'AGENTS.md' },
    });
    await rooms.call('agents.files.set', set('one'));
    await rooms.call('agents.files.set', set('two', sha256('one').toUpperCase()));
    expect(await rooms.refused('agents.files.set', set('three', sha256('one')))).toMatchObject({
      code: 'INVALID_REQUEST',
      details: { type: 'agent_file_conflict', currentHash: sha256('two') },
    });
    const racers = ['a', 'b', 'c'].map((content) => rooms.send('agents.files.set', set(content, sha256('two'))));
    const answers = await Promise.all(racers.map((id) => rooms.answer(id)));
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
    expect((await rooms.refused('agents.files.set', set('x', 'nonsense'))).message).toContain('SHA-256');
  });

  it.each([
    '../openclaw.json',
    '../../AGENTS.md',
    'notes.md',
    'agents.md',
    'AGENTS.md/../../../openclaw.json',
    '/etc/passwd',
    'memory/2026-01-01.md',
    'AGENTS.md\0',
    '__proto__',
  ])('has no file %j', async (name) => {
    await using rooms = await open();
    for (const [method, params] of [
      ['agents.files.get', { ...main, name }],
      ['agents.files.set', { ...main, name, content: 'mine' }],
    ] as const) {
      const refusal = await rooms.refused(method, params);
      expect(refusal.code).toBe('INVALID_REQUEST');
      expect(refusal.message).toContain('unsupported file');
    }
  });

  it('follows no link and takes no more than it can hold', async () => {
    await using rooms = await open();
    const secret = rooms.gateway.paths.configPath;
    await symlink(secret, join(rooms.workspace, 'AGENTS.md'));
    await link(secret, join(rooms.workspace, 'SOUL.md'));
    await mkdir(join(rooms.workspace, 'USER.md'));
    for (const name of ['AGENTS.md', 'SOUL.md', 'USER.md']) {
      const got = await rooms.refused('agents.files.get', { ...main, name });
      expect(got, name).toMatchObject({ code: 'INVALID_REQUEST' });
      expect(await rooms.refused('agents.files.set', { ...main, name, content: '{}' })).toMatchObject({
        code: 'INVALID_REQUEST',
      });
    }
    const listed = await rooms.call<{ files: AgentFile[] }>('agents.files.list', main);
    expect(listed.files.every(({ missing }) => missing)).toBe(true);
    const content = 'x'.repeat(2 * 1024 * 1024 + 1);
    expect((await rooms.refused('agents.files.set', { ...main, name: 'MEMORY.md', content })).message).toContain(
      'too large',
    );
    expect(JSON.parse(await readFile(secret, 'utf8'))).toHaveProperty('gateway');
  });

  it('knows its agents and its callers', async () => {
    await using rooms = await open();
    for (const method of ['agents.files.list', 'agents.files.get', 'agents.files.set'])
      expect(
        await rooms.refused(method, {
          agentId: 'nobody',
          ...(method !== 'agents.files.list' && { name: 'AGENTS.md' }),
          ...(method === 'agents.files.set' && { content: '' }),
        }),
      ).toMatchObject({ code: 'INVALID_REQUEST', message: 'agent "nobody" not found' });
    await using writer = await openSocket(rooms.gateway.url, { scopes: ['operator.write'] });
    expect(await writer.refused('agents.files.set', { ...main, name: 'AGENTS.md', content: '' })).toMatchObject({
      code: 'FORBIDDEN',
      details: { missingScope: 'operator.admin' },
    });
  });
});

describe('agent.identity.get', () => {
  const identify = (rooms: Awaited<ReturnType<typeof open>>, params: object = {}) =>
    rooms.call<AgentPresentation>('agent.identity.get', params);

  it('says who an agent is: configuration, then IDENTITY.md, then its id', async () => {
    await using rooms = await open({
      agents: {
        defaults: { model: 'up/one' },
        entries: {
          main: {},
          writer: { name: 'Writer', identity: { emoji: '🖋' } },
          quill: { name: 'Q', identity: { name: 'Quill', avatar: 'https://example.org/q.png' } },
        },
      },
    });
    expect(await identify(rooms)).toEqual({
      agentId: 'main',
      name: 'main',
      nameSource: 'default',
      avatarStatus: 'none',
      avatarReason: 'no avatar is set',
    });
    expect(await identify(rooms, { agentId: 'writer' })).toMatchObject({
      name: 'Writer',
      nameSource: 'agent',
      emoji: '🖋',
    });
    expect(await identify(rooms, { sessionKey: 'agent:quill:x' })).toMatchObject({
      agentId: 'quill',
      name: 'Quill',
      nameSource: 'config',
      avatar: 'https://example.org/q.png',
      avatarStatus: 'remote',
    });
    await writeFile(
      join(rooms.workspace, 'IDENTITY.md'),
      '# Who am I?\n\n- **Name:** Molly\n- **Creature:** lobster\n- Emoji: 🦞\n- **Avatar:** _(a path)_\n',
    );
    const mine = await identify(rooms, { sessionKey: 'main' });
    expect(faultsOf('AgentIdentityResult', mine)).toEqual([]);
    expect(mine).toMatchObject({ name: 'Molly', nameSource: 'workspace', emoji: '🦞', avatarStatus: 'none' });
    expect((await rooms.refused('agent.identity.get', { agentId: 'nobody' })).message).toContain('unknown agent');
    expect((await rooms.refused('agent.identity.get', { agentId: 'main', sessionKey: 'agent:writer:x' })).code).toBe(
      'INVALID_REQUEST',
    );
  });

  it('shows a picture of the workspace, and none from outside', async () => {
    await using rooms = await open();
    const named = async (avatar: string) => {
      await writeFile(join(rooms.workspace, 'IDENTITY.md'), `Avatar: ${avatar}\n`);
      return identify(rooms);
    };
    const png = Buffer.from('89504e470d0a1a0a', 'hex');
    await writeFile(join(rooms.workspace, 'me.png'), png);
    expect(await named('me.png')).toMatchObject({
      avatar: `data:image/png;base64,${png.toString('base64')}`,
      avatarSource: 'me.png',
      avatarStatus: 'local',
    });
    await writeFile(join(rooms.workspace, '..', 'out.png'), png);
    await symlink(join(rooms.workspace, '..', 'out.png'), join(rooms.workspace, 'link.png'));
    for (const [source, reason] of [
      ['../out.png', 'unsafe path'],
      ['link.png', 'symbolic link'],
      ['other.png', 'no such file'],
      ['../../openclaw.json', 'no picture'],
    ] as const) {
      const found = await named(source);
      expect(found).toMatchObject({ avatarSource: source, avatarStatus: 'none' });
      expect(found.avatarReason).toContain(reason);
      expect(found).not.toHaveProperty('avatar');
    }
  });
});
