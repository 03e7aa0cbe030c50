import { describe, expect, it } from 'vitest';
import { callTool, hold, say, usage } from '../scripted-model.ts';
import { type Answer, answerTo, ask, given, type Item, readTyped, weather } from './asked-responses.ts';
import { openHouse, readError } from './house.ts';

describe('a response in one piece', () => {
  it('has every member, null where there is nothing to say', async () => {
    await using house = await openHouse(say('Hello ', 'there.'));
    expect(await answerTo(house, {})).toEqual({
      id: expect.stringMatching(/^resp_[0-9a-f]{32}$/),
      object: 'response',
      created_at: expect.any(Number),
      completed_at: expect.any(Number),
      status: 'completed',
      error: null,
      incomplete_details: null,
      model: 'openclaw',
      output: [
        {
          id: expect.stringMatching(/^msg_/),
          type: 'message',
          status: 'completed',
          role: 'assistant',
          content: [{ type: 'output_text', text: 'Hello there.', annotations: [], logprobs: [] }],
        },
      ],
      output_text: 'Hello there.',
      usage: {
        input_tokens: 3,
        input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
        output_tokens: 5,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: 8,
      },
      access_programs: null,
      background: false,
      conversation: null,
      instructions: null,
      max_output_tokens: null,
      max_tool_calls: null,
      metadata: {},
      moderation: null,
      parallel_tool_calls: true,
      previous_response_id: null,
      prompt: null,
      prompt_cache_key: null,
      prompt_cache_retention: null,
      reasoning: { effort: null, summary: null },
      safety_identifier: null,
      service_tier: 'default',
      temperature: null,
      text: { format: { type: 'text' } },
      tool_choice: 'auto',
      tools: [],
      top_logprobs: null,
      top_p: null,
      truncation: 'disabled',
      user: null,
    });
  });

  it('repeats what was asked for, and passes it on', async () => {
    await using house = await openHouse(say('{}'));
    const schema = { type: 'object', properties: { a: { type: 'string' } } };
    const asked = {
      instructions: 'Be brief.',
      tools: [weather],
      tool_choice: 'auto',
      parallel_tool_calls: false,
      max_output_tokens: 9,
      temperature: 0.5,
      top_p: 0.9,
      text: { format: { type: 'json_schema', name: 'answer', schema, strict: true }, verbosity: 'low' },
      reasoning: { effort: 'minimal', summary: 'auto' },
      metadata: { trip: 'one' },
      store: true,
      include: ['reasoning.encrypted_content'],
      service_tier: 'auto',
      prompt_cache_key: 'k',
      safety_identifier: 's',
      truncation: 'auto',
      user: 'ann',
    };
    const { tools, service_tier, store, include, ...same } = asked;
    expect(await answerTo(house, asked)).toMatchObject({ ...same, tools: [{ ...weather, description: null }] });
    const request = given(house);
    expect(request).toMatchObject({
      thinking: 'minimal',
      parallelToolCalls: false,
      sampling: { maxOutputTokens: 9, temperature: 0.5, topP: 0.9 },
      responseFormat: { type: 'json', name: 'answer', schema, strict: true },
    });
    expect(request.system).toContain('Be brief.');
  });

  it('keeps text before a tool call as an item of its own, and makes none where there is no text', async () => {
    await using house = await openHouse([
      function* () {
        yield { type: 'text', delta: 'Looking.' };
        yield { type: 'toolCall', id: 'call-1', name: 'weather', arguments: { city: 'Graz' } };
        yield { type: 'toolCall', id: 'call-2', name: 'weather', arguments: {} };
        yield { type: 'finish', reason: 'toolCalls', usage };
      },
      callTool('weather'),
    ]);
    const { output, status } = await answerTo(house, { tools: [weather] });
    expect(status).toBe('completed');
    expect(output).toMatchObject([
      { type: 'message', content: [{ text: 'Looking.' }] },
      { type: 'function_call', call_id: 'call-1', name: 'weather', arguments: '{"city":"Graz"}', status: 'completed' },
      { type: 'function_call', call_id: 'call-2', arguments: '{}' },
    ]);
    expect(new Set(output.map(({ id }) => id)).size).toBe(3);
    const bare = await answerTo(house, { tools: [weather] });
    expect(bare.output.map(({ type }) => type)).toEqual(['function_call']);
  });

  it.each([
    ['length', 'max_output_tokens'],
    ['contentFilter', 'content_filter'],
  ] as const)('is incomplete when it was cut off: %s', async (reason, told) => {
    await using house = await openHouse(function* () {
      yield { type: 'text', delta: 'half' };
      yield { type: 'finish', reason, usage };
    });
    const answer = await answerTo(house, {});
    expect(answer).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: told },
      completed_at: null,
      output: [{ status: 'incomplete' }],
    });
  });

  it('is an HTTP error when the model fails', async () => {
    await using house = await openHouse(function* () {
      const failure = { message: 'too long', provider: 'test', model: 'one', retryable: false } as const;
      yield { type: 'failure', failure: { kind: 'context_length', ...failure } };
    });
    for (const stream of [false, true]) {
      const error = await readError(await ask(house, { stream }));
      expect(error).toMatchObject({ status: 400, code: 'context_length_exceeded' });
    }
  });
});

describe('a streamed response', () => {
  it('tells a text in the published order', async () => {
    await using house = await openHouse(say('Hel', 'lo "you"\n'));
    const answer = await ask(house, { stream: true });
    expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const events = await readTyped(answer);
    expect(events.map(({ type }) => type)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index));
    const [created, , added, partAdded, delta, , textDone, partDone, itemDone, completed] = events;
    expect(created).toMatchObject({ response: { status: 'in_progress', output: [], usage: null, completed_at: null } });
    expect(added).toMatchObject({ output_index: 0, item: { type: 'message', status: 'in_progress', content: [] } });
    const place = { item_id: (added?.item as Item | undefined)?.id, output_index: 0, content_index: 0 };
    expect(partAdded).toMatchObject({ ...place, part: { type: 'output_text', text: '', annotations: [] } });
    expect(delta).toEqual({ type: delta?.type, ...place, delta: 'Hel', logprobs: [], sequence_number: 4 });
    expect(textDone).toMatchObject({ ...place, text: 'Hello "you"\n' });
    expect(partDone).toMatchObject({ ...place, part: { text: 'Hello "you"\n' } });
    expect(itemDone).toMatchObject({ output_index: 0, item: { status: 'completed' } });
    expect(completed).toMatchObject({
      response: {
        status: 'completed',
        output: [itemDone?.item],
        output_text: 'Hello "you"\n',
        usage: { total_tokens: 8 },
      },
    });
  });

  it('tells tool calls in the published order, without an empty message', async () => {
    await using house = await openHouse(function* () {
      yield { type: 'toolCall', id: 'call-1', name: 'weather', arguments: { city: 'Graz' } };
      yield { type: 'toolCall', id: 'call-2', name: 'weather', arguments: {} };
      yield { type: 'finish', reason: 'toolCalls', usage };
    });
    const events = await readTyped(await ask(house, { stream: true, tools: [weather] }));
    const call = [
      'response.output_item.added',
      'response.function_call_arguments.delta',
      'response.function_call_arguments.done',
      'response.output_item.done',
    ];
    const types = ['response.created', 'response.in_progress', ...call, ...call, 'response.completed'];
    expect(events.map(({ type }) => type)).toEqual(types);
    expect(events[2]).toMatchObject({
      output_index: 0,
      item: { type: 'function_call', arguments: '', call_id: 'call-1' },
    });
    expect(events[3]).toMatchObject({ output_index: 0, delta: '{"city":"Graz"}' });
    expect(events[6]).toMatchObject({ output_index: 1, item: { call_id: 'call-2' } });
    expect((events.at(-1)?.response as Answer | undefined)?.output).toEqual([events[5]?.item, events[9]?.item]);
  });

  it('closes the text before a tool call', async () => {
    await using house = await openHouse(function* () {
      yield { type: 'text', delta: 'Looking.' };
      yield { type: 'toolCall', id: 'call-1', name: 'weather', arguments: {} };
      yield { type: 'finish', reason: 'toolCalls', usage };
    });
    const events = await readTyped(await ask(house, { stream: true, tools: [weather] }));
    const items = events.filter(({ type }) => type.startsWith('response.output_item'));
    expect(items.map(({ type, output_index }) => `${type} ${output_index}`)).toEqual([
      'response.output_item.added 0',
      'response.output_item.done 0',
      'response.output_item.added 1',
      'response.output_item.done 1',
    ]);
  });

  it('ends in response.incomplete when it was cut off, in response.failed when the model failed', async () => {
    await using cut = await openHouse(function* () {
      yield { type: 'text', delta: 'half' };
      yield { type: 'finish', reason: 'length', usage };
    });
    const incomplete = (await readTyped(await ask(cut, { stream: true }))).at(-1);
    expect(incomplete).toMatchObject({
      type: 'response.incomplete',
      response: { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
    });
    await using broken = await openHouse(function* () {
      yield { type: 'text', delta: 'half' };
      const failure = { message: 'it died', provider: 'test', model: 'one', retryable: true } as const;
      yield { type: 'failure', failure: { kind: 'unavailable', ...failure } };
    });
    const failed = (await readTyped(await ask(broken, { stream: true }))).at(-1);
    expect(failed).toMatchObject({
      type: 'response.failed',
      response: {
        status: 'failed',
        error: { code: 'server_error', message: 'it died' },
        output: [{ status: 'incomplete', content: [{ text: 'half' }] }],
      },
    });
  });

  it('ends its run when the caller goes away', async () => {
    const slow = hold('begun', 'never');
    await using house = await openHouse(slow.script);
    const leaving = new AbortController();
    const headers = { 'x-openclaw-session-key': 'talk' };
    const answer = await house.ask('/v1/responses', {
      body: { input: 'x', stream: true },
      headers,
      signal: leaving.signal,
    });
    await slow.begun;
    const [run] = house.rooms.runs.liveIn('agent:main:talk');
    leaving.abort();
    await expect(answer.text()).rejects.toThrow();
    expect(await run?.ended).toMatchObject({ status: 'aborted', stopReason: 'disconnect' });
  });
});
