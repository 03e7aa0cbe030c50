import { describe, expect, it } from 'vitest';
import { createStability } from '../../server/health/stability.ts';

describe('the record of stability', () => {
  it('is empty at first', () => {
    expect(createStability().read({ limit: 50 })).toMatchObject({ capacity: 1000, count: 0, dropped: 0, events: [] });
  });

  it('numbers what it is told, and loses the oldest', () => {
    const { record, read } = createStability(3);
    for (const type of ['a', 'b', 'a', 'b', 'a']) record({ type });
    const all = read({ limit: 50 });
    expect(all).toMatchObject({ count: 3, dropped: 2, firstSeq: 3, lastSeq: 5 });
    expect(all.events.map(({ seq, type }) => `${seq}${type}`)).toEqual(['3a', '4b', '5a']);
    expect(all.summary.byType).toEqual({ a: 2, b: 1 });
  });

  it('gives the newest that pass, oldest first', () => {
    const { record, read } = createStability();
    for (let index = 1; index <= 10; index++) record({ type: index % 2 ? 'odd' : 'even' });
    const seqs = (query: Parameters<typeof read>[0]) => read(query).events.map(({ seq }) => seq);
    expect(seqs({ limit: 2 })).toEqual([9, 10]);
    expect(seqs({ limit: 2, type: 'odd' })).toEqual([7, 9]);
    expect(seqs({ limit: 50, sinceSeq: 8 })).toEqual([9, 10]);
    expect(seqs({ limit: 50, sinceSeq: 99 })).toEqual([]);
  });

  it('counts the same again within a second instead of losing everything else', () => {
    const { record, read } = createStability();
    record({ type: 'gateway.restart' });
    for (let index = 0; index < 5000; index++) record({ type: 'request.busy', action: 'rejected' });
    record({ type: 'request.busy', action: 'closed' });
    expect(read({ limit: 50 }).events.map(({ type, count }) => [type, count])).toEqual([
      ['gateway.restart', undefined],
      ['request.busy', 5000],
      ['request.busy', undefined],
    ]);
  });

  it('adds up large payloads by where they were', () => {
    const { record, read } = createStability();
    record({ type: 'payload.large', surface: 'a', count: 3 });
    record({ type: 'payload.large', surface: 'a' });
    record({ type: 'payload.large', surface: 'b' });
    expect(read({ limit: 50 }).summary.payloadLarge).toEqual({ count: 5, bySurface: { a: 4, b: 1 } });
  });
});
