import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixtures } from './fixture.ts';
import { differences, exampleOf, isRecord, type Known } from './matchers.ts';
import { playAgainstClient } from './mirror.ts';
import { playAgainstGateway } from './play.ts';
import { rows } from './rows.ts';

const page = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'protocol.md'), 'utf8');
const headings = [...page.matchAll(/^##+ (.+)$/gm)].map(([, heading]) => heading);

describe('our gateway answers as in', () => {
  it.each(fixtures.filter(({ not }) => !not?.gateway))('$name: $title', async (fixture) => {
    await playAgainstGateway(fixture);
  });
});

describe('our client asks and hears as in', () => {
  it.each(fixtures.filter(({ not }) => !not?.client))('$name: $title', async (fixture) => {
    await playAgainstClient(fixture);
  });
});

describe('the corpus', () => {
  it('has a fixture for every row of the tables of failures', () => {
    const proved = new Set(fixtures.flatMap((fixture) => fixture.rows ?? []));
    expect(rows.filter((row) => !proved.has(row))).toEqual([]);
    expect([...proved].filter((row) => !(rows as readonly string[]).includes(row))).toEqual([]);
  });

  it('names sections of the protocol page, and says each thing once', () => {
    expect(fixtures.length).toBeGreaterThanOrEqual(60);
    expect(
      fixtures.filter(({ source }) => !headings.includes(source)).map(({ name, source }) => [name, source]),
    ).toEqual([]);
    const titles = fixtures.map(({ title }) => title);
    expect(titles.filter((title, index) => titles.indexOf(title) !== index)).toEqual([]);
  });

  it('is played on at least one side, and names a test that exists where it is not', () => {
    const unplayed = fixtures.filter(({ not }) => not?.gateway && not?.client);
    expect(unplayed.map(({ name }) => name)).toEqual([]);
    expect(fixtures.filter(({ not }) => not?.gateway).every(({ not }) => /\.test\.ts/.test(not?.gateway ?? ''))).toBe(
      true,
    );
  });

  it('gives examples that match what they are examples of', () => {
    const faults = fixtures.flatMap(({ name, steps }) =>
      steps.flatMap((step) => {
        const known: Known = new Map(namesIn(step).map((used) => [used, 'text']));
        const example = exampleOf(step.expect ?? step.closed ?? {}, known);
        return differences(step.expect ?? step.closed ?? {}, example, known).map((fault) => `${name}: ${fault}`);
      }),
    );
    expect(faults).toEqual([]);
  });
});

/** Names that `$use:` takes somewhere in a value. */
function namesIn(value: unknown): string[] {
  if (typeof value === 'string') return value.startsWith('$use:') ? [value.slice('$use:'.length)] : [];
  if (Array.isArray(value)) return value.flatMap(namesIn);
  return isRecord(value) ? Object.values(value).flatMap(namesIn) : [];
}
