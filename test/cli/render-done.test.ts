import { describe, expect, it } from 'vitest';
import { plain } from '../../cli/render/paint.ts';
import { renderAnswer } from '../../cli/render/views.ts';

const now = 1_800_000_000_000;
const look = { paint: plain, width: Number.POSITIVE_INFINITY, now };
const key = 'agent:main:novel';
const resolved = { modelProvider: 'up', model: 'one' };

describe('what was done', () => {
  it.each<[string, object, string]>([
    [
      'sessions.create',
      { ok: true, key, sessionId: 's-1', resolved, runStarted: true, runId: 'r-1' },
      `Session ${key} (s-1), model up/one.\nRun r-1 works on it. Its reply: openclaw agent wait r-1\n`,
    ],
    [
      'sessions.create',
      { ok: true, key, sessionId: 's-1', resolved, runStarted: false, runError: { message: 'too\u001b[2J long' } },
      `Session ${key} (s-1), model up/one.\nIts first message was refused: too[2J long\n`,
    ],
    ['sessions.patch', { ok: true, key }, `Changed ${key}.\n`],
    ['sessions.delete', { ok: true, key, deleted: false, archived: [] }, `There was no session ${key}.\n`],
    [
      'sessions.delete',
      { ok: true, key, deleted: true, archived: ['/t.jsonl'] },
      `Deleted ${key}.\nIts transcript: /t.jsonl\n`,
    ],
    [
      'sessions.compact',
      { ok: false, key, compacted: false, reason: 'too short' },
      `${key} stays as it is: too short.\n`,
    ],
    [
      'sessions.compact',
      { ok: true, key, compacted: true, result: { tokensBefore: 900, tokensAfter: 100 } },
      `Put the older part of ${key} into a summary: 900 tokens before, 100 now.\n`,
    ],
    ['sessions.send', { runId: 'r-1', status: 'started' }, 'Run r-1 works on it. Its reply: openclaw agent wait r-1\n'],
    ['chat.send', { runId: 'r-1', status: 'error' }, 'Run r-1: error.\n'],
    ['sessions.abort', { ok: true, abortedRunId: null, status: 'no-active-run' }, 'Nothing was at work there.\n'],
    ['chat.abort', { ok: true, aborted: true, runIds: ['a', 'b'] }, 'Aborted a, b; the text so far is kept.\n'],
    [
      'agents.delete',
      {
        ok: true,
        agentId: 'quill',
        removed: [{ path: '/w', method: 'trash' }],
        failed: [{ path: '/x', reason: 'in use' }],
        purgeFailed: true,
      },
      'Deleted quill.\nMoved to the trash: /w\nStays: /x (in use)\nNot all of its conversations could be taken away: see openclaw logs tail\n',
    ],
    [
      'agents.files.set',
      { ok: true, agentId: 'main', file: { name: 'SOUL.md', size: 1500, path: '/w/SOUL.md', content: 'x' } },
      'Wrote SOUL.md of main, 1.5 kB: /w/SOUL.md\n',
    ],
    ['secrets.reload', { ok: true, warningCount: 0 }, 'Secrets reloaded.\n'],
    [
      'secrets.reload',
      { ok: true, warningCount: 1 },
      'Secrets reloaded.\n1 could not be read and stays as before: see openclaw logs tail\n',
    ],
    [
      'config.rollback',
      {
        ok: true,
        path: '/c.json',
        changedPaths: ['gateway.port'],
        sentinel: { payload: { stats: { requiresRestart: true } } },
      },
      'Wrote /c.json: gateway.port.\nA restart is needed: openclaw gateway restart request\n',
    ],
    [
      'config.set',
      {
        ok: true,
        path: '/c.json',
        changedPaths: ['gateway.port'],
        sentinel: { payload: { stats: { requiresRestart: true } } },
        restart: { ok: true },
      },
      'Wrote /c.json: gateway.port.\nIt takes a restart: the gateway makes it by itself, when running work has ended.\n',
    ],
  ])('by %s is a sentence: %j', (method, answer, text) => expect(renderAnswer(method, answer, look)).toBe(text));
});

describe('a run that was waited for', () => {
  it.each<[object, string]>([
    [{ status: 'ok', endedAt: now, terminalReply: { disposition: 'visible', text: 'Hi\nthere\n' } }, 'Hi\nthere\n'],
    [{ status: 'ok', endedAt: now, terminalReply: { disposition: 'empty' } }, 'The run has ended without a text.\n'],
    [{ status: 'error', endedAt: now, error: 'the model is away' }, 'the model is away\n'],
    [{ status: 'timeout' }, 'Run r-1 has not ended yet, or there is none: see openclaw runs events r-1\n'],
    [
      { status: 'ok', endedAt: now, answeredBy: 'r-2', terminalReply: { disposition: 'visible', text: 'Hi' } },
      'answered with run r-2\nHi\n',
    ],
  ])('gives %j', (outcome, text) => expect(renderAnswer('agent.wait', { runId: 'r-1', ...outcome }, look)).toBe(text));
});

describe('the gateway', () => {
  const preflight = {
    safe: false,
    summary: '1 run works',
    blockers: [{ kind: 'run', count: 1, message: 'main works' }],
  };

  it('tells what a restart interrupts, and when it is', () => {
    expect(renderAnswer('gateway.restart.preflight', preflight, look)).toBe('1 run works\n- main works\n');
    const restart = { delayMs: 30_000, coalesced: true, cooldownMsApplied: 29_500 };
    expect(renderAnswer('gateway.restart.request', { ok: true, restart, preflight }, look)).toBe(
      'A restart had been asked for already: it restarts in 30 s; 29 s of it because the last restart was a moment ago.\n1 run works\n- main works\n',
    );
  });

  it('tells what has strained it', () => {
    const memory = { rssBytes: 2e8, heapUsedBytes: 5e7, heapTotalBytes: 1e8, externalBytes: 0 };
    const events = [{ seq: 3, ts: now - 1000, type: 'payload.large', bytes: 1500 }];
    const summary = { byType: { 'payload.large': 1 }, memory };
    expect(renderAnswer('diagnostics.stability', { events, dropped: 2, summary }, look)).toBe(
      [
        'SEQ  TS       TYPE           BYTES',
        '3    1 s ago  payload.large  1.5 kB',
        'Of each: payload.large 1',
        '2 older ones are gone.',
        'Memory: 200 MB, heap 50.0 MB of 100 MB',
        '',
      ].join('\n'),
    );
    expect(renderAnswer('diagnostics.stability', { events: [], summary: { byType: {}, memory } }, look)).toContain(
      'Nothing has strained the gateway.\n',
    );
  });

  it('tells how it was installed and how the last restart went', () => {
    const git = { status: 'behind', currentSha: '0123456789abcdef', commitAtMs: now - 60_000 };
    const schedule = { channel: 'dev', autoEnabled: false, install: { kind: 'git', git } };
    const updateAvailable = {
      latestVersion: '0.2.0',
      commitsBehind: 2,
      upstreamRef: 'origin/main',
      commits: [{ sha: 'fedcba9876543210', subject: 'Mend it' }],
    };
    const sentinel = { kind: 'restart', status: 'error', ts: now - 5000, reason: 'new model', message: 'a bad port' };
    expect(renderAnswer('update.status', { sentinel, updateAvailable, schedule }, look)).toBe(
      [
        'Installed: checkout of the sources, commit 0123456789ab of 1 min ago, channel dev',
        'Update: 0.2.0, 2 commits behind origin/main',
        '- fedcba987654 Mend it',
        'Last restart: 5 s ago (new model), a bad port',
        '',
      ].join('\n'),
    );
    const upToDate = { ...schedule, install: { kind: 'git', git: { ...git, status: 'current' } } };
    expect(renderAnswer('update.status', { sentinel: null, updateAvailable: null, schedule: upToDate }, look)).toMatch(
      /\nUpdate: none/,
    );
  });

  it('explains a key of its configuration', () => {
    const child = {
      key: 'tls',
      path: 'gateway.tls',
      type: 'object',
      required: true,
      hasChildren: true,
      reloadKind: 'hot',
    };
    const schema = { title: 'Gateway', type: 'object', additionalProperties: false };
    const node = {
      path: 'gateway',
      schema,
      reloadKind: 'restart',
      hint: { help: 'How it listens.' },
      children: [child],
    };
    expect(renderAnswer('config.schema.lookup', node, look)).toBe(
      [
        'gateway: Gateway',
        'How it listens.',
        'Takes: type object',
        'A change: restart, in effect after a restart',
        '',
        'KEY               TYPE    A CHANGE  WHAT IT IS',
        'tls.* (required)  object  hot',
        '',
      ].join('\n'),
    );
    expect(JSON.parse(renderAnswer('config.schema', { schema, version: '1' }, look))).toEqual(schema);
  });

  it('lists what can be typed as a message', () => {
    const args = [{ name: 'model' }, { name: 'x', required: true }];
    const commands = [
      { name: 'model', description: 'Choose.', category: 'options', args },
      { name: 'stop', description: 'Stop.' },
    ];
    expect(renderAnswer('commands.list', { commands }, look)).toBe(
      [
        'COMMAND             GROUP    WHAT IT DOES',
        '/model [model] <x>  options  Choose.',
        '/stop               -        Stop.',
        'Typed as a message: openclaw agent --message /status',
        '',
      ].join('\n'),
    );
    expect(renderAnswer('commands.list', { commands: [] }, look)).toBe('No commands.\n');
  });
});
