import { describe, expect, it } from 'vitest';
import { createTranslator } from '../../sdk/client/translate.ts';
import type { RunEvent } from '../../sdk/index.node.ts';

/** Plays events of one run into a translator. */
function play(events: [stream: string, data: RunEvent['data']][]) {
  const translator = createTranslator();
  return events.map(([stream, data], index) => {
    const event = { runId: 'r', seq: index + 1, stream, ts: 1, data, sessionKey: 's', agentId: 'a' };
    const step = translator.translate(event, false);
    if (!step) return undefined;
    const { runId: _, seq: __, ts: ___, ...rest } = step;
    return rest;
  });
}

describe('the text of a run', () => {
  it('is told as what is new, whatever the gateway has joined', () => {
    const steps = play([
      ['assistant', { text: 'ab', delta: 'ab', itemId: '1' }],
      // Joined behind our back: its delta has what was told already.
      ['assistant', { text: 'abcd', delta: 'bcd', itemId: '1' }],
      ['assistant', { text: 'abcd', delta: '', itemId: '1' }],
    ]);
    expect(steps).toEqual([
      { type: 'text', delta: 'ab', text: 'ab', itemId: '1' },
      { type: 'text', delta: 'cd', text: 'abcd', itemId: '1' },
      undefined,
    ]);
  });

  it('begins anew with each message, and is replaced when it does not continue', () => {
    const steps = play([
      ['assistant', { text: 'one', delta: 'one', itemId: '1' }],
      ['assistant', { text: 'two', delta: 'two', itemId: '2' }],
      ['assistant', { text: 'other', delta: 'other', itemId: '2' }],
    ]);
    expect(steps.slice(1)).toEqual([
      { type: 'text', delta: 'two', text: 'two', itemId: '2' },
      { type: 'text', delta: 'other', text: 'other', itemId: '2', replace: true },
    ]);
  });

  it('is added up where only deltas come', () => {
    const steps = play([
      ['assistant', { delta: 'a' }],
      ['assistant', { delta: 'b' }],
    ]);
    expect(steps).toEqual([
      { type: 'text', delta: 'a', text: 'a' },
      { type: 'text', delta: 'b', text: 'ab' },
    ]);
  });

  it('is only the delta for who begins in the middle', () => {
    expect(play([['assistant', { text: 'long before, now', delta: ', now', itemId: '1' }]])).toEqual([
      { type: 'text', delta: ', now', text: 'long before, now', itemId: '1' },
    ]);
  });
});

describe('other events of a run', () => {
  it('have a step of their own, or are handed on as they are', () => {
    const steps = play([
      ['run_status', { phase: 'preparing_context' }],
      ['lifecycle', { phase: 'start', startedAt: 1 }],
      ['lifecycle', { phase: 'fallback_step', from: 'a', to: 'b' }],
      ['lifecycle', { phase: 'finishing' }],
      ['lifecycle', { phase: 'end' }],
      ['usage', { outputTokens: 3 }],
    ]);
    expect(steps.slice(0, 5)).toEqual([
      { type: 'status', status: 'preparing_context' },
      { type: 'status', status: 'started' },
      { type: 'status', status: 'fallback' },
      { type: 'status', status: 'finishing' },
      undefined,
    ]);
    expect(steps[5]).toMatchObject({ type: 'other', event: { stream: 'usage', data: { outputTokens: 3 } } });
  });
});
