import { describe, expect, it } from 'vitest';
import { OpenClaw } from '../../sdk/index.node.ts';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import { startTestGateway, token } from '../gateway.ts';
import { failure, openClient } from './client.ts';
import { startScriptedGateway } from './scripted-gateway.ts';

describe('a client that may do nothing', () => {
  it('is told why with the call that fails, and what to do', async () => {
    await using gateway = await startTestGateway();
    await using oc = new OpenClaw({ url: gateway.url, token, client: { id: 'test', mode: 'test' } });
    const { auth } = await oc.connect();
    expect(auth).toMatchObject({ scopes: [], grantedAs: 'guest' });
    expect(auth.withheldScopes?.map(({ scope }) => scope)).toEqual(auth.requestedScopes);
    const error = await failure(oc.rpc.sessions.list.query({}));
    expect(error).toMatchObject({ code: 'FORBIDDEN', details: { code: 'MISSING_SCOPE' } });
    expect(error.message).toMatch(/^missing scope: operator\.read \(.*send device in connect/);
    const run = await failure(oc.agents.get('main').run('Hello'));
    expect(run.message).toMatch(/^missing scope: operator\.write \(.*send device in connect/);
  });

  it('and asked for too little is told what it asked for', async () => {
    await using gateway = await startTestGateway();
    await using oc = new OpenClaw({ url: gateway.url, token, scopes: ['operator.read'] });
    const error = await failure(oc.rpc.sessions.reset.mutate({ key: 'main' }));
    expect(error.message).toBe('missing scope: operator.admin (this client asked for: operator.read)');
  });
});

describe('a refusal for want of pairing', () => {
  const refuse = (message: string, requestId: string) => () => {
    throw new GatewayError('NOT_PAIRED', message, { details: { code: 'PAIRING_REQUIRED', requestId } });
  };

  it.each([
    ['pairing required', 'r-1', '; where the gateway runs, type: openclaw devices approve r-1'],
    ['run: openclaw devices approve r-1', 'r-1', ''],
    ['pairing required', '$(rm -rf /)', ''],
  ])('%s of %j names the command once, and no odd id', async (said, requestId, added) => {
    await using gateway = await startScriptedGateway({ admit: refuse(said, requestId) });
    await using oc = openClient(gateway.url);
    const { message } = await failure(oc.connect());
    expect(message.endsWith(`${said}${added}`)).toBe(true);
  });
});
