import { describe, expect, it } from 'vitest';
import type { HistoryPage } from '../../sdk/protocol/history.ts';
import { startTestGateway } from '../gateway.ts';
import { gif, png, toDataUrl, webp } from '../media/images.ts';
import { pdf } from '../media/pdf.ts';
import { openSocket } from '../socket.ts';
import { begin, chunk, refuse, reply } from '../upstream.ts';

const texts = (page: HistoryPage) =>
  page.messages.map(({ role, content }) => [role, content[0]?.type === 'text' ? content[0].text : '']);

const pixel = png().toString('base64');
const ofUrls = webp.toString('base64url');

describe('chat', () => {
  it('sends, streams, ends once, and remembers', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    expect(await client.call('chat.send', { sessionKey: 'main', message: 'hi', idempotencyKey: 'k1' })).toEqual({
      runId: 'k1',
      status: 'started',
    });
    const end = await client.end('k1');
    expect(end).toMatchObject({
      state: 'final',
      stopReason: 'stop',
      sessionKey: 'agent:main:main',
      message: { content: [{ text: 'Hello from upstream' }] },
      usage: { input: 7, output: 5, total: 12 },
    });
    expect(client.told('chat').filter((event) => event.state === 'final')).toHaveLength(1);
    const page = await client.call<HistoryPage>('chat.history', { sessionKey: 'main' });
    expect(texts(page)).toEqual([
      ['user', 'hi'],
      ['assistant', 'Hello from upstream'],
    ]);
    expect(page).toMatchObject({ totalMessages: 2, hasMore: false, sessionInfo: { status: 'done', totalTokens: 12 } });
    expect(
      await client.call('chat.send', { sessionKey: 'elsewhere', message: 'again', idempotencyKey: 'k1' }),
    ).toMatchObject({ runId: 'k1', status: 'ok' });
    expect(gateway.upstream.requests).toHaveLength(1);
  });

  it('answers before the run tells anything, whatever starts it', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    const frames: { type: string; payload?: { runId?: string } }[] = [];
    client.socket.on('message', (raw) => frames.push(JSON.parse(String(raw))));
    const message = { message: 'hi', idempotencyKey: 'k' };
    const { key } = await client.call<{ key: string }>('sessions.create', { key: 'made' });
    const starts = [
      ['chat.send', { ...message, sessionKey: 'main' }],
      ['agent', { ...message, sessionKey: 'work' }],
      ['sessions.send', { ...message, key }],
      ['sessions.create', { message: 'hi' }],
      ['chat.send', { ...message, sessionKey: 'main', message: '/status' }],
    ] as const;
    for (const [index, [method, params]] of starts.entries()) {
      const unique = 'idempotencyKey' in params ? { ...params, idempotencyKey: `k${index}` } : params;
      const { runId } = await client.call<{ runId: string }>(method, unique);
      await client.end(runId);
      expect([method, frames.find((frame) => frame.payload?.runId === runId)?.type]).toEqual([method, 'res']);
    }
  });

  it('gives the model the conversation so far, and only the new rows after a cursor', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    for (const [index, message] of ['one', 'two'].entries()) {
      await client.call('chat.send', { sessionKey: 'main', message, idempotencyKey: `k${index}` });
      await client.end(`k${index}`);
    }
    const [, second] = gateway.upstream.requests;
    expect(second?.body.messages.map((message: { role: string }) => message.role)).toEqual([
      'system',
      'user',
      'assistant',
      'user',
    ]);
    const { deltaCursor } = await client.call<HistoryPage>('chat.history', { sessionKey: 'main' });
    await client.call('chat.send', { sessionKey: 'main', message: 'three', idempotencyKey: 'k3' });
    await client.end('k3');
    expect(await client.call('chat.history', { sessionKey: 'main', cursor: deltaCursor })).toMatchObject({
      kind: 'delta',
      messages: [
        { messageSeq: 5, message: { role: 'user' } },
        { messageSeq: 6, message: { role: 'assistant' } },
      ],
    });
    expect(await client.call('chat.history', { sessionKey: 'main', cursor: 'garbage' })).toEqual({ kind: 'reset' });
    const newest = await client.call<HistoryPage>('chat.history', { sessionKey: 'main', limit: 2 });
    expect(newest).toMatchObject({ hasMore: true, nextOffset: 2 });
    expect(
      texts(await client.call<HistoryPage>('chat.history', { sessionKey: 'main', limit: 1, offset: 5, maxChars: 2 })),
    ).toEqual([['user', 'on…']]);
  });

  it('aborts within the reply, keeps the text, and hangs up on the provider', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    gateway.upstream.answer(begin('half a', () => undefined));
    await client.call('chat.send', { sessionKey: 'main', message: 'hi', idempotencyKey: 'k1' });
    await client.until('the first words', () => client.told('chat').find((event) => event.state === 'delta'));
    expect(await client.call('chat.send', { sessionKey: 'main', message: 'hi', idempotencyKey: 'k1' })).toEqual({
      runId: 'k1',
      status: 'in_flight',
    });
    expect(await client.call<HistoryPage>('chat.history', { sessionKey: 'main' })).toMatchObject({
      inFlightRun: { runId: 'k1', text: 'half a' },
      sessionInfo: { hasActiveRun: true },
    });
    expect(await client.call('chat.abort', { sessionKey: 'main' })).toEqual({
      ok: true,
      aborted: true,
      runIds: ['k1'],
    });
    expect(await client.end('k1')).toMatchObject({
      state: 'aborted',
      stopReason: 'rpc',
      message: { content: [{ text: 'half a' }] },
    });
    await gateway.upstream.requests[0]?.hungUp;
    expect(await client.call('chat.send', { sessionKey: 'main', message: 'hi', idempotencyKey: 'k1' })).toMatchObject({
      status: 'timeout',
      summary: 'aborted',
      stopReason: 'rpc',
    });
    expect(await client.call('chat.abort', { sessionKey: 'main' })).toEqual({ ok: true, aborted: false, runIds: [] });
    expect(texts(await client.call<HistoryPage>('chat.history', { sessionKey: 'main' }))).toEqual([
      ['user', 'hi'],
      ['assistant', 'half a'],
    ]);
  });

  it.each([
    [
      'refuses',
      refuse(401, 'Incorrect API key provided: sk-upstream-secret-0123456789'),
      { failoverReason: 'auth', httpStatus: 401 },
    ],
    [
      'is busy for too long',
      refuse(400, 'maximum context length is 10 tokens', 'context_length_exceeded'),
      { failoverReason: 'context_length', httpStatus: 400 },
    ],
    ['dies mid-stream', begin('and then', (_send, res) => void res.destroy()), { failoverReason: 'unavailable' }],
    ['sends nonsense', begin('and then', (send) => send('{"choices": [')), {}],
  ])('tells everybody when the provider %s, and never its key', async (_what, respond, detail) => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    gateway.upstream.answer(respond);
    await client.call('chat.send', { sessionKey: 'main', message: 'hi', idempotencyKey: 'k1' });
    const end = await client.end('k1');
    expect(end).toMatchObject({ state: 'error', errorDetail: { provider: 'up', model: 'one', ...detail } });
    expect(JSON.stringify(client.events)).not.toContain('sk-upstream-secret');
    expect(await client.call('sessions.describe', { key: 'main' })).toMatchObject({
      session: { status: 'failed', hasActiveRun: false },
    });
    gateway.upstream.answer(reply('fine again'));
    await client.call('chat.send', { sessionKey: 'main', message: 'and now?', idempotencyKey: 'k2' });
    expect(await client.end('k2')).toMatchObject({ state: 'final' });
  });

  it('takes images and text files, and refuses what it cannot read', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    const attachments = [
      { mimeType: 'image/png', fileName: 'dot.png', content: pixel },
      { mimeType: 'text/plain', fileName: 'note.txt', content: Buffer.from('remember the milk').toString('base64') },
    ];
    await client.call('chat.send', { sessionKey: 'main', message: 'see', attachments, idempotencyKey: 'k1' });
    await client.end('k1');
    const sent = JSON.stringify(gateway.upstream.requests[0]?.body.messages.at(-1));
    expect(sent).toContain(`data:image/png;base64,${pixel}`);
    expect(sent).toContain('remember the milk');
    const refused = await client.refused('chat.send', {
      sessionKey: 'main',
      message: '',
      idempotencyKey: 'k2',
      attachments: [{ mimeType: 'audio/ogg', content: 'AAAA' }],
    });
    expect(refused).toMatchObject({ code: 'INVALID_REQUEST', details: { code: 'ATTACHMENT_UNREADABLE' } });
    for (const content of ['%%%', '', 'data:image/png;base64,', 7]) {
      const attachments = [{ mimeType: 'image/png', content }];
      const other = { sessionKey: 'main', message: 'see', idempotencyKey: 'k2b', attachments };
      expect((await client.refused('chat.send', other)).details, String(content)).toMatchObject({
        code: 'ATTACHMENT_UNREADABLE',
      });
    }
    expect(
      (await client.refused('chat.send', { sessionKey: 'main', message: ' ', idempotencyKey: 'k3' })).message,
    ).toBe('message or attachment required');
    expect(
      (await client.refused('chat.send', { sessionKey: 'main', message: 'x', idempotencyKey: 'k4', deliver: true }))
        .details,
    ).toMatchObject({ code: 'NO_CHANNEL' });
  });

  it('reads base64 as it comes: with line breaks, of URLs, in a data URL that says what it is', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    const attachments = [
      { mimeType: 'image/png', content: `${pixel.slice(0, 12)}\r\n${pixel.slice(12)}\n` },
      { mimeType: 'image/webp', content: ofUrls },
      { type: 'image', content: toDataUrl(gif, 'image/gif') },
      { mimeType: 'text/plain', fileName: 'empty.txt', content: '' },
    ];
    await client.call('chat.send', { sessionKey: 'main', message: 'see', attachments, idempotencyKey: 'k1' });
    await client.end('k1');
    const sent = JSON.stringify(gateway.upstream.requests[0]?.body.messages.at(-1));
    for (const url of [toDataUrl(png(), 'image/png'), toDataUrl(webp, 'image/webp'), toDataUrl(gif, 'image/gif')])
      expect(sent).toContain(url);
    expect(sent).toContain('empty.txt');
  });

  it('reads documents, in the order of the messages, and shows people their names', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    const report = pdf(['The answer is forty-two']).toString('base64');
    const attachments = [{ mimeType: 'application/pdf', fileName: 'report.pdf', content: report }];
    const first = { sessionKey: 'main', message: 'read', attachments, idempotencyKey: 'k1', queueMode: 'followup' };
    const second = { sessionKey: 'main', message: 'and?', idempotencyKey: 'k2', queueMode: 'followup' };
    await Promise.all([client.call('chat.send', first), client.call('chat.send', second)]);
    await Promise.all([client.end('k1'), client.end('k2')]);
    const [sent] = gateway.upstream.requests;
    expect(JSON.stringify(sent?.body.messages.at(-1))).toMatch(
      /<<<UNTRUSTED [^\n]*file report\.pdf.*The answer is forty-two/,
    );
    const { messages } = await client.call('chat.history', { sessionKey: 'main' });
    expect((messages as { content: unknown }[])[0]?.content).toEqual([
      { type: 'text', text: 'read' },
      { type: 'text', text: '[file report.pdf]', file: { name: 'report.pdf', mimeType: 'application/pdf' } },
    ]);
    for (const content of [report.slice(0, 40), pdf(['']).toString('base64')])
      expect(
        await client.refused('chat.send', {
          ...first,
          idempotencyKey: 'k3',
          attachments: [{ ...attachments[0], content }],
        }),
      ).toMatchObject({ code: 'INVALID_REQUEST', details: { reason: 'file_parse_error', name: 'report.pdf' } });
  });

  it('tells a stream of many pieces in order', async () => {
    await using gateway = await startTestGateway();
    await using client = await openSocket(gateway.url);
    const words = Array.from({ length: 100 }, (_, index) => `word${index} `);
    gateway.upstream.answer(
      begin('', async (send, res) => {
        for (const content of words) send(chunk({ content }));
        send(chunk({}, { finish_reason: 'stop' }));
        send('[DONE]');
        res.end();
      }),
    );
    await client.call('chat.send', { sessionKey: 'main', message: 'hi', idempotencyKey: 'k1' });
    await client.end('k1');
    const deltas = client.told('chat').flatMap((event) => (event.state === 'delta' ? [event.deltaText] : []));
    expect(deltas.join('').trim()).toBe(words.join('').trim());
    const seqs = client.told('agent').map((event) => event.seq);
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    expect(client.events.slice(1).map((event) => event.seq)).toEqual(
      client.events.slice(1).map((_, index) => index + 1),
    );
  });
});
