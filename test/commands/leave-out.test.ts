import { describe, expect, it } from 'vitest';
import { startTestGateway, token } from '../gateway.ts';

type Message = { role: string; content: string };

describe('commands in a conversation that a caller tells whole', () => {
  const open = async () => {
    const gateway = await startTestGateway();
    const told: Message[] = [];
    return {
      /** What the model was asked last, without instructions. */
      asked: () =>
        ((gateway.upstream.requests.at(-1)?.body.messages ?? []) as Message[])
          .filter(({ role }) => role !== 'system')
          .map(({ role, content }) => `${role}: ${content}`),
      count: () => gateway.upstream.requests.length,
      async say(content: string): Promise<string> {
        told.push({ role: 'user', content });
        const answer = await fetch(`${gateway.http}/v1/chat/completions`, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'x-openwebui-chat-id': 'c1' },
          body: JSON.stringify({ model: 'openclaw', messages: told }),
        });
        const { choices } = (await answer.json()) as { choices: { message: Message }[] };
        const text = choices[0]?.message.content ?? '';
        told.push({ role: 'assistant', content: text });
        return text;
      },
      [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
    };
  };

  it('are not told to models, nor is what was answered to them', async () => {
    await using chat = await open();
    await chat.say('one');
    expect(await chat.say('/status')).toContain('up/one');
    expect(chat.count()).toBe(1);
    await chat.say('two');
    expect(chat.asked()).toEqual(['user: one', 'assistant: Hello from upstream', 'user: two']);
  });

  it('that begin anew end what was told before', async () => {
    await using chat = await open();
    await chat.say('one');
    expect(await chat.say('/new')).toContain('new conversation');
    await chat.say('two');
    expect(chat.asked()).toEqual(['user: two']);
    await chat.say('/reset three');
    expect(chat.asked()).toEqual(['user: three']);
    await chat.say('four');
    expect(chat.asked()).toEqual(['user: three', 'assistant: Hello from upstream', 'user: four']);
  });

  it('that nobody knows are messages like others', async () => {
    await using chat = await open();
    await chat.say('/nonsense');
    await chat.say('two');
    expect(chat.asked()).toEqual(['user: /nonsense', 'assistant: Hello from upstream', 'user: two']);
  });
});
