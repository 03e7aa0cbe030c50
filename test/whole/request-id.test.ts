import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { startTestGateway, token } from '../gateway.ts';
import { openSocket } from '../socket.ts';

it('has one id for a request in its answer and in the log, over both ways in', async () => {
  await using gateway = await startTestGateway();
  await using client = await openSocket(gateway.url);
  const sent = client.send('no.such.method', {});
  const refused = await client.answer(sent);
  const headers = { authorization: `Bearer ${token}` };
  const own = await fetch(`${gateway.http}/v1/models`, { headers });
  const given = await fetch(`${gateway.http}/v1/nothing`, { headers: { ...headers, 'x-request-id': 'mine-1' } });
  await Promise.all([own.text(), given.text()]);
  await gateway.close();
  const lines = (await readFile(gateway.logFile, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(refused.id).toBe(sent);
  expect(lines.filter(({ id }) => id === refused.id)).toMatchObject([
    { message: expect.stringContaining('unknown method'), method: 'no.such.method' },
  ]);
  const ofHttp = (id: unknown) => lines.filter(({ requestId }) => requestId === id).map(({ message }) => message);
  expect(own.headers.get('x-request-id')).toMatch(/^req_/);
  expect(ofHttp(own.headers.get('x-request-id'))).toEqual([expect.stringMatching(/^GET \/v1\/models 200/)]);
  expect(given.headers.get('x-request-id')).toBe('mine-1');
  expect(ofHttp('mine-1')).toHaveLength(2);
});
