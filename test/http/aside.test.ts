import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { type Asked, isAside } from '../../server/http/openai/aside.ts';

const judge = (asked: Partial<Asked>, headers: Record<string, string> = {}) =>
  isAside({ headers } as unknown as IncomingMessage, {
    stream: undefined,
    metadata: undefined,
    messages: [],
    ...asked,
  });

const user = (content: unknown) => ({ role: 'user', content });
const system = (content: string) => ({ role: 'system', content });

const title = '### Task:\nGenerate a title.\n<chat_history>\nUSER: Hi\n</chat_history>';

describe('a request about a conversation', () => {
  it.each([
    ['a task of Open WebUI', { messages: [user(title)], stream: false }],
    ['one in parts', { messages: [user([{ type: 'input_text', text: title }])] }],
    ['one with instructions before it', { messages: [system('Be brief.'), user(`\n${title}`)] }],
    ['an emoji of Open WebUI', { messages: [user("Your task is to reflect the speaker's likely facial expression.")] }],
    [
      'a title of LibreChat',
      { messages: [user('Provide a concise, 5-word-or-less title for the conversation, in title case.')] },
    ],
    [
      'a structured title of LibreChat',
      { messages: [user('Analyze this conversation and provide:\n1. The detected language of the conversation')] },
    ],
    [
      'a title of LobeChat, which is streamed',
      {
        messages: [
          system('You are a professional conversation summarizer. Generate a concise title that'),
          user('user: Hi'),
        ],
        stream: true,
      },
    ],
    [
      'a language that LobeChat looks for, with examples',
      {
        messages: [
          { role: 'developer', content: '你是一名精通全世界语言的语言专家，你需要' },
          user('{你好}'),
          { role: 'assistant', content: 'zh-CN' },
          user('{hi}'),
        ],
        stream: true,
      },
    ],
    [
      'one that says so',
      { messages: [user('A title, please.')], metadata: { task: 'title_generation' }, stream: true },
    ],
  ])('is %s', (_name, asked) => {
    expect(judge(asked)).toBe(true);
  });

  it('is one whose header says so, but for an empty one', () => {
    const messages = [user('A title, please.')];
    expect(judge({ messages }, { 'x-openwebui-task': 'tags_generation' })).toBe(true);
    expect(judge({ messages }, { 'x-openwebui-task': '' })).toBe(false);
  });

  it.each([
    ['a question', { messages: [user('What is a title?')] }],
    ['a task that is streamed to a person', { messages: [user(title)], stream: true }],
    [
      'a question with documents',
      { messages: [user('### Task:\nRespond to the user query using the context.\n<context>x</context>\nWhy?')] },
    ],
    ['a conversation that begins so', { messages: [user(title), { role: 'assistant', content: 'Hm.' }, user('And?')] }],
    [
      'an image',
      {
        messages: [
          user([
            { type: 'text', text: title },
            { type: 'image_url', image_url: {} },
          ]),
        ],
      },
    ],
    ['a call', { messages: [{ type: 'function_call', name: 'x' }] }],
    ['nothing but instructions', { messages: [system('Be brief.')] }],
    ['what has no task', { messages: [user('Hi')], metadata: { task: '' } }],
    ['what has other metadata', { messages: [user('Hi')], metadata: 'task' }],
  ])('is not %s', (_name, asked) => {
    expect(judge(asked)).toBe(false);
  });
});
