import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { HookMappingConfig } from '../../server/config/hooks-config.ts';
import { openSocket } from '../socket.ts';
import { lastUserWords, openHooks } from './setup.ts';

const hex = (text: string) => createHmac('sha256', 'the-secret').update(text).digest('hex');
const key = Buffer.from('twenty-four bytes of key');
const base64 = (text: string) => createHmac('sha256', key).update(text).digest('base64');
const nowSeconds = () => String(Math.floor(Date.now() / 1000));

const mapping = (scheme: 'github' | 'stripe' | 'slack' | 'standard-webhooks'): HookMappingConfig => ({
  id: scheme,
  match: { path: scheme },
  messageTemplate: 'Note: {{payload.text}}',
  signature: { scheme, secret: scheme === 'standard-webhooks' ? `whsec_${key.toString('base64')}` : 'the-secret' },
});
const mappings = [mapping('github'), mapping('stripe'), mapping('slack'), mapping('standard-webhooks')];

/** The headers of a right request. */
const sign: Record<string, (body: string, id?: string) => Record<string, string>> = {
  github: (body, id = 'd1') => ({ 'x-hub-signature-256': `sha256=${hex(body)}`, 'x-github-delivery': id }),
  stripe: (body) => ({ 'stripe-signature': `t=${nowSeconds()},v1=${hex(`${nowSeconds()}.${body}`)}` }),
  slack: (body) => {
    const stamp = nowSeconds();
    return { 'x-slack-request-timestamp': stamp, 'x-slack-signature': `v0=${hex(`v0:${stamp}:${body}`)}` };
  },
  'standard-webhooks': (body, id = 'm1') => {
    const stamp = nowSeconds();
    return {
      'webhook-id': id,
      'webhook-timestamp': stamp,
      'webhook-signature': `v1,${base64(`${id}.${stamp}.${body}`)}`,
    };
  },
};

describe.each(['github', 'stripe', 'slack', 'standard-webhooks'])('a hook that %s signs', (scheme) => {
  const path = `/hooks/${scheme}`;

  it('is let in without a token, once', async () => {
    await using gateway = await openHooks({ mappings });
    const body = JSON.stringify({ id: 'evt_1', event_id: 'Ev1', text: 'hello' });
    const headers = sign[scheme]?.(body) ?? {};
    const send = (text: string) => gateway.send(path, text, { bearer: false, headers });
    const all = await Promise.all([send(body), send(body)]);
    const again = await send(body);
    expect(new Set([...all, again].map((answer) => JSON.stringify([answer.status, answer.body]))).size).toBe(1);
    expect(again).toMatchObject({ status: 200, body: { ok: true, runId: expect.any(String) } });
    expect(lastUserWords(await gateway.upstream.request(0))).toContain('hello');
    expect(gateway.upstream.requests).toHaveLength(1);
    expect((await send(`${body} `)).status).toBe(401);
  });

  it('needs the signature, also of who has the token', async () => {
    await using gateway = await openHooks({ mappings });
    expect((await gateway.send(path, { text: 'hello' })).status).toBe(401);
    expect((await gateway.send(path, { text: 'hello' }, { bearer: false })).status).toBe(401);
    expect(gateway.upstream.requests).toHaveLength(0);
  });

  it('counts wrong signatures like wrong tokens', async () => {
    await using gateway = await openHooks({ mappings });
    const headers = sign[scheme]?.('another body') ?? {};
    const wrong = () => gateway.send(path, '{"text":"x"}', { bearer: false, headers });
    for (let attempt = 0; attempt < 20; attempt++) expect((await wrong()).status).toBe(401);
    expect((await wrong()).status).toBe(429);
    const body = '{"text":"right"}';
    expect((await gateway.send(path, body, { bearer: false, headers: sign[scheme]?.(body) ?? {} })).status).toBe(200);
  });
});

describe('repetitions', () => {
  it('of GitHub are known by the delivery, and by the signature where somebody changed the delivery', async () => {
    await using gateway = await openHooks({ mappings });
    const send = (body: string, id: string) =>
      gateway.send('/hooks/github', body, { bearer: false, headers: sign.github?.(body, id) ?? {} });
    const [first, renamed, other] = [
      await send('{"n":1}', 'a'),
      await send('{"n":1}', 'b'),
      await send('{"n":2}', 'c'),
    ];
    expect(renamed.body).toEqual(first.body);
    expect(other.body.runId).not.toBe(first.body.runId);
  });

  it('of one sender say nothing of another', async () => {
    const second = { ...mapping('standard-webhooks'), id: 'second', match: { path: 'second' } };
    await using gateway = await openHooks({ mappings: [...mappings, second] });
    const body = '{"text":"a"}';
    const headers = sign['standard-webhooks']?.(body) ?? {};
    const one = await gateway.send('/hooks/standard-webhooks', body, { bearer: false, headers });
    const two = await gateway.send('/hooks/second', body, { bearer: false, headers });
    expect(one.body.runId).not.toBe(two.body.runId);
  });
});

describe('what senders ask while they are set up', () => {
  it('is answered to Slack and GitHub, when it is signed', async () => {
    await using gateway = await openHooks({ mappings });
    const challenge = JSON.stringify({ type: 'url_verification', challenge: 'abc' });
    const headers = sign.slack?.(challenge) ?? {};
    const slack = await gateway.send('/hooks/slack', challenge, { bearer: false, headers });
    expect(slack).toMatchObject({ status: 200, body: { challenge: 'abc' } });
    expect((await gateway.send('/hooks/slack', challenge, { bearer: false })).status).toBe(401);
    const ping = { ...sign.github?.('{}'), 'x-github-event': 'ping' };
    expect((await gateway.send('/hooks/github', '{}', { bearer: false, headers: ping })).body).toEqual({ ok: true });
    expect(gateway.upstream.requests).toHaveLength(0);
  });
});

describe('what is signed', () => {
  it('may be a form, as GitHub and Slack send them', async () => {
    await using gateway = await openHooks({ mappings });
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    const github = new URLSearchParams({ payload: '{"text":"from a form"}' }).toString();
    const headers = { ...sign.github?.(github), ...type };
    expect((await gateway.send('/hooks/github', github, { bearer: false, headers })).status).toBe(200);
    expect(lastUserWords(await gateway.upstream.request(0))).toContain('from a form');
    const slash = 'command=%2Fask&text=how+are+you';
    const slack = { ...sign.slack?.(slash), ...type };
    expect((await gateway.send('/hooks/slack', slash, { bearer: false, headers: slack })).status).toBe(200);
    expect(lastUserWords(await gateway.upstream.request(1))).toContain('how are you');
  });

  it('is judged before what it says: a stranger learns nothing of the body', async () => {
    await using gateway = await openHooks({ mappings });
    const send = (body: string, headers: Record<string, string>) =>
      gateway.send('/hooks/github', body, { bearer: false, headers }).then(({ status }) => status);
    expect(await send('{no json', sign.github?.('x') ?? {})).toBe(401);
    expect(await send('{no json', sign.github?.('{no json') ?? {})).toBe(400);
  });

  it('is refused while the secret cannot be read', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the configuration
    const signature = { scheme: 'github', secret: '${GITHUB_SECRET_THAT_NOBODY_SET}' } as const;
    await using gateway = await openHooks({ mappings: [{ ...mapping('github'), signature }] });
    const headers = sign.github?.('{}') ?? {};
    const answer = await gateway.send('/hooks/github', '{}', { bearer: false, headers });
    expect(answer).toMatchObject({ status: 401, body: { error: expect.stringContaining('is not available') } });
  });

  it('has a secret that may be kept elsewhere, and is never shown', async () => {
    const secret = { source: 'env', provider: 'default', id: 'GITHUB_SECRET' } as never;
    const kept = { ...mapping('github'), signature: { scheme: 'github' as const, secret } };
    const plain = mapping('slack');
    await using gateway = await openHooks({ mappings: [kept, plain] }, { env: { GITHUB_SECRET: 'the-secret' } });
    const headers = sign.github?.('{"text":"a"}') ?? {};
    expect((await gateway.send('/hooks/github', '{"text":"a"}', { bearer: false, headers })).status).toBe(200);
    await using client = await openSocket(gateway.url);
    const shown = JSON.stringify(await client.call('config.get'));
    expect(shown).not.toContain('the-secret');
    expect(shown).toContain('__OPENCLAW_REDACTED__');
  });
});
