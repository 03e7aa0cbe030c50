import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTool, type Tool } from '../../server/agent/tools/tool.ts';
import type { Config } from '../../server/config/config.ts';
import { startTestGateway, token } from '../gateway.ts';
import { say } from '../scripted-model.ts';
import { type House, openHouse } from './house.ts';

interface Answer {
  ok: boolean;
  result?: { content: { type: string; text: string }[]; details: unknown };
  error?: { type: string; message: string };
}

/** A tool that tells what it was given. */
const echo = defineTool({
  name: 'echo',
  label: 'Echo',
  group: 'agents',
  risk: 'low',
  description: 'Tell what came.',
  input: z.object({ action: z.enum(['list', 'show']).optional(), text: z.string().max(10).optional() }),
  execute: (input, caller) => ({ ...input, ...caller }),
});

/** A tool that waits to be released or aborted, and says which. */
function waiting() {
  const begun = Promise.withResolvers<void>();
  const over = Promise.withResolvers<string>();
  const released = Promise.withResolvers<void>();
  const tool = defineTool({
    name: 'wait',
    label: 'Wait',
    group: 'agents',
    risk: 'low',
    description: 'Wait.',
    input: z.object({}),
    execute: async (_input, _caller, signal) => {
      begun.resolve();
      signal.addEventListener('abort', () => over.resolve('aborted'));
      await released.promise;
      over.resolve('released');
      return 'waited';
    },
  });
  return { tool, begun: begun.promise, over: over.promise, release: () => released.resolve() };
}

const open = (tools: Tool[] = [], config: Config = {}) => openHouse(say('hi'), { tools: [echo, ...tools], config });

async function invoke(house: House, body: unknown, headers: Record<string, string> = {}) {
  const answer = await house.ask('/tools/invoke', { body, headers });
  return { status: answer.status, ...((await answer.json()) as Answer) };
}

describe('POST /tools/invoke', () => {
  it('answers what the tool answers, by either name of the member', async () => {
    await using house = await open();
    const expected = { text: 'hi', agentId: 'main', sessionKey: 'agent:main:main' };
    const answer = await invoke(house, { tool: 'echo', args: { text: 'hi' }, dryRun: true, unheardOf: 1 });
    expect(answer).toEqual({
      status: 200,
      ok: true,
      result: { content: [{ type: 'text', text: JSON.stringify(expected) }], details: expected },
    });
    const { result } = await invoke(house, { tool: 'nothing', name: 'echo', args: null, sessionKey: null });
    expect(result?.details).toEqual({ agentId: 'main', sessionKey: 'agent:main:main' });
  });

  it('takes an action where the tool has one and the arguments do not', async () => {
    await using house = await open();
    const act = (body: object) => invoke(house, { tool: 'echo', ...body });
    expect(await act({ action: 'list' })).toMatchObject({ result: { details: { action: 'list' } } });
    expect(await act({ action: 'list', args: { action: 'show' } })).toMatchObject({
      result: { details: { action: 'show' } },
    });
    expect(await invoke(house, { tool: 'echo', action: 'json' })).toMatchObject({ status: 400 });
    // The example of the published documentation: its tool has no action.
    expect(await invoke(house, { tool: 'sessions_list', action: 'json', args: {} })).toMatchObject({ status: 200 });
  });

  it.each<[string, unknown, string]>([
    ['no JSON', '{', 'not valid JSON'],
    ['no object', [], 'expected object'],
    ['no tool', {}, 'tool: expected the name of a tool'],
    ['an empty name', { tool: '' }, 'tool: '],
    ['a name that is no text', { name: 5 }, 'name: '],
    ['arguments that are no object', { tool: 'echo', args: [] }, 'args: '],
    ['an action that is no text', { tool: 'echo', action: {} }, 'action: '],
    ['an empty key', { tool: 'echo', idempotencyKey: '' }, 'idempotencyKey: '],
    ['a malformed session', { tool: 'echo', sessionKey: 'agent:main' }, 'sessionKey: '],
    [
      'a session of nobody',
      { tool: 'echo', sessionKey: 'agent:nobody:main' },
      'sessionKey: there is no agent "nobody"',
    ],
    ['an agent that is not there', { tool: 'echo', agentId: 'nobody' }, 'agentId: there is no agent "nobody"'],
    ['a session of another agent', { tool: 'echo', agentId: 'ops', sessionKey: 'agent:main:x' }, 'belongs to agent'],
    ['a wrong argument', { tool: 'echo', args: { text: 5 } }, 'invalid arguments: text: '],
    ['one that is too long', { tool: 'echo', args: { text: 'x'.repeat(11) } }, 'text: too big'],
    ['an argument that nobody knows', { tool: 'read', args: { path: 'a', mode: 1 } }, '"mode"'],
    ['a file that is not there', { tool: 'read', args: { path: 'none.md' } }, 'there is no file none.md'],
  ])('refuses %s with 400', async (_what, body, message) => {
    await using house = await open();
    const answer = await invoke(house, body);
    expect(answer).toEqual({ status: 400, ok: false, error: { type: 'invalid_request', message: expect.any(String) } });
    expect(answer.error?.message).toContain(message);
  });

  it('reads sessions as the socket does', async () => {
    await using house = await open([], { session: { mainKey: 'home' } });
    const callerOf = async (body: object) => (await invoke(house, { tool: 'echo', ...body })).result?.details;
    expect(await callerOf({})).toEqual({ agentId: 'main', sessionKey: 'agent:main:home' });
    expect(await callerOf({ sessionKey: 'main', agentId: 'ops' })).toEqual({
      agentId: 'ops',
      sessionKey: 'agent:ops:home',
    });
    expect(await callerOf({ sessionKey: 'agent:ops:x' })).toEqual({ agentId: 'ops', sessionKey: 'agent:ops:x' });
    expect(await callerOf({ sessionKey: 'mine' })).toEqual({ agentId: 'main', sessionKey: 'agent:main:mine' });
  });

  it('tells 404 from 403: nobody has the tool, or this caller has not', async () => {
    await using house = await open([], { tools: { deny: ['agents_list'] } });
    expect(await invoke(house, { tool: 'nothing' })).toMatchObject({
      status: 404,
      ok: false,
      error: { type: 'not_found', message: expect.stringContaining('"nothing" does not exist') },
    });
    expect(await invoke(house, { tool: 'agents_list' })).toMatchObject({
      status: 403,
      ok: false,
      error: { type: 'forbidden', message: expect.stringContaining('tools.deny names it') },
    });
  });

  it('knows who calls before anything else, and what they may do', async () => {
    await using house = await open();
    const answer = await fetch(`${house.url}/tools/invoke`, { method: 'POST', body: '{' });
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect(((await answer.json()) as { error: object }).error).toMatchObject({
      type: 'unauthorized',
      code: 'invalid_api_key',
      param: null,
    });
    await using ingress = await openHouse(say('hi'), { auth: { mode: 'none' }, tools: [echo] });
    const scopes = (value: string) => invoke(ingress, { tool: 'echo' }, { 'x-openclaw-scopes': value });
    expect(await scopes('operator.read')).toMatchObject({
      status: 403,
      ok: false,
      error: { type: 'forbidden', message: 'missing scope: operator.write' },
    });
    expect(await scopes('operator.write')).toMatchObject({ status: 200, ok: true });
  });

  it('makes who guesses wait', async () => {
    const attempts = { maxAttempts: 1, exemptLoopback: false };
    await using house = await openHouse(say('hi'), { attempts });
    const guess = () =>
      fetch(`${house.url}/tools/invoke`, { method: 'POST', headers: { authorization: 'Bearer guess' }, body: '{}' });
    expect((await guess()).status).toBe(401);
    const locked = await guess();
    expect(locked.status).toBe(429);
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await locked.json()).toMatchObject({ error: { type: 'rate_limit_error', code: 'rate_limit_exceeded' } });
  });

  it('takes POST only, and bodies up to 2 MB', async () => {
    await using house = await open();
    const asked = await house.ask('/tools/invoke');
    expect([asked.status, asked.headers.get('allow')]).toEqual([405, 'POST']);
    expect(await asked.json()).toMatchObject({ ok: false, error: { type: 'invalid_request' } });
    const sized = (bytes: number) => {
      const head = '{"tool":"echo","padding":"';
      return invoke(house, `${head}${'x'.repeat(bytes - head.length - 2)}"}`);
    };
    expect(await sized(2_000_000)).toMatchObject({ status: 200 });
    expect(await sized(2_000_001)).toMatchObject({ status: 413, ok: false, error: { type: 'invalid_request' } });
  });

  it('takes the headers that tell where a message came from', async () => {
    await using house = await open();
    const headers = {
      'x-openclaw-message-channel': 'slack',
      'x-openclaw-account-id': 'work',
      'x-openclaw-message-to': 'C1',
      'x-openclaw-thread-id': '1.2',
    };
    expect(await invoke(house, { tool: 'echo' }, headers)).toMatchObject({ status: 200, ok: true });
  });
});

describe('a tool that fails', () => {
  const failing = (name: string, error: unknown) =>
    defineTool({
      name,
      label: name,
      group: 'agents',
      risk: 'low',
      description: 'Fail.',
      input: z.object({}),
      execute: () => {
        throw error;
      },
    });

  it('says nothing of itself, and the log has why', async () => {
    await using house = await open([failing('crash', new Error('the secret is sk-123'))]);
    expect(await invoke(house, { tool: 'crash' })).toEqual({
      status: 500,
      ok: false,
      error: { type: 'tool_error', message: 'crash failed inside the gateway; its log says why' },
    });
  });
});

describe('a caller that goes away', () => {
  it('ends its call', async () => {
    const slow = waiting();
    await using house = await open([slow.tool]);
    const gone = new AbortController();
    const asked = house.ask('/tools/invoke', { body: { tool: 'wait' }, signal: gone.signal }).catch(() => 'gone');
    await slow.begun;
    gone.abort();
    expect(await asked).toBe('gone');
    expect(await slow.over).toBe('aborted');
    slow.release();
  });

  it('finds the answer under its idempotency key', async () => {
    const slow = waiting();
    await using house = await open([slow.tool]);
    const body = { tool: 'wait', idempotencyKey: 'k1' };
    const gone = new AbortController();
    const asked = house.ask('/tools/invoke', { body, signal: gone.signal }).catch(() => 'gone');
    await slow.begun;
    gone.abort();
    await asked;
    slow.release();
    expect(await slow.over).toBe('released');
    expect(await invoke(house, body)).toMatchObject({ status: 200, result: { details: 'waited' } });
    expect(await invoke(house, { ...body, tool: 'echo' })).toMatchObject({
      status: 400,
      error: { message: 'the idempotency key was used for another call: use a new one' },
    });
  });
});

describe('what HTTP refuses whatever an agent may do', () => {
  it.each([
    'exec',
    'spawn',
    'shell',
    'fs_write',
    'fs_delete',
    'fs_move',
    'apply_patch',
    'sessions_spawn',
    'sessions_send',
    'cron',
    'gateway',
    'nodes',
    'EXEC',
    'write',
    'edit',
  ])('has %s in it by default', async (tool) => {
    await using house = await open([], { tools: { allow: ['*'] } });
    const answer = await invoke(house, { tool, args: { path: 'a.md', content: 'x' } });
    expect(answer).toMatchObject({ status: 403, ok: false, error: { type: 'forbidden' } });
    expect(answer.error?.message).toContain('unless gateway.tools.allow names it');
  });

  it.each<[string, NonNullable<Config['gateway']>['tools'], number]>([
    ['the tool', { allow: ['write'] }, 200],
    ['the published name', { allow: ['fs_write'] }, 200],
    ['the group', { allow: ['group:fs'] }, 200],
    ['another one', { allow: ['edit'] }, 403],
    ['it in both lists', { allow: ['write'], deny: ['write'] }, 403],
    ['it in one as published', { allow: ['write'], deny: ['fs_write'] }, 403],
    ['everything in one', { allow: ['*'], deny: ['*'] }, 403],
  ])('is changed by gateway.tools: %s', async (_what, tools, status) => {
    await using house = await open([], { gateway: { tools } });
    expect(await invoke(house, { tool: 'write', args: { path: 'a.md', content: 'x' } })).toMatchObject({ status });
  });

  it('is changed while the gateway runs, and does not make tools that are not there', async () => {
    const config: Config = {};
    await using house = await open([], config);
    expect(await invoke(house, { tool: 'exec' })).toMatchObject({ status: 403 });
    config.gateway = { tools: { allow: ['exec'], deny: ['echo'] } };
    expect(await invoke(house, { tool: 'exec' })).toMatchObject({ status: 404 });
    expect(await invoke(house, { tool: 'echo' })).toMatchObject({
      status: 403,
      error: { message: 'the tool "echo" is not allowed here: gateway.tools.deny names it' },
    });
  });
});

describe('a whole gateway', () => {
  it('answers the examples of the documentation', async () => {
    const page = await readFile(new URL('../../docs/tools.md', import.meta.url), 'utf8');
    const bodies = [...page.matchAll(/-d '(\{"tool".+\})'/g)].map(([, body = '']) => body);
    expect(bodies.length).toBeGreaterThan(1);
    await using gateway = await startTestGateway();
    for (const body of bodies) {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const answer = await fetch(`${gateway.http}/tools/invoke`, { method: 'POST', headers, body });
      expect([body, answer.status]).toEqual([body, 200]);
    }
  });

  it('calls its tools over HTTP as over the socket, by the configuration as it is now', async () => {
    const entries = { main: {}, writer: { tools: { deny: ['agents_list'] } } };
    await using gateway = await startTestGateway({ config: { agents: { entries } } });
    const folder = join(gateway.paths.stateDir, 'workspace', 'writer');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'a.md'), 'hers');
    const ask = async (body: object) => {
      const answer = await fetch(`${gateway.http}/tools/invoke`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify(body),
      });
      return { status: answer.status, ...((await answer.json()) as Answer) };
    };
    expect((await ask({ tool: 'read', args: { path: 'a.md' }, agentId: 'writer' })).result?.details).toBe('hers');
    expect(await ask({ tool: 'agents_list', agentId: 'writer' })).toMatchObject({ status: 403 });
    expect(await ask({ tool: 'agents_list' })).toMatchObject({ status: 200 });
    expect(await ask({ tool: 'read', args: { path: '../../openclaw.json' } })).toMatchObject({ status: 400 });
    const write = { tool: 'write', args: { path: 'a.md', content: 'his' }, agentId: 'writer' };
    expect(await ask(write)).toMatchObject({ status: 403 });
  });
});
