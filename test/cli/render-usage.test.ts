import { describe, expect, it } from 'vitest';
import { renderAnswer } from '../../cli/render/views.ts';

const now = Date.parse('2026-11-22T12:00:00Z');
const look = { paint: (_: string, text: string) => text, width: 200, now };

const totals = (input: number, totalCost: number, missing = 0) => ({
  input,
  output: 7,
  cacheRead: 12_345,
  cacheWrite: 0,
  totalTokens: input + 12_352,
  totalCost,
  missingCostEntries: missing,
  ...(missing > 0 && { missingCostByModel: { 'up/one': missing } }),
});

describe('usage on the terminal', () => {
  it('has a line a day, a sum, and what is missing from it', () => {
    const daily = [
      { date: '2026-11-21', ...totals(10, 0.01234) },
      { date: '2026-11-22', ...totals(2_500_000, 0, 3) },
    ];
    expect(renderAnswer('usage.cost', { days: 30, daily, totals: totals(2_500_010, 12.3, 3) }, look)).toBe(
      [
        'DAY         INPUT  OUTPUT  CACHE READ  CACHE WRITE  TOKENS  COST',
        '2026-11-21  10     7       12.3k       0            12.4k   $0.0123',
        '2026-11-22  2.5M   7       12.3k       0            2.5M    ?',
        '30 days     2.5M   7       12.3k       0            2.5M    $12.30+?',
        'Without a known cost: calls of up/one (3). Prices: models.providers.<id>.models[].cost',
        '',
      ].join('\n'),
    );
    expect(renderAnswer('usage.cost', { days: 30, daily: [], totals: totals(0, 0) }, look)).toBe(
      'No model was asked in 30 days.\n',
    );
  });

  it('has a line a conversation and a line a model', () => {
    const sessions = [
      { key: 'agent:main:main', updatedAt: now - 120_000, usage: { ...totals(10, 1), messageCounts: { total: 4 } } },
    ];
    const byModel = [{ provider: 'up', model: 'one', count: 2, totals: totals(10, 1) }];
    const answer = {
      sessions,
      totals: totals(10, 1),
      aggregates: { byModel, sessionCount: 3 },
      startDate: '2026-11-01',
      endDate: '2026-11-22',
    };
    expect(renderAnswer('sessions.usage', answer, look)).toBe(
      [
        'SESSION          INPUT  OUTPUT  CACHE READ  CACHE WRITE  TOKENS  COST   MESSAGES  LAST',
        'agent:main:main  10     7       12.3k       0            12.4k   $1.00  4         2 min ago',
        '',
        'MODEL   INPUT  OUTPUT  CACHE READ  CACHE WRITE  TOKENS  COST   CALLS',
        'up/one  10     7       12.3k       0            12.4k   $1.00  2',
        'all     10     7       12.3k       0            12.4k   $1.00  2',
        '1 of 3 sessions, 2026-11-01 to 2026-11-22',
        '',
      ].join('\n'),
    );
  });

  it('has a line a limit', () => {
    const windows = [
      { label: 'requests', usedPercent: 12.5, resetAt: now + 60_000 },
      { label: 'tokens', usedPercent: 0, resetAt: now - 1 },
    ];
    expect(renderAnswer('usage.status', { providers: [{ displayName: 'OpenAI', windows }] }, look)).toBe(
      ['PROVIDER  LIMIT     LEFT  WHOLE', 'OpenAI    requests  88%   in 1 min', 'OpenAI    tokens    100%  -', ''].join(
        '\n',
      ),
    );
    expect(renderAnswer('usage.status', { providers: [] }, look)).toContain('No provider');
  });
});
