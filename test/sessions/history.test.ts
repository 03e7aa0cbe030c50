import { describe, expect, it } from 'vitest';
import type { ChatMessage } from '../../sdk/protocol/message.ts';
import { toText } from '../../sdk/protocol/text.ts';
import type { LookBack } from '../../server/sessions/history.ts';
import { answer, openStore, say } from './open-store.ts';

const key = 'agent:main:main';
const ask = { limit: 200, offset: 0, maxChars: 500_000 };
const mega = (letter: string) => letter.repeat(1024 * 1024);

async function talk(...texts: string[]) {
  const store = await openStore();
  store.ensure(key);
  for (const [at, text] of texts.entries()) store.append(key, at % 2 === 0 ? say(text) : answer(text));
  const page = (request: Partial<typeof ask & { messageId: string }>) => store.page(key, { ...ask, ...request });
  const texts_ = (request: Parameters<typeof page>[0]) => page(request).messages.map(toText);
  return Object.assign(store, { read: page, texts: texts_ });
}

describe('a page of a transcript', () => {
  it('goes on where the last one ended, without holes', async () => {
    await using store = await talk('1', '2', '3', '4', '5');
    const seen: string[] = [];
    let offset: number | undefined = 0;
    while (offset !== undefined) {
      const { messages, nextOffset, total } = store.read({ limit: 2, offset });
      expect(total).toBe(5);
      seen.unshift(...messages.map(toText));
      offset = nextOffset;
    }
    expect(seen).toEqual(['1', '2', '3', '4', '5']);
    expect(store.read({ offset: 99 })).toEqual({ messages: [], total: 5, nextOffset: undefined });
  });

  it('holds no more than an answer may, and all pages together everything', async () => {
    await using store = await talk(...['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(mega));
    const first = store.read({});
    expect(first.messages.map((row) => toText(row).slice(0, 1))).toEqual(['e', 'f', 'g']);
    expect(first.nextOffset).toBe(3);
    expect(first.messages[0]?.__openclaw.truncated).toBe(true);
    const second = store.read({ offset: first.nextOffset ?? 0 });
    expect(second.messages.map((row) => toText(row).slice(0, 1))).toEqual(['b', 'c', 'd']);
    expect(store.read({ maxChars: 10 }).messages).toHaveLength(7);
  });

  it('answers a row that is too large by its beginning, marked', async () => {
    const image = { type: 'image' as const, mimeType: 'image/png', data: 'A'.repeat(3 * 1024 * 1024) };
    await using store = await talk(`start ${mega('x')}${mega('y')}${mega('z')}`);
    store.append(key, { role: 'user', content: [image] });
    store.append(key, { role: 'user', content: [{ type: 'text', text: 'look' }, image], runId: 'r' });
    const [long, picture, both] = store.read({ maxChars: 100 }).messages;
    expect(toText(long ?? say(''))).toMatch(/^start x{94}$/);
    expect(long?.__openclaw).toMatchObject({ truncated: true, reason: 'oversized', seq: 1 });
    expect(picture?.content).toEqual([{ type: 'text', text: '[chat.history omitted: message too large]' }]);
    expect(both).toMatchObject({ content: [{ type: 'text', text: 'look' }], __openclaw: { runId: 'r' } });
    // What a run reads is whole.
    expect(store.history(key, { limit: 10, offset: 0 }).messages[1]?.content).toEqual([image]);
  });

  it('is looked back on as far as is wanted, a slice at a time', async () => {
    const texts = Array.from({ length: 120 }, (_, n) => `${n} ${'x'.repeat(5000)}`);
    await using store = await talk(...texts);
    const seen: string[] = [];
    const look = async (how: Partial<LookBack>) => {
      const { messages, isCut } = await store.lookBack(key, { from: 0, maxRows: 1000, isEnough: () => false, ...how });
      const numbers = messages.map((row) => Number(toText(row).split(' ')[0]));
      return { first: numbers[0], count: numbers.length, last: numbers.at(-1), isCut };
    };
    expect(await look({})).toEqual({ first: 0, count: 120, last: 119, isCut: false });
    expect(await look({ maxRows: 70 })).toEqual({ first: 50, count: 70, last: 119, isCut: true });
    expect(await look({ from: 111 })).toEqual({ first: 110, count: 10, last: 119, isCut: false });
    const isEnough = (row: ChatMessage) => seen.push(toText(row)) === 60;
    expect(await look({ isEnough })).toEqual({ first: 60, count: 60, last: 119, isCut: true });
    expect(seen).toEqual(texts.slice(60).reverse());
    const meanwhile = look({});
    store.append(key, say('120'));
    expect(await meanwhile).toMatchObject({ count: 120, last: 119 });
    store.reset(key, 'reset');
    store.append(key, say('121'));
    expect(await look({})).toMatchObject({ count: 2, last: 121, isCut: false });
    expect(await store.lookBack('agent:main:none', { from: 0, maxRows: 1, isEnough: () => false })).toEqual({
      messages: [],
      isCut: false,
    });
  });

  it('cuts texts between characters, and marks them', async () => {
    await using store = await talk('ab🙂cd');
    const [cut] = store.read({ maxChars: 3 }).messages;
    expect(toText(cut ?? say('')).isWellFormed()).toBe(true);
    expect(cut?.__openclaw.truncated).toBe(true);
    expect(store.read({ maxChars: 6 }).messages[0]?.__openclaw).not.toHaveProperty('truncated');
  });

  it('is found around a message by its id, on its side of a reset', async () => {
    await using store = await talk('1', '2', '3', '4', '5');
    const idOf = (text: string) =>
      store.history(key, { limit: 10, offset: 0 }).messages.find((row) => toText(row) === text)?.__openclaw.id ?? '';
    const [three, five] = [idOf('3'), idOf('5')];
    expect(store.texts({ messageId: three, limit: 3 })).toEqual(['2', '3', '4']);
    const around = store.read({ messageId: three, limit: 3 });
    expect(store.texts({ offset: around.nextOffset ?? 0, limit: 10 })).toEqual(['1']);
    expect(store.read({ messageId: 'nobody' })).toMatchObject({ messages: [], nextOffset: undefined });
    store.reset(key, 'reset');
    store.append(key, say('6'));
    expect(store.texts({ messageId: five, limit: 10 })).toEqual(['1', '2', '3', '4', '5']);
    expect(store.texts({ messageId: idOf('6'), limit: 10 })).toEqual(['The conversation was reset.', '6']);
    store.ensure('agent:main:other');
    expect(store.page('agent:main:other', { ...ask, messageId: five }).messages).toEqual([]);
  });

  it('after a cursor is as it was told, and asks to start over when too much is new', async () => {
    await using store = await talk('1');
    const cursor = store.cursor(key);
    store.append(key, answer('2'));
    expect(store.historyAfter(key, cursor)).toMatchObject([
      {
        sessionKey: key,
        agentId: 'main',
        messageSeq: 2,
        messageId: expect.any(String),
        message: { role: 'assistant' },
      },
    ]);
    for (let at = 0; at < 200; at++) store.append(key, say('more'));
    expect(store.historyAfter(key, cursor)).toBeUndefined();
    const later = store.cursor(key);
    store.append(key, say(mega('x')));
    expect(store.historyAfter(key, later)).toBeUndefined();
    expect(store.historyAfter('agent:main:none', later)).toBeUndefined();
  });

  it('is previewed by the newest words of people and agents', async () => {
    await using store = await talk('one', 'two', `${mega('x')}${mega('y')}${mega('z')}`, 'four  \n words');
    store.append(key, { role: 'toolResult', content: [{ type: 'text', text: 'hidden' }] });
    const { items, status } = store.preview(key, { limit: 3, maxChars: 20 });
    expect(status).toBe('ok');
    expect(items).toEqual([
      { role: 'assistant', text: 'two' },
      { role: 'user', text: `${'x'.repeat(19)}…` },
      { role: 'assistant', text: 'four words' },
    ]);
    expect(store.preview('agent:main:none', { limit: 3, maxChars: 20 })).toMatchObject({
      status: 'missing',
      items: [],
    });
    store.reset(key, 'reset');
    expect(store.preview(key, { limit: 3, maxChars: 20 }).items).toEqual([]);
  });
});
