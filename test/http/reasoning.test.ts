import { describe, expect, it } from 'vitest';
import type { ModelEvent } from '../../server/models/provider.ts';
import { callTool, type Script, say, usage } from '../scripted-model.ts';
import { ask as askChat, weather as chatTool, choiceOf, deltasOf } from './asked-chat.ts';
import { answerTo, ask, readTyped, weather } from './asked-responses.ts';
import { openHouse, readError } from './house.ts';

const script =
  (...events: ModelEvent[]): Script =>
  () => [...events];
const thought = (delta: string): ModelEvent => ({ type: 'reasoning', delta });
const text = (delta: string): ModelEvent => ({ type: 'text', delta });
const call = (name: string, id: string): ModelEvent => ({ type: 'toolCall', id, name, arguments: {} });
const finish = (reason: 'stop' | 'toolCalls' | 'length' = 'stop'): ModelEvent => ({ type: 'finish', reason, usage });

/** Thinks, uses a tool of the agent's own, thinks again, answers. */
const twoTurns = [
  script(thought('Which '), thought('sessions?'), call('sessions_list', 'own-1'), finish('toolCalls')),
  script(thought('None.'), text('You have '), text('none.'), finish()),
];

describe('what a model tells of its reasoning', () => {
  it('stands beside the answer of a chat completion, never in it', async () => {
    await using house = await openHouse(twoTurns);
    expect((await choiceOf(house, {})).message).toEqual({
      role: 'assistant',
      content: 'You have none.',
      refusal: null,
      reasoning_content: 'Which sessions?\n\nNone.',
    });
    await using quiet = await openHouse(say('hi'));
    expect((await choiceOf(quiet, {})).message).not.toHaveProperty('reasoning_content');
  });

  it('streams as deltas of its own', async () => {
    await using house = await openHouse(twoTurns);
    const [deltas, reason] = await deltasOf(house, {});
    expect(deltas).toEqual([
      { role: 'assistant', content: '', refusal: null },
      { reasoning_content: 'Which ' },
      { reasoning_content: 'sessions?' },
      { reasoning_content: '\n\nNone.' },
      { content: 'You have ' },
      { content: 'none.' },
      {},
    ]);
    expect(reason).toBe('stop');
  });

  it('is not streamed before a call that the model must make and does not', async () => {
    await using house = await openHouse(script(thought('I will not.'), text('No.'), finish()));
    for (const stream of [true, false]) {
      const answer = await askChat(house, { tools: [chatTool], tool_choice: 'required', stream });
      expect(await readError(answer)).toMatchObject({ status: 502, code: 'tool_choice_not_honoured' });
    }
  });

  it('is a reasoning item of a response, one for each turn, in its place', async () => {
    await using house = await openHouse(twoTurns);
    const { output, output_text } = await answerTo(house, {});
    expect(output).toEqual([
      {
        id: expect.stringMatching(/^rs_[0-9a-f]{32}_0$/),
        type: 'reasoning',
        status: 'completed',
        summary: [{ type: 'summary_text', text: 'Which sessions?' }],
        encrypted_content: null,
      },
      expect.objectContaining({ type: 'reasoning', summary: [{ type: 'summary_text', text: 'None.' }] }),
      expect.objectContaining({ type: 'message', content: [expect.objectContaining({ text: 'You have none.' })] }),
    ]);
    expect(output_text).toBe('You have none.');
    const back = await answerTo(house, { input: [...output, { role: 'user', content: 'Sure?' }] });
    expect(back.status).toBe('completed');
  });

  it('streams as the published events of a summary', async () => {
    await using house = await openHouse(script(thought('Hm'), thought('m.'), text('Yes.'), finish()));
    const events = await readTyped(await ask(house, { stream: true }));
    expect(events.map(({ type }) => type.replace('response.', ''))).toEqual([
      'created',
      'in_progress',
      'output_item.added',
      'reasoning_summary_part.added',
      'reasoning_summary_text.delta',
      'reasoning_summary_text.delta',
      'reasoning_summary_text.done',
      'reasoning_summary_part.done',
      'output_item.done',
      'output_item.added',
      'content_part.added',
      'output_text.delta',
      'output_text.done',
      'content_part.done',
      'output_item.done',
      'completed',
    ]);
    const place = { item_id: expect.stringMatching(/^rs_/), output_index: 0, summary_index: 0 };
    expect(events.slice(3, 8)).toEqual([
      { ...place, type: expect.any(String), part: { type: 'summary_text', text: '' }, sequence_number: 3 },
      { ...place, type: expect.any(String), delta: 'Hm', sequence_number: 4 },
      { ...place, type: expect.any(String), delta: 'm.', sequence_number: 5 },
      { ...place, type: expect.any(String), text: 'Hmm.', sequence_number: 6 },
      { ...place, type: expect.any(String), part: { type: 'summary_text', text: 'Hmm.' }, sequence_number: 7 },
    ]);
  });
});

describe('the order of a response’s output', () => {
  const mixed = [
    script(thought('a'), text('One.'), call('sessions_list', 'own-1'), finish('toolCalls')),
    script(
      text('Two.'),
      thought('b'),
      text('Three.'),
      call('weather', 'c1'),
      call('weather', 'c2'),
      finish('toolCalls'),
    ),
  ];
  const kinds = ['reasoning', 'message', 'reasoning', 'message', 'function_call', 'function_call'];

  it('is the one in which things came, streamed or not', async () => {
    await using house = await openHouse([...mixed, ...mixed]);
    const whole = await answerTo(house, { tools: [weather] });
    const events = await readTyped(await ask(house, { tools: [weather], stream: true }));
    const streamed = events.at(-1)?.response as typeof whole;
    expect(whole.output.map(({ type }) => type)).toEqual(kinds);
    expect(whole.output_text).toBe('One.\n\nTwo.Three.');

    const plain = (answer: typeof whole) =>
      JSON.parse(JSON.stringify(answer).replaceAll(/(resp|msg|rs|fc)_[0-9a-f]{32}/g, '$1'), (key, value) =>
        key.endsWith('_at') ? 0 : value,
      );
    expect(plain(streamed)).toEqual(plain(whole));

    const done = events.filter(({ type }) => type === 'response.output_item.done');
    expect(done.map(({ item }) => item)).toEqual(streamed.output);
    expect(done.map(({ output_index }) => output_index)).toEqual(kinds.map((_, index) => index));
  });

  it('is told by numbers and ids that agree with each other', async () => {
    await using house = await openHouse(mixed);
    const events = await readTyped(await ask(house, { tools: [weather], stream: true }));
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index));
    const open = new Map<unknown, unknown>();
    for (const event of events) {
      const { id } = (event.item ?? {}) as { id?: string };
      if (event.type === 'response.output_item.added') open.set(event.output_index, id);
      else if (event.type === 'response.output_item.done') {
        expect(open.get(event.output_index)).toBe(id);
        open.delete(event.output_index);
      } else if (event.item_id !== undefined) expect(open.get(event.output_index)).toBe(event.item_id);
      expect(open.size).toBeLessThanOrEqual(1);
    }
    expect(open.size).toBe(0);
  });

  it('has no message where the model only called, and a cut one where it was cut', async () => {
    await using house = await openHouse([
      callTool('weather'),
      script(thought('a'), text('half'), finish('length')),
      script(thought('only thou'), finish('length')),
    ]);
    expect((await answerTo(house, { tools: [weather] })).output.map(({ type }) => type)).toEqual(['function_call']);
    const cut = await answerTo(house, {});
    expect(cut).toMatchObject({ status: 'incomplete', output: [{ status: 'completed' }, { status: 'incomplete' }] });
    expect(await answerTo(house, {})).toMatchObject({ status: 'incomplete', output: [{ status: 'incomplete' }] });
  });
});
