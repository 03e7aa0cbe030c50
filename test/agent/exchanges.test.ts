import { describe, expect, it } from 'vitest';
import { toToldExchanges } from '../../server/agent/exchanges.ts';

const answerOf = (text: string) =>
  toToldExchanges([
    { role: 'user', content: [{ type: 'text', text: 'q' }] },
    { role: 'assistant', content: [{ type: 'text', text }] },
  ])[0]?.answer;

describe('an answer as a program tells it', () => {
  it.each([
    ['<think>hm\nhm</think>\nYes', 'Yes'],
    ['<details type="reasoning" done="true">\n<summary>x</summary>hm</details>\nYes <details>y</details>no', 'Yes no'],
    ['a <think>one</think>b<think>two</think>c', 'a bc'],
    ['<think>a <details>b</think> c</details> d', 'c</details> d'],
    ['so <think> is never closed', 'so <think> is never closed'],
    ['<thinking>kept</thinking> <detailsx>', '<thinking>kept</thinking> <detailsx>'],
  ])('is compared without thoughts and calls: %j', (text, answer) => {
    expect(answerOf(text)).toBe(answer);
  });

  it('costs what its length costs, whatever it is made of', () => {
    for (const piece of ['<think>', '<details ', '<details>', '</think>', ' \n', '<think></think><details>'])
      expect(answerOf(`a${piece.repeat(300_000)}b`)).toMatch(/^a[\s\S]*b$/);
  }, 10_000);
});
