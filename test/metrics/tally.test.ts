import { describe, expect, it } from 'vitest';
import { createMeters } from '../../server/metrics/meters.ts';
import { createCounts, createDurations } from '../../server/metrics/tally.ts';

describe('tallies', () => {
  it('keep a bounded number of series, and count the rest as other', () => {
    const counts = createCounts(['model', 'kind']);
    for (let n = 0; n < 2000; n++) counts.add([`model-${n}`, 'input'], 2);
    counts.add(['model-1', 'input']);
    const samples = counts.samples();
    expect(samples).toHaveLength(501);
    expect(samples.find(({ labels }) => labels.model === 'model-1')?.value).toBe(3);
    expect(samples.find(({ labels }) => labels.model === 'other')).toEqual({
      labels: { model: 'other', kind: 'other' },
      value: 3000,
    });
    expect(samples.reduce((sum, { value }) => sum + value, 0)).toBe(4001);
  });

  it('keep labels short', () => {
    const counts = createCounts(['model']);
    counts.add(['x'.repeat(1_000_000)]);
    expect(String(counts.samples()[0]?.labels.model)).toHaveLength(128);
  });

  it('tell distributions as cumulative buckets', () => {
    const durations = createDurations('d', ['route'], [0.1, 1]);
    for (const seconds of [0.05, 0.1, 0.5, 3]) durations.observe(['/x'], seconds);
    expect(durations.samples().map(({ metricName, labels, value }) => [metricName, labels.le, value])).toEqual([
      ['d_bucket', 0.1, 2],
      ['d_bucket', 1, 3],
      ['d_bucket', '+Inf', 4],
      ['d_sum', undefined, 3.65],
      ['d_count', undefined, 4],
    ]);
  });

  it('have one series for all names that callers make up', () => {
    const meters = createMeters();
    for (const name of ['__proto__', 'constructor', 'a"b\nc', 'toString']) {
      meters.answeredCall({ transport: 'socket', method: name, outcome: name });
      meters.answeredRequest({ route: 'other', method: name, status: 404, ms: 1 });
    }
    const labels = meters.families.flatMap(({ samples }) =>
      (samples() as { labels: object }[]).map((one) => one.labels),
    );
    expect(labels.slice(0, 2)).toEqual([
      { transport: 'socket', method: 'other', outcome: 'other' },
      { route: 'other', method: 'other', status: '404' },
    ]);
  });
});
