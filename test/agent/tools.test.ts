import { execFileSync } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toText } from '../../sdk/protocol/text.ts';
import type { Config } from '../../server/config/config.ts';
import { callTool, say } from '../scripted-model.ts';
import { openAgentRooms } from './fixture.ts';

const caller = { agentId: 'main', sessionKey: 'agent:main:main' };

/** Rooms whose model calls a tool, then answers. */
const calling = (name: string, args: Record<string, unknown>, config: Config = {}) =>
  openAgentRooms({ 'test/one': [callTool(name, args), say('done')] }, { config });

/** What the model read of its call. */
async function resultOf(rooms: Awaited<ReturnType<typeof calling>>) {
  const { run } = await rooms.start({ runId: 'r1' });
  expect((await run?.ended)?.status).toBe('ok');
  const row = rooms.sessions
    .history(caller.sessionKey, { limit: 10, offset: 0 })
    .messages.find((one) => one.role === 'toolResult');
  return { text: row ? toText(row) : '', isError: row?.isError };
}

describe('tools in a run', () => {
  it('read, write and edit the files of the workspace', async () => {
    await using rooms = await openAgentRooms({
      'test/one': [
        callTool('write', { path: 'notes/a.md', content: 'one\ntwo\nthree\n' }, 'c1'),
        callTool('edit', { path: 'notes/a.md', edits: [{ oldText: 'two', newText: 'zwei' }] }, 'c2'),
        callTool('read', { path: 'notes/a.md', offset: 2, limit: 1 }, 'c3'),
        say('done'),
      ],
    });
    const { run } = await rooms.start({ runId: 'r1' });
    await run?.ended;
    const workspace = rooms.agents.default().workspace;
    expect(await readFile(join(workspace, 'notes/a.md'), 'utf8')).toBe('one\nzwei\nthree\n');
    const last = rooms.models.requests.at(-1)?.messages.filter((message) => message.role === 'tool');
    expect(last?.map(({ output }) => output)).toEqual([
      'created notes/a.md: 14 bytes',
      'made 1 replacement(s) in notes/a.md: 15 bytes',
      'zwei\n\n[lines 2 to 2 of 4; go on with offset 3]',
    ]);
  });

  it.each([
    ['read', { path: '../openclaw.db' }, 'may not hold ".."'],
    ['read', { path: '/etc/hostname' }, 'is outside of'],
    ['write', { path: '../../x', content: '' }, 'may not hold ".."'],
    ['read', { path: 'nothing.md' }, 'there is no file nothing.md'],
    ['read', { path: 'bytes.bin' }, 'is not text'],
    ['read', { path: 'nul.bin' }, 'is not text'],
    ['write', { path: 'half.md', content: 'a\ud800' }, 'content: expected text that can be written as UTF-8'],
    ['edit', { path: 'dup.md', edits: [{ oldText: 'x\nx', newText: '\udc00' }] }, 'edits[0].newText: expected text'],
    ['read', { path: 'pipe' }, 'is not a file'],
    ['read', { path: 'link.md' }, 'it is a symbolic link'],
    ['read', { path: 'elsewhere/hosts' }, 'is not a folder'],
    ['write', { path: 'elsewhere/x', content: 'x' }, 'is not a folder'],
    ['sessions_history', { sessionKey: '' }, 'sessionKey: '],
    ['sessions_list', { limit: 101, search: 'x'.repeat(513) }, 'search: '],
    ['read', { path: 'dup.md', offset: 9 }, 'offset 9 is behind the end'],
    ['edit', { path: 'dup.md', edits: [{ oldText: 'x', newText: 'y' }] }, 'more than once'],
    ['edit', { path: 'dup.md', edits: [{ oldText: 'q', newText: 'y' }] }, 'does not hold "q"'],
    ['edit', { path: 'dup.md', edits: [{ oldText: 'x\nx', newText: 'x\nx' }] }, 'as it is'],
    ['read', { file: 'a' }, 'invalid arguments'],
    ['exec', { command: 'id' }, 'the tool "exec" does not exist'],
  ])('tell a model what is wrong with %s %j', async (name, args, message) => {
    await using rooms = await calling(name, args);
    const { workspace } = rooms.agents.default();
    await mkdir(workspace, { recursive: true });
    await writeFile(join(workspace, 'bytes.bin'), Buffer.from([0xff, 0xfe, 0]));
    await writeFile(join(workspace, 'dup.md'), 'x\nx');
    await writeFile(join(workspace, 'nul.bin'), 'a\0b');
    await symlink('/etc/hosts', join(workspace, 'link.md'));
    await symlink('/etc', join(workspace, 'elsewhere'));
    execFileSync('mkfifo', [join(workspace, 'pipe')]);
    const result = await resultOf(rooms);
    expect(result.isError).toBe(true);
    expect(result.text).toContain(message);
  });

  it('are offered by policy, and refused by it when a model calls them all the same', async () => {
    await using rooms = await calling(
      'write',
      { path: 'a.md', content: 'x' },
      { tools: { deny: ['write'] }, agents: { entries: { main: { tools: { allow: ['group:fs'] } } } } },
    );
    const result = await resultOf(rooms);
    expect(rooms.models.requests[0]?.tools?.map(({ name }) => name)).toEqual(['read', 'edit']);
    expect(result).toEqual({
      isError: true,
      text: 'the tool "write" is not allowed here: tools.deny names it. Available: read, edit',
    });
  });

  it('declare nothing when policy leaves nothing', async () => {
    await using rooms = await openAgentRooms({ 'test/one': [say('ok')] }, { config: { tools: { deny: ['*'] } } });
    await (await rooms.start({ runId: 'r1' })).run?.ended;
    expect(rooms.models.requests[0]?.tools).toBeUndefined();
  });
});

describe('a write that was given up', () => {
  it('is not made', async () => {
    await using rooms = await openAgentRooms({ 'test/one': [say('ok')] });
    const write = { name: 'write', args: { path: 'a.md', content: 'x' }, caller };
    const outcome = await rooms.tools.invoke(write, AbortSignal.abort());
    expect(outcome).toMatchObject({ ok: false, error: { code: 'aborted' } });
    // It comes behind the other one, and would find its file.
    expect(await rooms.tools.invoke(write, undefined)).toMatchObject({ ok: true, output: 'created a.md: 1 bytes' });
  });
});

describe('a session that may only read', () => {
  it('has no tool that changes anything', async () => {
    await using rooms = await openAgentRooms({
      'test/one': [callTool('write', { path: 'a', content: '' }), say('ok')],
    });
    rooms.sessions.ensure(caller.sessionKey);
    rooms.sessions.patch(caller.sessionKey, { permissionMode: 'read-only' });
    expect((await resultOf(rooms)).text).toContain('the permission mode of the session is read-only');
    const offered = rooms.models.requests[0]?.tools?.map(({ name }) => name) ?? [];
    expect(offered).toContain('read');
    for (const name of ['write', 'edit']) expect(offered).not.toContain(name);
    expect(rooms.tools.declarations({ ...caller, sessionKey: 'agent:main:other' }).map(({ name }) => name)).toContain(
      'write',
    );
  });
});

describe('a session with a policy of its own', () => {
  it('has what it leaves of the tools that the configuration leaves', async () => {
    await using rooms = await openAgentRooms({ 'test/one': [say('ok')] }, { config: { tools: { deny: ['edit'] } } });
    const names = () => rooms.tools.offer(caller).tools.map(({ name }) => name);
    rooms.sessions.ensure(caller.sessionKey);
    rooms.sessions.patch(caller.sessionKey, { inheritedToolAllow: ['group:fs'], inheritedToolDeny: ['write'] });
    expect(names()).toEqual(['read']);
    expect(rooms.tools.offer(caller).refused.find(({ tool }) => tool.name === 'write')?.reason).toBe(
      'session.deny names it',
    );
    rooms.sessions.patch(caller.sessionKey, { inheritedToolAllow: null, inheritedToolDeny: null });
    expect(names()).toEqual(expect.arrayContaining(['read', 'write', 'agents_list']));
  });
});

describe('conversations within reach', () => {
  const entries = { main: {}, writer: {} };
  const call = async (config: Config, name: string, args: Record<string, unknown>, from = caller) => {
    await using rooms = await openAgentRooms(
      { 'test/one': [say('ok')] },
      { config: { agents: { entries }, ...config } },
    );
    for (const key of ['agent:main:main', 'agent:main:other', 'agent:writer:main']) rooms.sessions.ensure(key);
    const signal = AbortSignal.timeout(10_000);
    const { output, isError } = await rooms.tools.call({ id: 'c', name, arguments: args }, from, signal);
    return isError ? output : JSON.parse(output);
  };
  const keysOf = (answer: { sessions: { key: string }[] }) => answer.sessions.map(({ key }) => key).sort();
  const all = ['agent:main:main', 'agent:main:other', 'agent:writer:main'];
  const other = { agentId: 'main', sessionKey: 'agent:main:other' };

  it.each<[string, Config['tools'], typeof caller, string[]]>([
    ['everything', undefined, caller, all],
    ['the same agent', { sessions: { visibility: 'agent' } }, caller, all.slice(0, 2)],
    ['the main one sees its tree', { sessions: { visibility: 'tree' } }, caller, all.slice(0, 2)],
    ['others see themselves', { sessions: { visibility: 'tree' } }, other, ['agent:main:other']],
    ['itself', { sessions: { visibility: 'self' } }, caller, ['agent:main:main']],
    ['not across', { agentToAgent: { enabled: false } }, caller, all.slice(0, 2)],
    ['not across, unless both are named', { agentToAgent: { allow: ['main'] } }, caller, all.slice(0, 2)],
    ['across for the named', { agentToAgent: { allow: ['main', 'WRIT*'] } }, caller, all],
  ])('are %s', async (_what, tools, from, expected) => {
    expect(keysOf(await call({ tools }, 'sessions_list', {}, from))).toEqual(expected);
    for (const key of all) {
      const status = await call({ tools }, 'session_status', { sessionKey: key }, from);
      if (expected.includes(key)) expect(status.key).toBe(key);
      else expect(status).toContain(`conversation ${key} is out of reach`);
      const history = await call({ tools }, 'sessions_history', { sessionKey: key }, from);
      expect(typeof history === 'string').toBe(!expected.includes(key));
    }
  });

  it('are searched as far as they can be seen', async () => {
    const tools: Config['tools'] = { sessions: { visibility: 'agent' } };
    await using rooms = await openAgentRooms({ 'test/one': [say('ok')] }, { config: { tools, agents: { entries } } });
    for (const key of all) {
      rooms.sessions.ensure(key);
      rooms.sessions.append(key, { role: 'user', content: [{ type: 'text', text: `lobster in ${key}` }] });
    }
    const search = async (from: typeof caller) => {
      const call = { id: 'c', name: 'sessions_search', arguments: { query: 'lobster' } };
      const { output } = await rooms.tools.call(call, from, AbortSignal.timeout(10_000));
      return (JSON.parse(output).results as { sessionKey: string }[]).map(({ sessionKey }) => sessionKey).sort();
    };
    expect(await search(caller)).toEqual(all.slice(0, 2));
    expect(await search({ agentId: 'writer', sessionKey: 'agent:writer:main' })).toEqual(['agent:writer:main']);
  });

  it('include what came of a conversation, in its tree', async () => {
    const tools: Config['tools'] = { sessions: { visibility: 'tree' } };
    await using rooms = await openAgentRooms({ 'test/one': [say('ok')] }, { config: { tools, agents: { entries } } });
    rooms.sessions.ensure(other.sessionKey);
    rooms.sessions.ensure('agent:writer:child', { parentKey: other.sessionKey });
    rooms.sessions.ensure('agent:writer:stranger');
    const call = { id: 'c', name: 'sessions_list', arguments: {} };
    const { output } = await rooms.tools.call(call, other, AbortSignal.timeout(10_000));
    expect(keysOf(JSON.parse(output))).toEqual(['agent:main:other', 'agent:writer:child']);
  });
});
