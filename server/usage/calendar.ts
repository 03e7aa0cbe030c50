import { GatewayError } from '../../sdk/protocol/errors.ts';
import { daySeconds, quarterSeconds } from './ledger.ts';

/** How a caller says which days it means; the names are those of `usage.cost`. */
export interface DateRequest {
  /** `YYYY-MM-DD`, together with `endDate`. */
  startDate?: string | undefined;
  /** The last day, included. */
  endDate?: string | undefined;
  range?: '7d' | '30d' | '90d' | '1y' | 'all' | undefined;
  /** Today and the days before it. Default 30. */
  days?: number | undefined;
  mode?: 'utc' | 'gateway' | 'specific' | undefined;
  utcOffset?: string | undefined;
  timeZone?: string | undefined;
}

/** A row of calendar days. */
export interface Period {
  startDate: string;
  endDate: string;
  /** Milliseconds since the epoch, first and last. */
  startMs: number;
  endMs: number;
  days: number;
  /** The day that a moment lies in. */
  dateOf(ms: number): string;
  /** Length of the slots to read, in seconds. */
  unit: number;
  /** The stretches of days of equal length, oldest first, from `oldestMs` on: with them a day is a division. */
  stretches(oldestMs: number): Stretch[];
}

/** Days of equal length that follow each other. Seconds since the epoch. */
export interface Stretch {
  start: number;
  end: number;
  dayLength: number;
  firstDate: string;
}

/** Days that one request may look over: a hundred years. */
const maxDays = 36_600;
const dayMs = daySeconds * 1000;
const quarterMs = quarterSeconds * 1000;

const rangeDays = { '7d': 7, '30d': 30, '90d': 90, '1y': 365 } as const;

/** @throws GatewayError INVALID_REQUEST for days, offsets and zones that there are not. */
export function resolvePeriod(request: DateRequest, nowMs = Date.now()): Period {
  const zone = toZone(request);
  const today = zone.dateOf(nowMs);
  const { startDate, endDate } = toDates(request, today);
  const startMs = request.range === 'all' && !request.startDate ? 0 : zone.startOf(startDate);
  const endMs = zone.startOf(addDays(endDate, 1)) - 1;
  return {
    startDate: startMs === 0 ? zone.dateOf(0) : startDate,
    endDate,
    startMs,
    endMs,
    days: Math.ceil((endMs - startMs) / dayMs),
    dateOf: zone.dateOf,
    unit: zone.isUtc ? daySeconds : quarterSeconds,
    stretches: (oldestMs) => toStretches(zone, Math.max(startMs, oldestMs), endMs),
  };
}

/** The date some days later. */
export function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * dayMs).toISOString().slice(0, 10);
}

function toDates({ startDate, endDate, range, days }: DateRequest, today: string) {
  for (const [name, value] of Object.entries({ startDate, endDate }))
    if (value !== undefined && !isDate(value))
      throw invalid(`${name} "${value}" is no day of the calendar: write it as YYYY-MM-DD`);
  if ((startDate === undefined) !== (endDate === undefined)) throw invalid('give startDate and endDate together');
  if (startDate !== undefined && endDate !== undefined) {
    if (startDate > endDate) throw invalid(`startDate ${startDate} is after endDate ${endDate}`);
    if (Date.parse(endDate) - Date.parse(startDate) > maxDays * dayMs)
      throw invalid(`more than ${maxDays} days: choose a shorter range`);
    return { startDate, endDate };
  }
  const length = range && range !== 'all' ? rangeDays[range] : Math.min(maxDays, Math.max(1, Math.floor(days ?? 30)));
  return { startDate: addDays(today, 1 - length), endDate: today };
}

function isDate(text: string): boolean {
  const at = Date.parse(`${text}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && Number.isFinite(at) && new Date(at).toISOString().startsWith(text);
}

/** Which day a moment belongs to, and when a day begins. */
interface Zone {
  isUtc: boolean;
  dateOf(ms: number): string;
  startOf(date: string): number;
}

function toZone({ mode = 'utc', utcOffset, timeZone }: DateRequest): Zone {
  if (mode === 'gateway') return namedZone(new Intl.DateTimeFormat().resolvedOptions().timeZone);
  if (mode === 'utc') return fixedZone(0);
  const minutes = utcOffset?.trim() ? toMinutes(utcOffset.trim()) : undefined;
  if (timeZone === undefined) return fixedZone(minutes ?? 0);
  try {
    return namedZone(timeZone.trim());
  } catch {
    if (minutes !== undefined) return fixedZone(minutes);
    throw invalid(`there is no time zone "${timeZone}": write one as Europe/Vienna`);
  }
}

function toMinutes(offset: string): number {
  const [, sign, hours, minutes = '0'] = /^UTC([+-])(\d{1,2})(?::([0-5]\d))?$/.exec(offset) ?? [];
  const total = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
  if (sign === undefined || total < -12 * 60 || total > 14 * 60)
    throw invalid(`utcOffset "${offset}" is not between UTC-12:00 and UTC+14:00`);
  return total;
}

function fixedZone(minutes: number): Zone {
  const offsetMs = minutes * 60_000;
  return {
    isUtc: offsetMs === 0,
    dateOf: (ms) => new Date(ms + offsetMs).toISOString().slice(0, 10),
    startOf: (date) => Date.parse(`${date}T00:00:00Z`) - offsetMs,
  };
}

/** @throws RangeError when there is no such zone. */
function namedZone(timeZone: string): Zone {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  const dateOf = (ms: number) => format.format(ms);
  return {
    isUtc: format.resolvedOptions().timeZone === 'UTC',
    dateOf,
    startOf: (date) => firstMomentOf(date, dateOf),
  };
}

/** The first quarter of an hour of a day; of one that a zone has left out, the first of the next. */
function firstMomentOf(date: string, dateOf: (ms: number) => string): number {
  const noon = Date.parse(`${date}T12:00:00Z`);
  // No zone is farther from UTC than 15 hours.
  let before = Math.floor((noon - dayMs - 4 * 3_600_000) / quarterMs);
  let after = Math.ceil((noon + dayMs) / quarterMs);
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (dateOf(middle * quarterMs) >= date) after = middle;
    else before = middle;
  }
  return after * quarterMs;
}

function toStretches(zone: Zone, fromMs: number, endMs: number): Stretch[] {
  const stretches: Stretch[] = [];
  let date = zone.dateOf(fromMs);
  let start = zone.startOf(date);
  while (start <= endMs) {
    const next = addDays(date, 1);
    // Nearly every day has 24 hours; looking whether this one has is cheaper than searching for its end.
    const guess = start + dayMs;
    const isPlain = zone.dateOf(guess) === next && zone.dateOf(guess - quarterMs) === date;
    const end = isPlain ? guess : zone.startOf(next);
    const dayLength = (end - start) / 1000;
    const last = stretches.at(-1);
    if (last?.dayLength === dayLength) last.end = end / 1000;
    else if (dayLength > 0) stretches.push({ start: start / 1000, end: end / 1000, dayLength, firstDate: date });
    date = next;
    start = end;
  }
  return stretches;
}

function invalid(message: string): GatewayError {
  return new GatewayError('INVALID_REQUEST', message, { details: { code: 'INVALID_DATE_RANGE' } });
}
