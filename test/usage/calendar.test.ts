import { describe, expect, it } from 'vitest';
import { type DateRequest, resolvePeriod } from '../../server/usage/calendar.ts';

const at = (text: string) => Date.parse(text);
const noon = at('2026-11-22T12:00:00Z');
const resolve = (request: DateRequest, now = noon) => resolvePeriod(request, now);

describe('the days that are meant', () => {
  it('are the last thirty in UTC when nothing is said', () => {
    expect(resolve({})).toMatchObject({
      startDate: '2026-10-24',
      endDate: '2026-11-22',
      days: 30,
      startMs: at('2026-10-24T00:00:00Z'),
      endMs: at('2026-11-23T00:00:00Z') - 1,
    });
  });

  it.each([
    [{ range: '7d' }, '2026-11-16'],
    [{ range: '90d' }, '2026-08-25'],
    [{ range: '1y' }, '2025-11-23'],
    [{ range: 'all' }, '1970-01-01'],
    [{ days: 1 }, '2026-11-22'],
    [{ days: 0 }, '2026-11-22'],
    [{ days: 2.9 }, '2026-11-21'],
    [{ range: '7d', startDate: '2026-01-01', endDate: '2026-11-22' }, '2026-01-01'],
  ] as [DateRequest, string][])('begin as %j says', (request, startDate) => {
    expect(resolve(request)).toMatchObject({ startDate, endDate: '2026-11-22' });
  });

  it.each([
    [{ startDate: '2026-11-01' }, /together/],
    [{ endDate: '2026-11-01' }, /together/],
    [{ startDate: '2026-11-02', endDate: '2026-11-01' }, /after/],
    [{ startDate: '2026-02-30', endDate: '2026-03-01' }, /startDate "2026-02-30"/],
    [{ startDate: 'today', endDate: '2026-03-01' }, /startDate "today"/],
    [{ startDate: '0001-01-01', endDate: '2026-03-01' }, /more than 36600 days/],
    [{ mode: 'specific', timeZone: 'Europe/Atlantis' }, /no time zone "Europe\/Atlantis"/],
    [{ mode: 'specific', utcOffset: 'UTC+15' }, /UTC\+15/],
    [{ mode: 'specific', utcOffset: 'noon' }, /noon/],
  ] as [DateRequest, RegExp][])('are refused when there are none: %j', (request, message) => {
    expect(() => resolve(request)).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST', message: expect.stringMatching(message) }),
    );
  });
});

describe('the zone that days are of', () => {
  const night = at('2026-11-22T23:30:00Z');

  it.each([
    [{ mode: 'specific', utcOffset: 'UTC+5:30' }, '2026-11-23', '2026-11-22T18:30:00Z'],
    [{ mode: 'specific', utcOffset: 'UTC-8' }, '2026-11-22', '2026-11-22T08:00:00Z'],
    [{ mode: 'specific', utcOffset: ' ' }, '2026-11-22', '2026-11-22T00:00:00Z'],
    [{ mode: 'specific', timeZone: 'Europe/Vienna' }, '2026-11-23', '2026-11-22T23:00:00Z'],
    [{ mode: 'specific', timeZone: 'Europe/Vienna', utcOffset: 'UTC-8' }, '2026-11-23', '2026-11-22T23:00:00Z'],
    [{ mode: 'specific', timeZone: 'No/Where', utcOffset: 'UTC-8' }, '2026-11-22', '2026-11-22T08:00:00Z'],
    [{ mode: 'utc', timeZone: 'Europe/Vienna' }, '2026-11-22', '2026-11-22T00:00:00Z'],
  ] as [DateRequest, string, string][])('is read from %j', (request, today, start) => {
    expect(resolve({ ...request, days: 1 }, night)).toMatchObject({ startDate: today, startMs: at(start) });
  });

  it('is that of the machine in the mode gateway', () => {
    const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
    expect(resolve({ mode: 'gateway' }, night).startMs).toBe(resolve({ mode: 'specific', timeZone }, night).startMs);
  });

  it('has days of 23 and of 25 hours when clocks change', () => {
    const year = {
      mode: 'specific',
      timeZone: 'Europe/Vienna',
      startDate: '2026-03-28',
      endDate: '2026-10-26',
    } as const;
    const stretches = resolve(year).stretches(0);
    expect(stretches.map(({ firstDate, dayLength }) => [firstDate, dayLength / 3600])).toEqual([
      ['2026-03-28', 24],
      ['2026-03-29', 23],
      ['2026-03-30', 24],
      ['2026-10-25', 25],
      ['2026-10-26', 24],
    ]);
    expect(stretches.every(({ start }, index) => index === 0 || stretches[index - 1]?.end === start)).toBe(true);
  });

  it('may begin a day at one in the morning', () => {
    const day = {
      mode: 'specific',
      timeZone: 'America/Santiago',
      startDate: '2026-09-06',
      endDate: '2026-09-06',
    } as const;
    const { startMs, endMs } = resolve(day);
    expect([new Date(startMs).toISOString(), (endMs + 1 - startMs) / 3_600_000]).toEqual([
      '2026-09-06T04:00:00.000Z',
      23,
    ]);
  });

  it('looks at no day before the first that something is known of', () => {
    const all = resolve({ mode: 'specific', timeZone: 'Asia/Kolkata', range: 'all' });
    expect(all.stretches(at('2026-11-20T00:00:00Z')).map(({ firstDate }) => firstDate)).toEqual(['2026-11-20']);
  });
});
