import { describe, expect, it } from 'vitest';
import type { Config, ToolPolicySetting } from '../../server/config/config.ts';
import { startTestGateway, type TestGateway, token } from '../gateway.ts';
import { openSocket } from '../socket.ts';

/** What one agent's entry says of tools. */
const policies: Record<string, ToolPolicySetting | undefined> = {
  silent: undefined,
  minimal: { profile: 'minimal' },
  coding: { profile: 'coding' },
  messaging: { profile: 'messaging', alsoAllow: ['read'] },
  full: { profile: 'full' },
  allowed: { allow: ['read', 'WRITE', 'sessions_*'] },
  denied: { deny: ['group:sessions', 'edit'] },
  both: { allow: ['group:fs'], deny: ['write'] },
  nothing: { deny: ['*'] },
};

/** What holds for all agents, and what HTTP then refuses besides of the tools there are. */
const gateways: [string, Config, readonly string[]][] = [
  ['nothing', {}, ['write', 'edit']],
  ['a list for all', { tools: { deny: ['agents_list', 'read'] } }, ['write', 'edit']],
  ['a profile for all', { tools: { profile: 'coding' } }, ['write', 'edit']],
  ['writing over HTTP', { gateway: { tools: { allow: ['fs_write'] } } }, []],
  ['one tool less over HTTP', { gateway: { tools: { allow: ['edit', 'read'], deny: ['read'] } } }, ['read', 'write']],
  ['no tool over HTTP', { gateway: { tools: { allow: ['*'], deny: ['*'] } } }, ['*']],
];

const refusals = ['forbidden', 'not_found'];

describe('the socket, HTTP and the lists of tools', () => {
  it.each(gateways)('agree when the gateway says %s', async (_what, config, notOverHttp) => {
    const entries = Object.fromEntries(Object.entries(policies).map(([id, tools]) => [id, tools ? { tools } : {}]));
    await using gateway = await startTestGateway({ config: { ...config, agents: { entries } } });
    await using client = await openSocket(gateway.url);
    const catalog = idsOf(await client.call<Inventory>('tools.catalog', {}));
    expect(catalog.length).toBeGreaterThan(5);
    for (const agentId of Object.keys(policies)) {
      const sessionKey = `agent:${agentId}:main`;
      await client.call('sessions.create', { key: sessionKey });
      const effective = idsOf(await client.call<Inventory>('tools.effective', { sessionKey }));

      const called: string[] = [];
      const posted: string[] = [];
      for (const name of [...catalog, 'exec', 'nothing']) {
        // Without arguments most are wrong, but never refused by policy.
        const { error } = await client.call<{ error?: { code: string } }>('tools.invoke', { name, sessionKey });
        if (!refusals.includes(error?.code ?? '')) called.push(name);
        if (![403, 404].includes(await post(gateway, { tool: name, sessionKey }))) posted.push(name);
      }
      expect([agentId, called]).toEqual([agentId, effective]);
      const isOpen = (name: string) => !notOverHttp.includes(name) && !notOverHttp.includes('*');
      expect([agentId, posted]).toEqual([agentId, effective.filter(isOpen)]);
    }
  });

  it('agree on what a session takes away', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    const sessionKey = 'agent:main:careful';
    await client.call('sessions.create', { key: sessionKey });
    expect(await post(gateway, { tool: 'agents_list', sessionKey })).toBe(200);
    await client.call('sessions.patch', { key: sessionKey, inheritedToolDeny: ['agents_list'] });
    expect(idsOf(await client.call<Inventory>('tools.effective', { sessionKey }))).not.toContain('agents_list');
    expect(await post(gateway, { tool: 'agents_list', sessionKey })).toBe(403);
    expect(await post(gateway, { tool: 'agents_list' })).toBe(200);
  });
});

interface Inventory {
  groups: { tools: { id: string }[] }[];
}

const idsOf = ({ groups }: Inventory) => groups.flatMap(({ tools }) => tools.map(({ id }) => id));

async function post(gateway: TestGateway, body: object): Promise<number> {
  const { status, ...answer } = await fetch(`${gateway.http}/tools/invoke`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  }).then(async (response) => ({ status: response.status, ...((await response.json()) as { ok: boolean }) }));
  expect(answer.ok).toBe(status === 200);
  return status;
}
