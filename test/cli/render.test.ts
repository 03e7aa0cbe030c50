import { describe, expect, it } from 'vitest';
import { plain } from '../../cli/render/paint.ts';
import { table } from '../../cli/render/table.ts';
import { clip, oneLine, printable, widthOf, wrap } from '../../cli/render/text.ts';
import { ago, bytes, span } from '../../cli/render/time.ts';
import { cell, renderValue, toTitle } from '../../cli/render/value.ts';
import { renderAnswer } from '../../cli/render/views.ts';
import { methods } from '../../sdk/protocol/contract.ts';

const now = 1_800_000_000_000;
const look = { paint: plain, width: Number.POSITIVE_INFINITY, now };

describe('text from outside', () => {
  it('cannot move the cursor, recolour or reorder what was printed', () => {
    expect(printable('a\u001b[2Jb\u0007c\u009b31md\u202ee\r\nf\tg')).toBe('a[2Jbc31mde\nf\tg');
    expect(oneLine(' a\n\tb\u001b[0m ')).toBe('a b[0m');
  });

  it('is measured and cut by the columns it takes', () => {
    expect(widthOf('日本')).toBe(4);
    expect(clip('日本語テキスト', 7)).toBe('日本語…');
    expect(clip('short', 7)).toBe('short');
  });

  it('is wrapped between words', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('incomprehensible word', 4)).toEqual(['incomprehensible', 'word']);
  });
});

describe('times and sizes', () => {
  it.each([
    [450, '450 ms'],
    [61_000, '1 min 1 s'],
    [3_600_000, '1 h'],
    [90_061_000, '1 d 1 h'],
    [20 * 86_400_000 + 3_600_000, '20 d'],
  ])('spells the span %d', (ms, text) => expect(span(ms)).toBe(text));

  it.each([
    [0, 'just now'],
    [5000, '5 s ago'],
    [7_300_000, '2 h ago'],
    [-120_000, 'in 2 min'],
  ])('spells the moment %d ms back', (back, text) => expect(ago(now - back, now)).toBe(text));

  it.each([
    [999, '999 B'],
    [1500, '1.5 kB'],
    [139_000_000, '139 MB'],
  ])('spells %d bytes', (count, text) => expect(bytes(count)).toBe(text));

  it('tells them by the name of the field', () => {
    expect(cell('updatedAt', now - 60_000, now)).toBe('1 min ago');
    expect(cell('messagesAt', 5, now)).toBe('5');
    expect(cell('uptimeMs', 1500, now)).toBe('1 s');
    expect(cell('commitAtMs', now - 5000, now)).toBe('5 s ago');
    expect(cell('rss', 2_000_000, now)).toBe('2.0 MB');
    expect(cell('ratio', 1 / 3, now)).toBe('0.333');
    expect(cell('enabled', false, now)).toBe('no');
    expect(cell('label', undefined, now)).toBe('-');
    expect(cell('estimatedCostUsd', 0.5, now)).toBe('$0.5000');
    expect(cell('generatedAt', new Date(now - 60_000).toISOString(), now)).toBe('1 min ago');
    expect(cell('name', new Date(now).toISOString(), now)).toBe(new Date(now).toISOString());
  });
});

describe('a table', () => {
  it('aligns columns and leaves no space at the end of a line', () => {
    const text = table(
      [{ head: 'KEY' }, { head: 'N' }],
      [
        ['日本', '1'],
        ['x', '22'],
      ],
      look,
    );
    expect(text).toBe('KEY   N\n日本  1\nx     22\n');
  });

  it('cuts elastic columns, the widest first, to fit the terminal', () => {
    const columns = [{ head: 'A', elastic: true }, { head: 'B', elastic: true }, { head: 'C' }];
    const text = table(columns, [['a'.repeat(40), 'b'.repeat(12), 'cccc']], { ...look, width: 40 });
    const lines = text.trimEnd().split('\n');
    expect(Math.max(...lines.map(widthOf))).toBe(40);
    expect(lines[1]).toContain('b'.repeat(12));
    expect(lines[1]).toContain('…');
  });
});

describe('a column of sentences', () => {
  it('goes on in the next line where the terminal is narrow', () => {
    const columns = [{ head: 'A' }, { head: 'B', elastic: true, wraps: true }];
    const rows = [
      ['x', 'one two three four'],
      ['y', ''],
    ];
    expect(table(columns, rows, { ...look, width: 14 })).toBe('A  B\nx  one two\n   three four\ny\n');
    expect(table(columns, rows, look)).toBe('A  B\nx  one two three four\ny\n');
  });
});

describe('an answer without a view of its own', () => {
  it('is names and values, nested ones indented, lists as tables', () => {
    const payload = {
      ok: true,
      lastRunId: 'r1',
      tags: ['a', 'b'],
      none: [],
      entry: { updatedAt: now - 1000 },
      rows: [{ id: 'x', size: 1500 }],
    };
    expect(renderValue(payload, look)).toBe(
      [
        'Last run ID  r1',
        'Tags         a, b',
        'None         none',
        'Entry',
        '  Updated at  1 s ago',
        'Rows',
        '  ID  SIZE',
        '  x   1.5 kB',
        '',
      ].join('\n'),
    );
  });

  it('is alone without a name, and says so when there is no more to say', () => {
    expect(renderValue({ ok: true }, look)).toBe('Done.\n');
    expect(renderValue({ ok: true, rows: [] }, look)).toBe('none\n');
    expect(renderValue({ rows: [{ id: 'x' }, { id: 'y', at: now }] }, look)).toBe('ID  AT\nx   -\ny   just now\n');
    expect(renderValue({ entry: { a: 1 } }, look)).toBe('A  1\n');
    expect(renderValue({ session: null }, look)).toBe('Session  -\n');
    expect(renderValue({ ok: false, reason: 'no' }, look)).toBe('Ok      no\nReason  no\n');
  });

  it('keeps the lines of a text, without what could harm the terminal', () => {
    expect(renderValue({ name: 'x', text: 'one\n\u001b[2Jtwo\n' }, look)).toBe('Name  x\nText\n  one\n  [2Jtwo\n');
  });

  it.each([
    ['uptimeMs', 'Uptime'],
    ['updatedAtMs', 'Updated at'],
    ['estimatedCostUsd', 'Estimated cost'],
    ['lanAddress', 'LAN address'],
    ['payload.large', 'payload.large'],
    ['ms', 'Ms'],
  ])('has no units and knows acronyms in its names: %s', (name, title) => expect(toTitle(name)).toBe(title));

  it('is one line when it is one value', () => {
    expect(renderValue('text', look)).toBe('text\n');
    expect(renderValue(null, look)).toBe('-\n');
    expect(renderValue([], look)).toBe('none\n');
    expect(renderValue(['a', 'b'], look)).toBe('a\nb\n');
  });
});

describe('the views', () => {
  const row = {
    key: 'agent:main:main',
    modelProvider: 'builtin',
    model: 'guide',
    status: 'done',
    messageCount: 4,
    totalTokens: 900,
    updatedAt: now - 120_000,
    label: 'Nov\u001b[31mel',
  };

  it('show sessions as a table with what the next page needs', () => {
    const page = { sessions: [row], count: 1, totalCount: 3, hasMore: true, nextOffset: 1 };
    expect(renderAnswer('sessions.list', page, look)).toBe(
      [
        'KEY              NAME       MODEL          STATUS  MESSAGES  TOKENS  UPDATED',
        'agent:main:main  Nov[31mel  builtin/guide  done    4         900     2 min ago',
        '1 of 3; the next page: --offset 1',
        '',
      ].join('\n'),
    );
    expect(renderAnswer('sessions.list', { sessions: [] }, look)).toContain('openclaw agent --message');
  });

  it('show what a search has found, and how to read on', () => {
    const hit = { sessionKey: "agent:main:it's", sessionId: 's', messageId: 'm-1', role: 'user', score: 1 };
    const results = [{ ...hit, timestamp: now - 5000, snippet: 'the …\u001b[31mneedle' }];
    expect(renderAnswer('sessions.search', { results, truncated: true }, look)).toBe(
      [
        "agent:main:it's user, 5 s ago",
        'the …[31mneedle',
        "openclaw chat history 'agent:main:it'\\''s' --message-id m-1",
        '',
        'There is more: add a word, or raise --limit (at most 25).',
        '',
      ].join('\n'),
    );
    expect(renderAnswer('sessions.search', { results: [], indexing: true }, look)).toBe(
      'Nothing found.\nOld messages are still being indexed: ask again in a moment.\n',
    );
  });

  it('show the newest words of sessions', () => {
    const previews = [
      { key: 'main', status: 'ok', items: [{ role: 'user', text: 'Hello' }] },
      { key: 'gone', status: 'missing', items: [] },
    ];
    expect(renderAnswer('sessions.preview', { ts: now, previews }, look)).toBe('main\nuser: Hello\n\ngone missing\n');
  });

  it('show the events of a run one on a line, and what went wrong', () => {
    const at = Date.UTC(2026, 0, 2, 3, 4, 5, 6);
    const event = (seq: number, stream: string, data: object) => ({ seq, ts: at, stream, data });
    const run = { runId: 'r', status: 'aborted', stopReason: 'rpc', sessionKey: 'agent:main:main', answeredBy: 'q' };
    const events = [
      event(9, 'assistant', { delta: 'Hello\n\u001b[31m', text: 'Hello', itemId: 'r:1' }),
      event(10, 'tool', { phase: 'result', name: 'read', isError: true, result: 'no file' }),
      event(11, 'lifecycle', { phase: 'error', error: 'aborted', aborted: true, endedAt: 5 }),
    ];
    expect(renderAnswer('runs.events', { run, events, hasMore: true }, look)).toBe(
      [
        'Run r aborted (rpc) answered by q in agent:main:main',
        ' 9 03:04:05.006 assistant            "Hello\\n\\u001b[31m"',
        '10 03:04:05.006 tool result          read "no file"',
        '11 03:04:05.006 lifecycle error      error=aborted aborted=true endedAt=5',
        'More events: --after 11',
        '',
      ].join('\n'),
    );
  });

  it('show a conversation as it was spoken', () => {
    const messages = [
      { role: 'user', timestamp: now - 5000, content: [{ type: 'text', text: 'Hello' }] },
      {
        role: 'assistant',
        timestamp: now - 4000,
        errorMessage: 'cut off',
        content: [
          { type: 'toolCall', id: '1', name: 'agents_list', arguments: { a: 1 } },
          { type: 'thinking', thinking: 'hm' },
        ],
      },
    ];
    expect(renderAnswer('chat.history', { messages, hasMore: true, nextOffset: 2 }, look)).toBe(
      [
        'Older messages: --offset 2',
        '',
        'user 5 s ago',
        'Hello',
        '',
        'assistant 4 s ago',
        '→ agents_list {"a":1}',
        'cut off',
        '',
      ].join('\n'),
    );
  });

  it('say of messages that they were said elsewhere, or stand further up as well', () => {
    const messages = ['brought', 'copied', 'command'].map((kind) => ({
      role: 'user',
      timestamp: now - 5000,
      content: [{ type: 'text', text: 'Hello' }],
      __openclaw: { kind },
    }));
    expect(renderAnswer('chat.history', { messages }, look)).toBe(
      'user 5 s ago (brought)\nHello\n\nuser 5 s ago (copied)\nHello\n\nuser 5 s ago\nHello\n',
    );
  });

  it('show the log as lines, also those that are no JSON', () => {
    const lines = [
      JSON.stringify({
        time: '2026-11-22T10:00:00+00:00',
        message: 'ready',
        subsystem: 'gateway',
        _meta: { logLevelName: 'INFO' },
      }),
      'plain \u001b[31mtext',
    ];
    expect(renderAnswer('logs.tail', { lines }, look)).toBe(
      '2026-11-22T10:00:00+00:00 INFO [gateway] ready\nplain [31mtext\n',
    );
  });

  it('of status and health say when the gateway could not use its configuration at the last restart', () => {
    const lastRestart = {
      kind: 'restart',
      status: 'error',
      ts: now - 5000,
      reason: 'edit',
      message: 'line 3 is wrong',
    };
    const said = 'Restarted 5 s ago with the configuration from before: line 3 is wrong';
    const sessions = { path: '/db', paths: [], count: 2, recent: [] };
    const status = {
      runtimeVersion: '1',
      pid: 1,
      uptimeMs: 1000,
      runs: { active: 0, queued: 0 },
      models: [],
      sessions,
      processMemory: { rss: 1 },
      degradedSecretOwners: [],
    };
    const health = { agents: [], sessions, eventLoop: { degraded: false, reasons: [], delayP99Ms: 0 } };
    for (const [method, payload] of Object.entries({ status, health })) {
      expect(renderAnswer(method, { ...payload, lastRestart }, look)).toContain(said);
      expect(renderAnswer(method, { ...payload, lastRestart: { ...lastRestart, status: 'ok' } }, look)).not.toContain(
        'Restarted',
      );
    }
    expect(renderAnswer('status', status, look)).toContain('Sessions: 2\n');
  });

  it.each([...methods.keys()])('of %s show what another gateway may answer as any answer', (method) => {
    expect(renderAnswer(method, { unheard: 'of' }, look)).toBe('Unheard  of\n');
    expect(renderAnswer(method, null, look)).toBe('-\n');
  });
});
