const steps = [
  { unit: 'd', ms: 86_400_000 },
  { unit: 'h', ms: 3_600_000 },
  { unit: 'min', ms: 60_000 },
  { unit: 's', ms: 1000 },
] as const;

/** A time span in its two largest units: `2 d 3 h`, `4 min 10 s`, `85 ms`. */
export function span(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const first = steps.findIndex((step) => ms >= step.ms);
  const large = steps[first];
  if (!large) return `${Math.round(ms)} ms`;
  const count = Math.floor(ms / large.ms);
  const small = steps[first + 1];
  const rest = small ? Math.floor((ms - count * large.ms) / small.ms) : 0;
  return small && rest > 0 && count < 10 ? `${count} ${large.unit} ${rest} ${small.unit}` : `${count} ${large.unit}`;
}

/** A moment as seen from now: `3 min ago`, `in 2 h`, `just now`. */
export function ago(at: number, now = Date.now()): string {
  const distance = now - at;
  if (Math.abs(distance) < 1000) return 'just now';
  return distance > 0 ? `${largest(distance)} ago` : `in ${largest(-distance)}`;
}

/** Bytes for people: `1.4 MB`. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** US dollars: `$12.30`, four digits below one. */
export function dollars(amount: number): string {
  return `$${amount.toFixed(amount > 0 && amount < 1 ? 4 : 2)}`;
}

function largest(ms: number): string {
  const step = steps.find((one) => ms >= one.ms);
  return step ? `${Math.floor(ms / step.ms)} ${step.unit}` : `${Math.round(ms)} ms`;
}
