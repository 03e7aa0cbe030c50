import { describe, expect, it } from 'vitest';
import type { ChatMessage } from '../../sdk/protocol/message.ts';
import { align } from '../../server/agent/alignment.ts';
import type { ModelMessage } from '../../server/models/provider.ts';

/** Rows of `q1`, `a1`, ..., numbered from 1; what begins with `a` is an answer, `!` behind it means that it broke off. */
function store(...said: string[]): ChatMessage[] {
  return said.map((text, index) => {
    const seq = index + 1;
    const isAnswer = /^a/.test(text);
    const words = text.replace(/!$/, '');
    const content = words === 'a' ? [] : [{ type: 'text' as const, text: words }];
    return {
      role: isAnswer ? 'assistant' : 'user',
      content,
      timestamp: seq,
      ...(isAnswer && { stopReason: text.endsWith('!') ? 'aborted' : 'stop' }),
      __openclaw: { id: `m${seq}`, seq, transcriptPosition: seq, recordTimestampMs: seq },
    };
  });
}

function tell(...said: string[]): ModelMessage[] {
  return said.map((text) => ({ role: /^a/.test(text) ? 'assistant' : 'user', content: [{ type: 'text', text }] }));
}

const brought = (messages: readonly ModelMessage[]) =>
  messages.map((message) =>
    'content' in message && message.content[0]?.type === 'text' ? message.content[0].text : '?',
  );

const alignment = (rows: ChatMessage[], history: ModelMessage[]) => {
  const found = align(rows, { history, answered: [] });
  return { ...found, brought: brought(found.brought) };
};

const stays = (through: number) => ({ through, isRewind: false, brought: [] });

describe('a stored conversation and one that is told', () => {
  it.each([
    ['both empty', store(), tell(), stays(0)],
    ['the same', store('q1', 'a1'), tell('q1', 'a1'), stays(2)],
    ['nothing stored', store(), tell('q1', 'a1'), { ...stays(0), brought: ['q1', 'a1'] }],
    ['more is told', store('q1', 'a1'), tell('q1', 'a1', 'q2', 'a2'), { ...stays(2), brought: ['q2', 'a2'] }],
    ['more is stored', store('q1', 'a1', 'q2', 'a2'), tell('q1', 'a1'), { through: 2, isRewind: true, brought: [] }],
    ['nothing is told', store('q1', 'a1'), tell(), { through: 0, isRewind: true, brought: [] }],
    ['another begins', store('q1', 'a1'), tell('q7', 'a7'), { through: 0, isRewind: true, brought: ['q7', 'a7'] }],
    ['the told one is cut', store('q1', 'a1', 'q2', 'a2', 'q3', 'a3'), tell('q2', 'a2', 'q3', 'a3'), stays(6)],
    ['all but the last is cut', store('q1', 'a1', 'q2', 'a2'), tell('q2', 'a2'), stays(4)],
    ['the stored one is cut', store('q2', 'a2', 'q3', 'a3'), tell('q1', 'a1', 'q2', 'a2', 'q3', 'a3'), stays(4)],
    [
      'the told one is cut and goes back',
      store('q1', 'a1', 'q2', 'a2', 'q3', 'a3', 'q4', 'a4'),
      tell('q2', 'a2', 'q3', 'a3'),
      { through: 6, isRewind: true, brought: [] },
    ],
    [
      'an answer differs in the middle',
      store('q1', 'a1', 'q2', 'a2'),
      tell('q1', 'a0', 'q2', 'a2'),
      { through: 1, isRewind: true, brought: ['a0', 'q2', 'a2'] },
    ],
    [
      'one word that is said in both by chance',
      store('q1', 'a1', 'thanks', 'a2', 'q3', 'a3'),
      tell('thanks', 'a9'),
      { through: 0, isRewind: true, brought: ['thanks', 'a9'] },
    ],
    ['a failure came last', store('q1', 'a1', 'q2', 'a!'), tell('q1', 'a1'), stays(2)],
    ['no answer came at all', store('q1', 'a1', 'q2'), tell('q1', 'a1'), stays(2)],
    ['a stopped answer comes back shorter', store('q1', 'a long one!'), tell('q1', 'a lo'), stays(2)],
    ['a stopped answer is left out', store('q1', 'a long one!'), tell('q1'), stays(2)],
    [
      'a stopped answer is asked for once more',
      store('q1', 'a1', 'q2', 'a long one!'),
      tell('q1', 'a1'),
      { through: 2, isRewind: true, brought: [] },
    ],
    ['blanks differ', store('q1  x', 'a1\n\n\nb\n'), tell('q1 x', 'a1\nb'), stays(2)],
    ['thoughts are left out', store('q1', 'a1 <think>hm</think>'), tell('q1', 'a1'), stays(2)],
    [
      'documents stood before the question',
      store('### Task:\nUse this.\n<context>text</context>\nq1', 'a1'),
      tell('q1', 'a1'),
      stays(2),
    ],
    [
      'a question is part of another',
      store('oh q1', 'a1'),
      tell('q1', 'a1'),
      { through: 0, isRewind: true, brought: ['q1', 'a1'] },
    ],
  ])('%s', (_name, rows, history, expected) => {
    expect(alignment(rows, history)).toEqual(expected);
  });

  it('are the same where the gateway used tools of its own in between', () => {
    const rows = store('q1', 'a1', 'q2', 'a2');
    const call = { type: 'toolCall' as const, id: 'c', name: 'read', arguments: {} };
    (rows[1] as ChatMessage).content = [{ type: 'text', text: 'a look' }, call];
    (rows[2] as ChatMessage).role = 'toolResult';
    expect(alignment(rows, tell('q1', 'a look\n\na2'))).toEqual(stays(4));
    expect(alignment(rows, tell('q1', 'a2'))).toEqual(stays(4));
  });

  it('are the same although marks of files differ after each start', () => {
    const file = (id: string) => `<<<UNTRUSTED id="${id}" source="file">>>\nx\n<<<END UNTRUSTED id="${id}">>>`;
    expect(alignment(store(file('0123456789abcdef'), 'a1'), tell(file('fedcba9876543210'), 'a1'))).toEqual(stays(2));
  });

  it('takes no longer for long ones than it must', () => {
    const many = Array.from({ length: 1000 }, (_, n) => [`q${n}`, `a${n}`]).flat();
    expect(align(store(...many), { history: tell(...many), answered: [] })).toEqual(stays(2000));
  });
});
