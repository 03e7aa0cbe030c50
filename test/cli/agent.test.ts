import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { begin, refuse, reply, startUpstream } from '../upstream.ts';
import { createHome, type Home } from './processes.ts';

describe('openclaw agent', () => {
  let home: Home;
  let upstream: Awaited<ReturnType<typeof startUpstream>>;
  beforeAll(async () => {
    upstream = await startUpstream(reply('One, ', 'two, ', 'three.'));
    home = await createHome();
    await mkdir(home.stateDir);
    const provider = {
      baseUrl: `${upstream.url}/v1`,
      api: 'openai-completions',
      apiKey: 'k',
      models: [{ id: 'up' }, { id: 'other' }],
    };
    await writeFile(
      join(home.stateDir, 'openclaw.json'),
      JSON.stringify({
        agents: { defaults: { model: 'local/up' }, entries: { main: {}, writer: {} } },
        models: { providers: { local: provider } },
      }),
    );
    await home.gateway();
  });
  afterAll(async () => {
    await home[Symbol.asyncDispose]();
    await upstream[Symbol.asyncDispose]();
  });

  it('prints the reply alone on stdout', async () => {
    expect(await home.run(['agent', '--message', 'Count.'])).toEqual({
      exitCode: 0,
      signal: null,
      stdout: 'One, two, three.\n',
      stderr: '',
    });
  });

  it('prints it as it is written', async () => {
    const go = Promise.withResolvers<void>();
    upstream.answer(
      begin('first words', async (_send, res) => {
        await go.promise;
        res.write(
          'data: {"choices":[{"index":0,"delta":{"content":", last words"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
        );
        res.end();
      }),
    );
    const started = home.start(['agent', '-m', 'Go on.']);
    await started.sees(/^first words$/);
    go.resolve();
    expect((await started.ended).stdout).toBe('first words, last words\n');
  });

  it('prints one JSON object with --json', async () => {
    upstream.answer(reply('Done.'));
    const ended = await home.run(['agent', '-m', 'Hello', '--agent', 'writer', '--session-key', 'novel', '--json']);
    expect(JSON.parse(ended.stdout)).toMatchObject({
      status: 'ok',
      text: 'Done.',
      sessionKey: 'agent:writer:novel',
      agentId: 'writer',
      provider: 'local',
      model: 'up',
      usage: { total: 12 },
    });
  });

  it('hands on model, thinking and the message from stdin', async () => {
    upstream.answer(reply('Read.'));
    const ended = await home.run(['agent', '-m', '-', '--model', 'local/other', '--thinking', 'low'], {
      input: 'From a pipe.\n',
    });
    expect(ended, ended.stderr).toMatchObject({ exitCode: 0, stdout: 'Read.\n' });
    const { body } = upstream.requests.at(-1) ?? {};
    expect(body.model).toBe('other');
    expect(JSON.stringify(body.messages.at(-1))).toContain('From a pipe.');
  });

  it('tells why a run failed', async () => {
    upstream.answer(refuse(401, 'Incorrect API key provided'));
    const ended = await home.run(['agent', '-m', 'Hello']);
    expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
    expect(ended.stderr).toContain('Incorrect API key provided');
    const json = await home.run(['agent', '-m', 'Hello', '--json']);
    expect(json.exitCode).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({
      status: 'error',
      error: { message: expect.stringContaining('Incorrect API key') },
    });
  });

  it('is told of an agent that does not exist', async () => {
    const ended = await home.run(['agent', '-m', 'Hello', '--agent', 'nobody']);
    expect(ended).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining('nobody') });
  });

  it('ends a run that takes longer than --timeout seconds', async () => {
    upstream.answer(begin('so far', () => new Promise(() => {})));
    const ended = await home.run(['agent', '-m', 'Hello', '--timeout', '1', '--json']);
    expect(ended.exitCode).toBe(1);
    expect(JSON.parse(ended.stdout)).toMatchObject({ status: 'timeout', text: 'so far' });
  });

  it('aborts the run on Ctrl-C and says so', async () => {
    const hungUp = Promise.withResolvers<void>();
    upstream.answer(
      begin('half a', (_send, res) => new Promise((resolve) => res.once('close', () => resolve(hungUp.resolve())))),
    );
    const started = home.start(['agent', '-m', 'Hello', '--session-key', 'cut']);
    await started.sees(/half a/);
    started.process.kill('SIGINT');
    const ended = await started.ended;
    expect(ended).toMatchObject({ exitCode: 1, stdout: 'half a\n' });
    expect(ended.stderr).toMatch(
      /^Aborting the run; once more to leave at once\.\nAborted; the text so far is kept in the session\.\n$/,
    );
    await hungUp.promise;
    const history = await home.run(['chat', 'history', 'cut']);
    expect(history.stdout).toContain('half a');
  });
});
