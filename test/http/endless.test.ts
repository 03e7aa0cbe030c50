import { expect, it } from 'vitest';
import { dialects } from '../dialects.ts';
import { endless } from '../failing.ts';
import { startTestGateway, token, upstreamKey } from '../gateway.ts';
import { startUpstream } from '../upstream.ts';

it.each(dialects)('an answer over $api that does not end is cut off, with an error', async (dialect) => {
  await using upstream = await startUpstream(endless(dialect));
  const up = { api: dialect.api, baseUrl: upstream.url + dialect.base, apiKey: upstreamKey };
  await using gateway = await startTestGateway({ config: { models: { providers: { up } } } });
  const answer = await fetch(`${gateway.http}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ messages: [{ role: 'user', content: 'Hi' }] }),
  });
  expect(answer.status).toBe(502);
  expect(await answer.text()).toContain('did not stop');
  const { hungUp } = await upstream.request(0);
  await hungUp;
});
