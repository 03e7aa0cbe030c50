import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { HistoryPage } from '../../sdk/protocol/history.ts';
import { toText } from '../../sdk/protocol/text.ts';
import { openDatabase } from '../../server/database/database.ts';
import { startTestGateway, type TestGateway, token } from '../gateway.ts';
import { scratch } from '../scratch.ts';
import { openSocket } from '../socket.ts';
import { begin, chunk, reply, startUpstream } from '../upstream.ts';
import { findFreePort, spawnGateway, withUpstream } from '../whole/process.ts';
import { expectLogged, readLog } from './log-lines.ts';

type Client = Awaited<ReturnType<typeof openSocket>>;

const rows = async (client: Client, sessionKey: string) => {
  const { messages } = await client.call<HistoryPage>('chat.history', { sessionKey, limit: 1000 });
  return messages.map((message) => `${message.role}: ${toText(message).slice(0, 20)}`);
};

/** Another program that is in the middle of a write to the gateway's database. */
async function occupy({ paths }: TestGateway): Promise<Disposable> {
  const other = new DatabaseSync(paths.databasePath);
  // The gateway itself may be in the middle of one, for its index of words, say.
  for (let attempts = 0; !begins(other); attempts++) {
    if (attempts > 1000) throw new Error('the database was never free');
    await sleep(5);
  }
  return { [Symbol.dispose]: () => other.close() };
}

function begins(database: DatabaseSync): boolean {
  try {
    database.exec('BEGIN IMMEDIATE');
    return true;
  } catch (error) {
    if (String(error).includes('locked')) return false;
    throw error;
  }
}

const complete = (gateway: TestGateway) =>
  fetch(`${gateway.http}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ user: 'someone', messages: [{ role: 'user', content: 'hello' }] }),
  });

const isReady = async (gateway: TestGateway) => (await fetch(`${gateway.http}/readyz`)).json();

const hourMs = 60 * 60_000;

describe('a database that takes no writes', () => {
  it('has every caller told so; nothing is half accepted, and all is well when it is over', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    await client.call('chat.send', { sessionKey: 's', message: 'before', idempotencyKey: 'k1' });
    expect(await client.end('k1')).toMatchObject({ state: 'final' });
    {
      using _ = await occupy(gateway);
      const send = { sessionKey: 's', message: 'refused', idempotencyKey: 'k2' };
      const error = await client.refused('chat.send', send);
      expect(error).toMatchObject({
        code: 'UNAVAILABLE',
        details: { code: 'DATABASE_WRITE_FAILED' },
        retryable: true,
        message: expect.stringMatching(/could not write .*openclaw\.db.*Nothing was accepted.*Another program/),
      });
      await expectLogged(gateway, 'request refused: could not write', 'DATABASE_WRITE_FAILED', 'chat.send');
      for (const [method, params] of [
        ['sessions.reset', { key: 's' }],
        ['sessions.delete', { key: 's' }],
        ['sessions.create', { key: 'new' }],
        ['agent', { message: '/new start', sessionKey: 's', idempotencyKey: 'k3' }],
      ] as const)
        expect(await client.refused(method, params), method).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
      const answer = await complete(gateway);
      expect([answer.status, await answer.json()]).toMatchObject([503, { error: { type: 'api_error' } }]);
      expect(await isReady(gateway)).toMatchObject({ ready: false, failing: ['database'] });
      expect(await client.call('health')).toMatchObject({ ok: true });
      expect(gateway.upstream.requests).toHaveLength(1);
    }
    const send = { sessionKey: 's', message: 'refused', idempotencyKey: 'k2' };
    expect(await client.call('chat.send', send)).toMatchObject({ status: 'started' });
    expect(await client.end('k2')).toMatchObject({ state: 'final' });
    expect((await complete(gateway)).status).toBe(200);
    expect(await isReady(gateway)).toMatchObject({ ready: true });
    expect(await rows(client, 's')).toEqual([
      'user: before',
      'assistant: Hello from upstream',
      'user: refused',
      'assistant: Hello from upstream',
    ]);
  });

  it('in the middle of a run does not keep its words from those who watch, and does not end the process', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    const locked = Promise.withResolvers<void>();
    gateway.upstream.answer(
      begin('half', async (send, res) => {
        await locked.promise;
        for (let n = 0; n < 5; n++) {
          send(chunk({ content: ` ${n}` }));
          // Longer than events wait to be written.
          await new Promise((resolve) => setTimeout(resolve, 120));
        }
        send('[DONE]');
        res.end();
      }),
    );
    await client.call('chat.send', { sessionKey: 's', message: 'x', idempotencyKey: 'k1' });
    await client.until('a word', () => client.told('agent').find(({ stream }) => stream === 'assistant'));
    {
      using _ = await occupy(gateway);
      locked.resolve();
      expect(await client.end('k1')).toMatchObject({
        state: 'error',
        errorMessage: expect.stringContaining('could not write'),
      });
    }
    const texts = client.told('chat').flatMap((event) => (event.state === 'delta' ? [event.deltaText] : []));
    expect(texts.join('')).toBe('half 0 1 2 3 4');
    await expectLogged(gateway, 'run k1: events are missing from its log');
    await expectLogged(gateway, 'run k1: its end could not be written');
    gateway.upstream.answer(reply('on'));
    await client.call('chat.send', { sessionKey: 's', message: 'y', idempotencyKey: 'k2' });
    expect(await client.end('k2')).toMatchObject({ state: 'final' });
  });

  it('at the hour of regular work is noted, and the work comes again', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      await using gateway = await startTestGateway();
      {
        using _ = await occupy(gateway);
        vi.advanceTimersByTime(hourMs);
        await expectLogged(gateway, 'what is old could not be taken out', 'could not write');
        expect(await isReady(gateway)).toMatchObject({ ready: false });
      }
      vi.advanceTimersByTime(hourMs);
      await expect.poll(() => isReady(gateway)).toMatchObject({ ready: true });
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a full disk', () => {
  it('refuses what does not fit, serves what it has, and loses nothing that was accepted', async () => {
    await using folder = await scratch();
    await using upstream = await startUpstream(reply('ok'));
    const start = { stateDir: folder.path, port: await findFreePort(), config: withUpstream(upstream.url) };
    const accepted: string[] = [];
    const refused: string[] = [];
    {
      await using gateway = await spawnGateway({ ...start, maxFileBytes: 512 * 1024 });
      await using client = await openSocket(gateway.url);
      for (let n = 0; refused.length < 3; n++) {
        const message = `message ${n} ${'x'.repeat(100_000)}`;
        const id = client.send('chat.send', { sessionKey: 's', message, idempotencyKey: `k${n}` });
        const { ok, error } = await client.answer(id);
        (ok ? accepted : refused).push(message.slice(0, 10));
        if (ok) await client.end(`k${n}`);
        else expect(error).toMatchObject({ code: 'UNAVAILABLE', details: { code: 'DATABASE_WRITE_FAILED' } });
      }
      const conversation = { messages: [{ role: 'user', content: 'x'.repeat(100_000) }] };
      const answer = await fetch(`${gateway.url.replace('ws', 'http')}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify(conversation),
      });
      // What nobody named is not kept, so it is answered without the disk.
      expect([answer.status, await answer.json()]).toMatchObject([200, { choices: [{ message: { content: 'ok' } }] }]);
      expect(await client.call('sessions.list')).toMatchObject({ count: 1 });
      await expectLogged({ logFile: join(folder.path, 'gateway.log') }, 'request refused: could not write');
      gateway.signal('SIGTERM');
      expect(await gateway.exited).toEqual({ code: 0, signal: null });
    }
    expect(accepted.length).toBeGreaterThan(0);
    await using gateway = await spawnGateway(start);
    await using client = await openSocket(gateway.url);
    const { messages } = await client.call<HistoryPage>('chat.history', { sessionKey: 's', limit: 1000, maxChars: 10 });
    const kept = messages.filter(({ role }) => role === 'user').map((message) => toText(message).slice(0, 10));
    expect(kept).toEqual(accepted);
    const again = { sessionKey: 's', message: 'again', idempotencyKey: `k${accepted.length}` };
    expect(await client.call('chat.send', again)).toMatchObject({ status: 'started' });
    expect(await client.end(again.idempotencyKey)).toMatchObject({ state: 'final' });
  });
});

describe('a damaged database', () => {
  it('that is none at all is not opened: the operator is told which file, and what to do', async () => {
    await using folder = await scratch();
    const path = join(folder.path, 'openclaw.db');
    await writeFile(path, 'these are not the bytes of a database '.repeat(200));
    await expect(openDatabase(path)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      details: { code: 'DATABASE_UNAVAILABLE', path },
      message: expect.stringMatching(/is not a database\. It is damaged: restore it from a backup, or move it away/),
    });
    expect(await readFile(path, 'utf8')).toContain('these are not the bytes');
  });

  it('in one place costs what stands there: the caller gets an id, the log the fault, others their answers', async () => {
    await using folder = await scratch();
    const keys = ['a', 'b', 'c'];
    {
      await using gateway = await startTestGateway({ folder: folder.path });
      await using client = await openSocket(gateway.url);
      for (const key of keys) {
        await client.call('chat.send', {
          sessionKey: key,
          message: key.repeat(50_000),
          idempotencyKey: key,
        });
        await client.end(key);
      }
    }
    await damage(join(folder.path, 'openclaw.db'), 'b'.repeat(4000));
    await using gateway = await startTestGateway({ folder: folder.path });
    await using client = await openSocket(gateway.url);
    const { code, message, details } = await client.refused('chat.history', { sessionKey: 'b' });
    expect(code).toBe('INTERNAL');
    const { requestId } = details as { requestId: string };
    expect(message).toBe(`internal error, request id ${requestId}`);
    await expectLogged(gateway, requestId, 'malformed');
    expect((await rows(client, 'a')).at(-1)).toBe('assistant: Hello from upstream');
    // The index of words may come upon the damage in the same transaction: then nothing is accepted, and one may retry.
    const send = { sessionKey: 'new', message: 'x', idempotencyKey: 'k' };
    await vi.waitFor(() => client.call('chat.send', send));
    expect(await client.end('k')).toMatchObject({ state: 'final' });
    const errors = (await readLog(gateway)).filter(({ _meta }) => _meta.logLevelName === 'ERROR');
    // Whether the index of words comes to the damaged row depends on how far it was when the first gateway stopped.
    expect(errors.filter(({ subsystem }) => subsystem !== 'sessions')).toHaveLength(1);
  });
});

/** Overwrites a page of the transcripts that holds a text, in the file itself. */
async function damage(path: string, text: string): Promise<void> {
  // Everything from the log of writes into the file.
  const database = new DatabaseSync(path);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  // The text stands in pages of the index of words, and in free ones, too.
  const pages = database.prepare(
    "SELECT pageno, pgoffset FROM dbstat WHERE name = 'messages' AND pagetype = 'overflow'",
  );
  const places = pages.all() as { pageno: number; pgoffset: number }[];
  database.close();
  const bytes = await readFile(path);
  const found = places.find(({ pgoffset }) => bytes.subarray(pgoffset, pgoffset + 4096).includes(text));
  expect(found).toBeDefined();
  const file = await open(path, 'r+');
  await file.write(Buffer.alloc(4096, 0xff), 0, 4096, found?.pgoffset ?? 0);
  await file.close();
}
