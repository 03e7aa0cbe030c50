import { createServer, get, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { defaultEventStreamOptions, type EventStream, openEventStream } from '../../server/http/event-stream.ts';

/** A stream whose reader gets what is sent, a piece at a time. */
async function open(paceMs: number) {
  const opened = Promise.withResolvers<EventStream>();
  const server = createServer((_req, res: ServerResponse) =>
    opened.resolve(openEventStream(res, { ...defaultEventStreamOptions, paceMs })),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const pieces: AsyncIterator<Buffer> = await new Promise((resolve, reject) => {
    const { port } = server.address() as AddressInfo;
    get({ host: '127.0.0.1', port }, (res) => resolve(res[Symbol.asyncIterator]())).on('error', reject);
    // The head leaves with the first text.
    void opened.promise.then((stream) => stream.write('first '));
  });
  return {
    stream: await opened.promise,
    next: async () => String((await pieces.next()).value ?? 'the end'),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

it('sends the first text at once, and what comes behind it together', async () => {
  await using reader = await open(2_000_000);
  expect(await reader.next()).toBe('first ');
  for (const text of ['second ', 'third ']) reader.stream.write(text);
  // Nothing but the end of the stream can have sent them: their time is half an hour away.
  reader.stream.end('last');
  expect(await reader.next()).toBe('second third last');
  expect(await reader.next()).toBe('the end');
});

it('sends what has waited for its time', async () => {
  await using reader = await open(1);
  expect(await reader.next()).toBe('first ');
  for (const text of ['second ', 'third ']) {
    reader.stream.write(text);
    expect(await reader.next()).toBe(text);
  }
  reader.stream.end('last');
  expect(await reader.next()).toBe('last');
});
