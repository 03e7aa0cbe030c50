import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { methods } from '../../sdk/protocol/contract.ts';
import type { ErrorShape } from '../../sdk/protocol/errors.ts';
import { makeDevice, prove } from '../auth/device.ts';
import { startTestGateway, type TestGateway, token } from '../gateway.ts';
import { openSocket } from '../socket.ts';
import { connectParams, dial, type Raw } from '../wire/raw.ts';
import { faultsOf } from '../wire/schema.ts';
import { type Example, examples } from './examples.ts';
import { exceptions } from './exceptions.ts';
import { type CallerName, callers, faultyMembers, inputOf, isOpen, mayUse, specOf, wrongCalls } from './grid.ts';
import { definitionOf, membersOf, sampleOf } from './published.ts';
import { paramsOf, startAlone } from './world.ts';

type Client = Awaited<ReturnType<typeof openSocket>>;

const names = [...methods.keys()];
const callerNames = Object.keys(callers) as CallerName[];
let gateway: TestGateway;
let node: Raw;
const clients = {} as Record<CallerName, Client>;

beforeAll(async () => {
  gateway = await startTestGateway();
  for (const name of callerNames) clients[name] = await openSocket(gateway.url, { scopes: [...callers[name]] });
  node = await dialAsNode(gateway);
});
afterAll(async () => {
  node.socket.terminate();
  for (const client of Object.values(clients)) await client[Symbol.asyncDispose]();
  await gateway[Symbol.asyncDispose]();
});

async function dialAsNode(house: TestGateway): Promise<Raw> {
  const raw = await dial(house);
  const nonce = String((await raw.event('connect.challenge')).payload?.nonce);
  const client = { id: 'node-host', mode: 'node', version: '1', platform: 'linux' };
  const device = prove({ device: makeDevice(), nonce, token, client, role: 'node' });
  const hello = await raw.connect({ ...connectParams, client, role: 'node', scopes: [], device, auth: { token } });
  if (!hello.ok) throw new Error(`the node was refused: ${JSON.stringify(hello.error)}`);
  return raw;
}

const exampleOf = (method: string): Example => examples[method] ?? { params: {} };

const validParams = (method: string, admin: Client) =>
  paramsOf(exampleOf(method), gateway, (name, input) => admin.call(name, input));

const whoMay = (method: string) => callerNames.filter((caller) => mayUse(caller, specOf(method).scope));
const whoMayNot = (method: string) => callerNames.filter((caller) => !mayUse(caller, specOf(method).scope));

describe('the examples', () => {
  it('are there for every method, and for nothing else', () => {
    expect(Object.keys(examples).sort()).toEqual([...names].sort());
  });
});

describe.each(names)('%s', (method) => {
  it('looks at the scope before the parameters', async () => {
    const valid = await validParams(method, clients.admin);
    const params = [valid, ...wrongCalls(method, valid).map((wrong) => wrong.params)];
    const { scope } = specOf(method);
    for (const caller of whoMayNot(method))
      for (const one of params)
        expect(await clients[caller].refused(method, one), `${caller} ${JSON.stringify(one)}`).toEqual({
          code: 'FORBIDDEN',
          message: `missing scope: ${scope}`,
          details: { code: 'MISSING_SCOPE', missingScope: scope, requiredScopes: [scope] },
        });
  });

  it('is refused to nodes, unless it is for them', async () => {
    const { ok, error } = await node.request(method, {});
    if (method === 'health') expect(ok).toBe(true);
    else expect(error).toEqual({ code: 'INVALID_REQUEST', message: 'unauthorized role: node' });
    // Too many refusals in a row would end the socket.
    expect((await node.request('health', {})).ok).toBe(true);
  });

  it('names what is wrong with its parameters', async () => {
    const valid = await validParams(method, clients.admin);
    for (const { what, params, names } of wrongCalls(method, valid)) {
      if (exceptions.looser[`${method}.${names}`]) continue;
      const { code, message } = (await answerOf(clients.admin, method, params)).error ?? ({} as ErrorShape);
      expect({ what, code }).toEqual({ what, code: 'INVALID_REQUEST' });
      expect(message, what).toMatch(new RegExp(`^invalid ${method.replaceAll('.', '\\.')} params: `));
      expect(message, what).toContain(names);
    }
  });

  it('answers who may ask, in the published shape', async () => {
    const { alone, refused } = exampleOf(method);
    for (const caller of alone ? (['admin'] as const) : whoMay(method)) {
      await using own = alone && (await startAlone());
      await using guest = own ? await openSocket(own.url) : undefined;
      const params = await validParams(method, guest ?? clients.admin);
      const { ok, payload, error } = await answerOf(guest ?? clients[caller], method, params);
      expect({ caller, ok, error }).toEqual({ caller, ok: !refused, error: refused });
      const definition = definitionOf(method, 'result');
      if (ok && definition && !exceptions.results[method]) expect(faultsOf(definition, payload)).toEqual([]);
    }
  });

  it('takes an unknown member when it is open', async () => {
    if (!isOpen(method) || exampleOf(method).alone || exampleOf(method).refused) return;
    const params = { ...(await validParams(method, clients.admin)), notAMember: 1 };
    expect((await answerOf(clients.admin, method, params)).error).toBeUndefined();
  });

  it('takes every published parameter', async () => {
    const definition = definitionOf(method, 'params');
    if (!definition) return;
    const valid = await validParams(method, clients.admin);
    const refused = membersOf(definition).flatMap(([member, schema]) => {
      if (exceptions.members[`${method}.${member}`]) return [];
      const known = isOpen(method) || member in (inputOf(method).properties ?? {});
      const sample = sampleOf(schema);
      const taken = sample === undefined || !faultyMembers(method, { ...valid, [member]: sample }).includes(member);
      return known && taken ? [] : [{ member, sample }];
    });
    expect(refused).toEqual([]);
  });
});

describe('what was told meanwhile', () => {
  it('is as the published protocol describes frames and events', () => {
    const { events } = clients.admin;
    expect(new Set(events.map(({ event }) => event)).size).toBeGreaterThan(3);
    const faults = events.flatMap((frame) => [
      ...faultsOf('EventFrame', frame),
      ...(exceptions.results[`event ${frame.event}`] ? [] : faultsOfEvent(frame.event, frame.payload)),
    ]);
    expect([...new Set(faults)]).toEqual([]);
  });
});

describe('the exceptions', () => {
  it('are about members that are published, and still needed', () => {
    const stale = Object.keys(exceptions.members).filter((name) => {
      const [method, member] = splitMember(name);
      const definition = methods.has(method) && definitionOf(method, 'params');
      const schema = definition && membersOf(definition).find(([published]) => published === member)?.[1];
      if (!schema) return true;
      const sample = sampleOf(schema);
      const known = member in (inputOf(method).properties ?? {});
      return known && !faultyMembers(method, { [member]: sample }).includes(member);
    });
    expect(stale).toEqual([]);
    const looser = Object.keys(exceptions.looser).filter((name) => !methods.has(splitMember(name)[0]));
    expect(looser).toEqual([]);
  });
});

const answerOf = async (client: Client, method: string, params: unknown) =>
  await client.answer(client.send(method, params));

const eventDefinitions: Record<string, string> = {
  agent: 'AgentEvent',
  chat: 'ChatEvent',
  tick: 'TickEvent',
  shutdown: 'ShutdownEvent',
  'session.operation': 'SessionOperationEvent',
  'device.pair.requested': 'DevicePairRequestedEvent',
  'device.pair.resolved': 'DevicePairResolvedEvent',
};

function faultsOfEvent(event: string, payload: unknown): string[] {
  const definition = eventDefinitions[event];
  return definition ? faultsOf(definition, payload) : [];
}

function splitMember(name: string): [method: string, member: string] {
  const at = name.lastIndexOf('.');
  return [name.slice(0, at), name.slice(at + 1)];
}
