import { describe, expect, it } from 'vitest';
import type { Log } from '../../server/log/log.ts';
import { maxIndexedChars, parseQuestion, toMatch } from '../../server/sessions/words.ts';
import { scratch } from '../scratch.ts';
import { answer, openStore, say } from './open-store.ts';

const quiet = { error() {}, warn() {}, info() {}, debug() {} } as unknown as Log;

async function talk(texts: Record<string, string[]>) {
  const store = await openStore();
  for (const [name, lines] of Object.entries(texts)) {
    const { key } = store.ensure(`agent:${name.startsWith('other') ? 'other' : 'main'}:${name}`).row;
    for (const [at, line] of lines.entries()) store.append(key, at % 2 === 0 ? say(line) : answer(line));
  }
  const hits = async (query: string, more: { limit?: number; agentId?: string; sessionKeys?: string[] } = {}) => {
    const { results } = await store.search({ query, limit: 25, ...more });
    return results.map(({ snippet }) => snippet);
  };
  return Object.assign(store, { hits });
}

describe('a search', () => {
  it('finds words of people and agents, whatever their case, ending and accents', async () => {
    await using store = await talk({ a: ['Where are the invoices of Müller?', 'In the CELLAR.'] });
    store.append('agent:main:a', { role: 'toolResult', content: [{ type: 'text', text: 'invoice of a tool' }] });
    store.append('agent:main:a', { role: 'assistant', content: [{ type: 'thinking', thinking: 'invoice, I think' }] });
    expect(await store.hits('invoice')).toEqual(['Where are the invoices of Müller?']);
    expect(await store.hits('muller cellar')).toEqual([]);
    expect(await store.hits('MULLER where')).toHaveLength(1);
    expect(await store.hits('cellar')).toEqual(['In the CELLAR.']);
    const { results } = await store.search({ query: 'cellar', limit: 1 });
    const row = store.history('agent:main:a', { limit: 10, offset: 0 }).messages[1];
    expect(results).toEqual([
      {
        sessionKey: 'agent:main:a',
        sessionId: expect.any(String),
        messageId: row?.__openclaw.id,
        role: 'assistant',
        timestamp: row?.timestamp,
        snippet: 'In the CELLAR.',
        score: expect.any(Number),
      },
    ]);
    expect(results[0]?.score).toBeGreaterThan(0);
  });

  it('finds any part of what is written without spaces, and emoji', async () => {
    await using store = await talk({
      a: ['東京タワーに行きました', '안녕하세요 세계', 'done👍🏽 and 👨‍👩‍👧', 'สวัสดีครับ'],
    });
    for (const [query, at] of [
      ['京タ', 0],
      ['タワー', 0],
      ['녕하', 1],
      ['👍', 2],
      ['👨‍👩‍👧', 2],
      ['done', 2],
      ['สวัส', 3],
    ] as const)
      expect([query, (await store.hits(query)).length, at]).toEqual([query, 1, at]);
    expect(await store.hits('京ワ')).toEqual([]);
  });

  it.each([
    '"',
    '""',
    '"unclosed',
    "it's",
    'a AND',
    'NOT',
    'NEAR(a b)',
    'text:hello',
    'hello*',
    '^hello',
    '(hello',
    'a-b',
    '-x',
    '{}',
    'hello OR 1=1; DROP TABLE messages',
    "'; --",
    '\u0000',
    '\ud800',
    '%',
    '_',
    '🙂'.repeat(1000),
    'x '.repeat(2000),
    '*',
  ])('takes %j as words', async (query) => {
    await using store = await talk({ a: ['hello there'] });
    await expect(store.search({ query, limit: 5 })).resolves.toMatchObject({ results: expect.any(Array) });
    expect(await store.hits('hello')).toHaveLength(1);
  });

  it('takes what stands in quotes in that order', async () => {
    await using store = await talk({ a: ['red green blue', 'blue green red'] });
    expect(await store.hits('"green blue"')).toEqual(['red green blue']);
    expect(await store.hits('red "green blue"')).toHaveLength(1);
    expect(toMatch(parseQuestion('say "green  blue" it\'s'))).toBe('"say" AND "green blue" AND "it s"');
  });

  it('looks only where it is told, and says when there is more', async () => {
    await using store = await talk({ a: ['needle one', 'needle two'], b: ['needle three'], other: ['needle four'] });
    expect(await store.hits('needle', { sessionKeys: ['agent:main:b', 'agent:main:none'] })).toEqual(['needle three']);
    expect(await store.hits('needle', { sessionKeys: [] })).toEqual([]);
    expect(await store.hits('needle', { agentId: 'other' })).toEqual(['needle four']);
    expect(await store.hits('needle', { agentId: 'other', sessionKeys: ['agent:main:b'] })).toEqual([]);
    expect(await store.search({ query: 'needle', limit: 2 })).toMatchObject({ truncated: true, results: [{}, {}] });
    expect(await store.search({ query: 'needle', limit: 4 })).not.toHaveProperty('truncated');
  });

  it('puts what fits better before what is newer, and shows the text around it', async () => {
    const long = `${'padding '.repeat(200)}the needle ${'padding '.repeat(200)}`;
    await using store = await talk({ a: ['needle needle needle', long] });
    const [first, second] = await store.hits('needle');
    expect(first).toBe('needle needle needle');
    expect(second).toMatch(/^….*the needle.*…$/);
    expect(second?.length).toBeLessThanOrEqual(242);
  });

  it('forgets a message with its session, and keeps nothing of one that was taken back', async () => {
    await using store = await talk({ a: ['needle'] });
    expect(() =>
      store.database.write(() => {
        store.append('agent:main:a', say('needle again'));
        throw new Error('taken back');
      }),
    ).toThrow();
    expect(await store.hits('needle')).toEqual(['needle']);
    store.delete('agent:main:a');
    expect(await store.hits('needle')).toEqual([]);
    const left = (table: string) => store.database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n;
    expect([left('message_places'), left('message_words_docsize')]).toEqual([0, 0]);
  });

  it('finds what is newest although the index follows, also after conversations that were newest before are gone', async () => {
    await using store = await talk({ a: ['needle one'], b: ['needle two'] });
    const words = () => store.database.prepare('SELECT count(*) AS n FROM message_words_docsize').get()?.n;
    expect(words()).toBe(0);
    expect(await store.hits('needle')).toHaveLength(2);
    expect(words()).toBe(2);
    store.delete('agent:main:b');
    store.append('agent:main:a', answer('needle three'));
    store.append(store.ensure('agent:main:c').row.key, say('needle four'));
    store.delete('agent:main:c');
    store.append('agent:main:a', say('needle five'));
    expect((await store.hits('needle')).sort()).toEqual(['needle five', 'needle one', 'needle three']);
    store.startUpkeep(quiet);
    store.append('agent:main:a', say('needle six'));
    await expect.poll(words).toBe(4);
  });

  it('goes on with the index where it was when the gateway went down', async () => {
    await using folder = await scratch();
    const open = () => openStore(folder.path);
    const { key } = await (async () => {
      await using store = await open();
      const { row } = store.ensure('agent:main:a');
      store.append(row.key, say('needle one'));
      await store.search({ query: 'needle', limit: 1 });
      for (let n = 2; n < 200; n++) store.append(row.key, say(`needle ${n}`));
      return row;
    })();
    await using store = await open();
    store.startUpkeep(quiet);
    const words = 'SELECT count(*) AS n FROM message_words_docsize';
    await expect.poll(() => store.database.prepare(words).get()?.n).toBe(199);
    store.append(key, say('needle 200'));
    for (const n of ['one', '2', '77', '199', '200'])
      expect((await store.search({ query: `"needle ${n}"`, limit: 5 })).results).toHaveLength(1);
    const check = "INSERT INTO message_words (message_words) VALUES ('integrity-check')";
    expect(() => store.database.prepare(check).run()).not.toThrow();
  });

  it('does not know conversations that nobody named, until they are kept', async () => {
    await using store = await talk({});
    store.append(store.ensure('agent:main:http:1', { transient: true }).row.key, say('needle'));
    expect(await store.search({ query: 'needle', limit: 5 })).toEqual({ results: [] });
    store.startUpkeep(quiet);
    store.ensure('agent:main:http:1');
    await expect.poll(() => store.hits('needle')).toEqual(['needle']);
  });

  it('indexes what an older gateway wrote, step by step, and says so meanwhile', async () => {
    await using store = await talk({ a: Array.from({ length: 450 }, (_, at) => `old needle ${at}`) });
    store.database.write(() => {
      store.database.prepare('DELETE FROM message_places').run();
      store.database.prepare('UPDATE sessions SET backlog_seq = last_seq').run();
    });
    store.append('agent:main:a', say('new needle'));
    expect(await store.search({ query: 'needle', limit: 5 })).toMatchObject({
      indexing: true,
      results: [{ snippet: 'new needle' }],
    });
    const old = store.history('agent:main:a', { limit: 1, offset: 440 }).messages[0];
    const request = { limit: 1, offset: 0, maxChars: 100, messageId: old?.__openclaw.id };
    expect(store.page('agent:main:a', request).messages).toEqual([old]);
    store.startUpkeep(quiet);
    await expect.poll(async () => (await store.search({ query: 'needle', limit: 5 })).indexing).toBeUndefined();
    expect(await store.hits('449')).toEqual(['old needle 449']);
    expect(await store.hits('"needle 0"')).toEqual(['old needle 0']);
    expect(store.page('agent:main:a', request).messages).toEqual([old]);
    // The newest of equals comes first, whenever it was indexed.
    expect((await store.hits('needle'))[0]).toBe('new needle');
    const places = 'SELECT count(*) AS n FROM message_places';
    expect(store.database.prepare(places).get()?.n).toBe(451);
  });

  it('reads a long message as far as it is searchable', async () => {
    await using store = await talk({ a: [`early ${'x '.repeat(maxIndexedChars / 2)} late`] });
    expect(await store.hits('early')).toHaveLength(1);
    expect(await store.hits('late')).toEqual([]);
  });
});
