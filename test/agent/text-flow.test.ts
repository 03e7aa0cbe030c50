import { describe, expect, it } from 'vitest';
import { createTextFlow } from '../../server/agent/text-flow.ts';

describe('a text flow', () => {
  it('does not join short answers, and gives every piece with the text so far', () => {
    const emitted: [string, string][] = [];
    const flow = createTextFlow((delta, text) => emitted.push([delta, text]));
    for (let i = 0; i < 100; i++) flow.push('word ');
    expect(emitted).toHaveLength(100);
    expect(emitted.at(-1)).toEqual(['word ', 'word '.repeat(100)]);
  });

  it('stays within a bounded multiple of a long text, and loses nothing', () => {
    let bytes = 0;
    let joined = '';
    const flow = createTextFlow((delta, text) => {
      bytes += text.length;
      joined += delta;
    });
    const words = 20_000;
    for (let i = 0; i < words; i++) flow.push('word ');
    flow.flush();
    expect(joined).toBe('word '.repeat(words));
    expect(bytes).toBeLessThan(joined.length * 130);
  });

  it('that is patient joins what comes in quick succession, and gives it without being asked', async () => {
    const emitted: [string, string][] = [];
    const flow = createTextFlow((delta, text) => emitted.push([delta, text]), true);
    for (let i = 0; i < 100; i++) flow.push('word ');
    expect(emitted).toEqual([]);
    await expect.poll(() => emitted).toEqual([['word '.repeat(100), 'word '.repeat(100)]]);
    flow.push('more');
    flow.flush();
    expect(emitted.at(-1)).toEqual(['more', `${'word '.repeat(100)}more`]);
  });
});
