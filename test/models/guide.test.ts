import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGuideProvider } from '../../server/models/guide.ts';
import type { ModelEvent, ModelMessage } from '../../server/models/provider.ts';
import { ask, askOn, assistant, collect, docsDir, guide, state, user } from './guide-talk.ts';

describe('an answer', () => {
  it('quotes the passage, names page and heading, two other pages, and what to try next', async () => {
    const text = await ask('How do I bind to my LAN?');
    expect(text).toContain('> openclaw gateway --bind lan');
    expect(text).toContain('From docs/networking.md, "Bind to your LAN".');
    expect(text.match(/See also docs\/[\w-]+\.md, ".+" and docs\/[\w-]+\.md, ".+"\./)).not.toBeNull();
    expect(text).toMatch(/Try next:\n\n- .*docs\/authentication\.md/);
    expect(text).toMatch(/- Ask me: ".+"/);
  });

  it('keeps code blocks whole', async () => {
    for (const question of ['any openai-compatible server', 'nginx', 'add another agent', 'chat completions curl']) {
      const fences = (await ask(question)).match(/^> ```/gm) ?? [];
      expect(fences.length, question).toBeGreaterThan(0);
      expect(fences.length % 2, question).toBe(0);
    }
  });

  it('shows no comment of the page source', async () => {
    expect(await ask('bind')).not.toContain('<!--');
  });

  it('finds the page in spite of a slip of the pen', async () => {
    expect(await ask('what are embedings?')).toContain('From docs/openai-api.md');
  });

  it('says so when nothing matches, and lists the pages', async () => {
    const text = await askOn("What's the weather in Paris?");
    expect(text).toMatch(/^I found nothing about that/);
    expect(text).toContain('docs/networking.md: Networking');
    expect(text).not.toContain('\n>');
  });

  it('marks a weak match as uncertain', async () => {
    expect(await askOn('which gardener waters the tulips and restarts the gateway')).toMatch(/not sure|found nothing/);
  });

  it('takes a short question on as one about the topic before it', async () => {
    expect(await askOn('and on a mac?', user('how do I reach it through an ssh tunnel?'), assistant('So.'))).toContain(
      'docs/networking.md',
    );
  });

  it('greets with a short introduction and without a quotation', async () => {
    const text = await askOn('Hello!');
    expect(text).toContain('/help');
    expect(text).not.toContain('>');
  });
});

describe('live state', () => {
  it.each([
    ['what model are you using?', 'agent main uses builtin/guide (no provider was found)', 'docs/models.md'],
    ['which agents are there?', '2 agents: main (builtin/guide), writer (house/qwen)', 'docs/agents.md'],
    ['What port do you listen on?', 'ws://127.0.0.1:40404', 'docs/networking.md'],
    ['where is my config?', '/srv/oc/openclaw.json', 'docs/'],
    ['Where is the log file?', '/var/log/oc/today.log', 'docs/logs-and-health.md'],
    ['where are conversations stored on disk?', 'The state directory is /srv/oc.', 'docs/state-and-backup.md'],
    ['where is my token', '/srv/oc/gateway.token', 'docs/authentication.md'],
    ['which version is this?', '9.8.7', 'docs/'],
    ['how long have you been running?', '2 hours 5 minutes', 'docs/'],
    ['how many sessions are there', '41 sessions', 'docs/'],
    ['how many runs are active?', '2 runs working and 5 waiting', 'docs/runs.md'],
    ['how many clients are connected?', '7 client connections', 'docs/'],
    ['how much memory do you use?', '77 MB', 'docs/'],
    ['which auth mode is on?', 'mode is token', 'docs/authentication.md'],
    ['which channels are connected?', 'No channel is connected', 'docs/roadmap.md'],
  ])('answers "%s" with the value and the page', async (question, value, page) => {
    const text = await askOn(question);
    expect(text).toContain(value);
    expect(text).toContain(`From ${page}`);
  });

  it('is read anew for each answer', async () => {
    let port = 1000;
    const moving = createGuideProvider({ docsDir, live: () => ({ ...state, url: `ws://127.0.0.1:${port++}` }) });
    const messages = [user('what port do you listen on?')];
    expect((await collect({ messages }, moving)).text).toContain(':1000');
    expect((await collect({ messages }, moving)).text).toContain(':1001');
    await moving.close();
  });

  it('does not stand in for instructions', async () => {
    expect(await askOn('How do I change the port?')).not.toContain('40404');
  });
});

describe('commands', () => {
  it('/status sums up the gateway', async () => {
    const text = await askOn('/status');
    for (const value of ['9.8.7', '40404', 'writer', '41 sessions', '77 MB', '/srv/oc/openclaw.json', '/var/log/oc'])
      expect(text).toContain(value);
  });

  it('/model tells the models in use, why, and how to plug one in', async () => {
    const text = await askOn('/model');
    expect(text).toContain('agent main uses builtin/guide: no provider was found');
    expect(text).toContain('agent writer uses house/qwen: agents.entries.writer.model');
    expect(text).toContain('export OPENAI_API_KEY=');
  });

  it('/help lists commands and pages', async () => {
    const text = await askOn('/help');
    for (const value of ['/status', '/model', 'docs/security.md']) expect(text).toContain(value);
  });
});

describe('the introduction', () => {
  const introduction = /not a language model.*`export OPENAI_API_KEY=\.\.\.`.*`ANTHROPIC_API_KEY`.*Ollama.*restart/;

  it.each(['How do I bind to my LAN?', '/status', 'hi', 'zzzz'])('opens the first answer (%s)', async (question) => {
    expect(await ask(question)).toMatch(introduction);
  });

  it('is not said again', async () => {
    expect(await askOn('How do I bind to my LAN?')).not.toMatch(introduction);
  });
});

describe('the stream', () => {
  it('comes in words and ends with the usage, at four characters a token', async () => {
    const { events, text, last } = await collect({ system: 'x'.repeat(40), messages: [user('abcd')] });
    expect(events.length).toBeGreaterThan(20);
    for (const event of events.slice(0, -1)) expect(event).toMatchObject({ delta: expect.stringMatching(/^\S*\s*$/) });
    const output = Math.ceil(text.length / 4);
    expect(last).toEqual({ type: 'finish', reason: 'stop', usage: { input: 11, output, total: 11 + output } });
  });

  it('lets others work while it speaks', async () => {
    let turns = 0;
    let speaking = true;
    const count = () => {
      turns++;
      if (speaking) setImmediate(count);
    };
    setImmediate(count);
    const { events } = await collect({ messages: [user('How do I bind to my LAN?')] });
    speaking = false;
    expect(turns).toBeGreaterThanOrEqual(Math.floor(events.length / 20));
  });

  it('stops when it is told to', async () => {
    const abort = new AbortController();
    const heard: ModelEvent[] = [];
    for await (const event of guide.stream('guide', { messages: [user('How do I bind to my LAN?')] }, abort.signal)) {
      heard.push(event);
      if (heard.length === 3) abort.abort();
    }
    expect(heard).toHaveLength(3);
    expect(heard.every(({ type }) => type === 'text')).toBe(true);
  });

  it('ends at the limit of tokens and before a stop sequence', async () => {
    const messages = [user('How do I bind to my LAN?')];
    const cut = await collect({ messages, sampling: { maxOutputTokens: 5 } });
    expect(cut.text).toHaveLength(20);
    expect(cut.last).toMatchObject({ type: 'finish', reason: 'length', usage: { output: 5 } });
    const stopped = await collect({ messages, sampling: { stop: ['documentation'] } });
    expect(stopped.text).toMatch(/over the $/);
    expect(stopped.last).toMatchObject({ type: 'finish', reason: 'stop' });
  });

  it('refuses a tool that must be called, and a model it does not have', async () => {
    const required = await collect({ messages: [user('x')], toolChoice: 'required' });
    const refused = { param: 'tool_choice', code: 'unsupported_parameter' };
    expect(required.events).toMatchObject([{ type: 'failure', failure: { kind: 'bad_request', refused } }]);
    const other: ModelEvent[] = [];
    for await (const event of guide.stream('other', { messages: [] }, new AbortController().signal)) other.push(event);
    expect(other).toMatchObject([{ type: 'failure', failure: { kind: 'not_found' } }]);
  });
});

describe('JSON answers', () => {
  const messages = [user('How do I bind to my LAN?')];
  const asJson = (schema?: Record<string, unknown>) =>
    collect({ messages, responseFormat: { type: 'json', ...(schema && { schema }) } });

  it('are an object with the answer in it', async () => {
    const answer = JSON.parse((await asJson()).text);
    expect(answer).toMatchObject({ page: 'docs/networking.md', heading: 'Bind to your LAN' });
    expect(answer.answer).toContain('openclaw gateway --bind lan');
  });

  it('follow a schema that the guide can fill', async () => {
    const { text } = await asJson({
      type: 'object',
      properties: {
        response: { type: 'string' },
        source: { type: 'string' },
        references: { type: 'array', items: { type: 'string' } },
        mood: { type: 'number' },
      },
      required: ['response', 'source'],
      additionalProperties: false,
    });
    const answer = JSON.parse(text);
    expect(Object.keys(answer).sort()).toEqual(['references', 'response', 'source']);
    expect(answer.response).toContain('--bind lan');
    expect(answer.source).toBe('docs/networking.md');
  });

  it.each([
    {
      type: 'object',
      properties: { answer: { type: 'string' }, age: { type: 'number' } },
      required: ['answer', 'age'],
    },
    { type: 'object', properties: { answer: { type: 'string', enum: ['yes', 'no'] } }, required: ['answer'] },
    { type: 'object', properties: { answer: { type: 'string', maxLength: 10 } }, required: ['answer'] },
    { type: 'object', properties: { city: { type: 'string' } } },
    { $ref: '#/$defs/answer' },
  ])('refuse a schema that it cannot fill: %j', async (schema) => {
    const { events } = await asJson(schema);
    expect(events).toMatchObject([{ type: 'failure', failure: { kind: 'bad_request', retryable: false } }]);
  });
});

describe('hostile input', () => {
  it.each([
    ['"', ''],
    ['"bind" AND NOT (lan OR', 'docs/networking.md'],
    ['NEAR(lan bind, 2) *', 'docs/networking.md'],
    ['heading : token ^ * + -', 'docs/'],
    ["'; DROP TABLE sections; --", ''],
    ['{heading body} : "lan"', 'docs/networking.md'],
    ['\u0000\u0007\ufffe', ''],
    ['\ud800 lone surrogate', ''],
    ['局域网 подключение شبكة 🦞', ''],
    ['Wie binde ich an mein LÄN — “lan”?', 'docs/networking.md'],
    ['a'.repeat(200_000), ''],
    [`${'token lan port '.repeat(20_000)}`, 'docs/'],
    ['where which what '.repeat(20_000), ''],
    ['   ', ''],
  ])('%# is answered', async (question, page) => {
    const { text, last } = await collect({ messages: [user(question)] });
    expect(last).toMatchObject({ type: 'finish' });
    expect(text).toContain(page);
    expect(await ask('How do I bind to my LAN?')).toContain('From docs/networking.md');
  });

  it('has an answer for a message without text', async () => {
    const image: ModelMessage = { role: 'user', content: [{ type: 'image', mimeType: 'image/png', data: '' }] };
    expect((await collect({ messages: [image] })).text).toContain('I read text only');
    expect((await collect({ messages: [] })).last).toMatchObject({ type: 'finish' });
  });
});

describe('missing documentation', () => {
  let empty: string;
  beforeAll(async () => {
    empty = await mkdtemp(join(tmpdir(), 'guide-'));
  });
  afterAll(() => rm(empty, { recursive: true }));

  it('is a failure that names the folder', async () => {
    const nowhere = createGuideProvider({ docsDir: join(empty, 'nowhere'), live: () => state });
    const { events } = await collect({ messages: [user('hi')] }, nowhere);
    expect(events).toMatchObject([
      { type: 'failure', failure: { kind: 'unavailable', message: expect.stringContaining('nowhere') } },
    ]);
    await nowhere.close();
  });

  it('is forgotten when the pages are there at the next question', async () => {
    const late = createGuideProvider({ docsDir: empty, live: () => state });
    const messages = [user('what about zeppelins?')];
    expect((await collect({ messages }, late)).last).toMatchObject({ type: 'failure' });
    await writeFile(join(empty, 'zeppelins.md'), '# Zeppelins\n\n## Mooring\n\nTie zeppelins to the mast.\n');
    expect((await collect({ messages }, late)).text).toContain('> Tie zeppelins to the mast.');
    await late.close();
  });
});
