/** One line of the exposition: what it is about, and its value. */
export interface Sample {
  labels: Readonly<Record<string, string | number>>;
  value: number;
  /** Of a histogram: `<name>_bucket`, `<name>_sum` or `<name>_count`. */
  metricName?: string | undefined;
}

/** Numbers that only grow, one for each combination of labels. */
export interface Counts {
  /** @param values of the labels, in their order. */
  add(values: readonly string[], by?: number): void;
  samples(): Sample[];
}

/** How long things took, one distribution for each combination of labels. */
export interface Durations {
  observe(values: readonly string[], seconds: number): void;
  samples(): Sample[];
}

/** Combinations of labels that are kept apart; whatever comes after counts as `other` in each label. */
const maxSeries = 500;
/** Characters of a label. */
const maxLabelLength = 128;

export function createCounts(names: readonly string[]): Counts {
  const series = createSeries(names, () => ({ value: 0 }));
  return {
    add(values, by = 1) {
      series.at(values).value += by;
    },
    samples: () => series.all().map(({ labels, kept }) => ({ labels, value: kept.value })),
  };
}

/** @param bounds upper ends of the buckets, in seconds, ascending. */
export function createDurations(name: string, names: readonly string[], bounds: readonly number[]): Durations {
  const series = createSeries(names, () => ({ buckets: bounds.map(() => 0), sum: 0, count: 0 }));
  return {
    observe(values, seconds) {
      const kept = series.at(values);
      const index = bounds.findIndex((bound) => seconds <= bound);
      if (index >= 0) kept.buckets[index] = (kept.buckets[index] ?? 0) + 1;
      kept.sum += seconds;
      kept.count++;
    },
    samples: () =>
      series.all().flatMap(({ labels, kept: { buckets, sum, count } }) => {
        let below = 0;
        const steps = bounds.map((le, index) => {
          below += buckets[index] ?? 0;
          return { labels: { ...labels, le }, value: below, metricName: `${name}_bucket` };
        });
        return [
          ...steps,
          { labels: { ...labels, le: '+Inf' }, value: count, metricName: `${name}_bucket` },
          { labels, value: sum, metricName: `${name}_sum` },
          { labels, value: count, metricName: `${name}_count` },
        ];
      }),
  };
}

// --- internal ---

function createSeries<T>(names: readonly string[], make: () => T) {
  const all = new Map<string, { labels: Record<string, string>; kept: T }>();
  const find = (values: readonly string[]) => {
    const key = values.join('\n');
    const known = all.get(key);
    if (known) return known;
    if (all.size >= maxSeries && values.some((value) => value !== 'other')) return undefined;
    const labels = Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
    const added = { labels, kept: make() };
    all.set(key, added);
    return added;
  };
  return {
    at(values: readonly string[]): T {
      const short = values.map((value) => (value.length > maxLabelLength ? value.slice(0, maxLabelLength) : value));
      return (find(short) ?? (find(names.map(() => 'other')) as { kept: T })).kept;
    },
    all: () => [...all.values()],
  };
}
