import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { toFlagName, toFlags, toInput } from '../../cli/args.ts';
import { deriveCommands, type MethodCommand } from '../../cli/derive.ts';
import { spellOut } from '../../cli/flags.ts';
import { methods } from '../../sdk/protocol/contract.ts';
import type { Spec } from '../../sdk/protocol/method.ts';

const sample = z.strictObject({
  key: z.string().min(1),
  maxCount: z.number().int().min(1).max(1000).default(100),
  ratio: z.number().optional(),
  level: z.enum(['low', 'high']).optional(),
  deep: z.boolean().default(false),
  archived: z.union([z.boolean(), z.literal('all')]).default(false),
  label: z.string().min(1).nullish(),
  tags: z.array(z.string()).optional(),
  sizes: z.array(z.number().int()).optional(),
  files: z.array(z.looseObject({ name: z.string().optional() })).optional(),
  options: z.looseObject({}).optional(),
  idempotencyKey: z.string().min(1),
});

const command = derive({ input: sample, positionals: ['key'] });

function derive({ input, positionals }: { input: z.ZodType; positionals: string[] }): MethodCommand {
  const spec: Spec = {
    kind: 'query',
    summary: 'A sample.',
    scope: null,
    input,
    output: z.unknown(),
    cli: { positionals },
  };
  const [derived] = deriveCommands(new Map([['sample.ask', spec]]));
  if (!derived) throw new Error('nothing was derived');
  return derived;
}

/** What a method would be sent for a command line, as `main` reads it. */
async function read(...argv: string[]): Promise<Record<string, unknown>> {
  const { parseArgs } = await import('citty');
  const flags = toFlags(command);
  const args = parseArgs(spellOut(argv, flags), flags);
  const { idempotencyKey, ...input } = await toInput(command, args);
  expect(idempotencyKey).toMatch(/^[0-9a-f-]{36}$|^own$/);
  return input;
}

describe('the command of a method', () => {
  it('has a flag for every field and a place for every positional', () => {
    const flags = toFlags(command);
    expect(Object.keys(flags)).toEqual([
      'key',
      ...['max-count', 'ratio', 'level', 'deep', 'archived', 'label', 'tags', 'sizes', 'files', 'options'],
      'idempotency-key',
    ]);
    expect(flags.key?.type).toBe('positional');
    expect(flags['max-count']).toMatchObject({ type: 'string', valueHint: 'n', description: '(default 100)' });
    expect(flags.archived?.valueHint).toBe('true|false|all');
  });

  it('leaves out what was not given, so that the gateway fills in its defaults', async () => {
    expect(await read('main')).toEqual({ key: 'main' });
  });

  it.each([
    [['main', '--max-count', '5'], { maxCount: 5 }],
    [['main', '--max-count=5'], { maxCount: 5 }],
    [['--maxCount', '5', 'main'], { maxCount: 5 }],
    [['main', '--ratio', '-0.5'], { ratio: -0.5 }],
    [['main', '--level', 'high'], { level: 'high' }],
    [['main', '--deep'], { deep: true }],
    [['main', '--no-deep'], { deep: false }],
    [['main', '--deep=false'], { deep: false }],
    [['main', '--archived'], { archived: true }],
    [['--archived', 'main'], { archived: true }],
    [['main', '--archived', 'all'], { archived: 'all' }],
    [['main', '--archived', '--deep'], { archived: true, deep: true }],
    [['main', '--label', 'a b'], { label: 'a b' }],
    [['main', '--label', 'null'], { label: null }],
    [['main', '--tags', 'a,b', '--tags', 'c'], { tags: ['a', 'b', 'c'] }],
    [['main', '--tags', '["a,b"]'], { tags: ['a,b'] }],
    [['main', '--sizes', '1, 2'], { sizes: [1, 2] }],
    [['main', '--files', '{"name":"x"}', '--files', '[{"name":"y"}]'], { files: [{ name: 'x' }, { name: 'y' }] }],
    [['main', '--options', '{"a":[1]}'], { options: { a: [1] } }],
    [['--', '--main'], { key: '--main' }],
    [['main', '--idempotency-key', 'own'], {}],
  ])('reads %j', async (argv, expected) => {
    expect(await read(...argv)).toEqual({ key: 'main', ...expected });
  });

  it.each([
    [['main', '--max-count', 'five'], '--max-count must be a whole number from 1 to 1000, not "five"'],
    [['main', '--max-count', '1001'], '--max-count must be a whole number from 1 to 1000, not "1001"'],
    [['main', '--max-count', '1.5'], '--max-count must be a whole number from 1 to 1000, not "1.5"'],
    [['main', '--max-count'], '--max-count needs a value'],
    [['main', '--max-count', '--deep'], '--max-count needs a value'],
    [['main', '--level', 'mid'], '--level must be one of low, high, not "mid"'],
    [['main', '--deep=maybe'], '--deep is a switch: write --deep or --no-deep, not --deep=maybe'],
    [['main', '--options', '[1]'], '--options must be a JSON object, not "[1]"'],
    [['main', '--files', 'x'], '--files must be JSON, not "x"'],
    [['main', '--max-cuont', '5'], 'unknown flag --max-cuont; did you mean --max-count?'],
    [['main', '--no-level'], '--level is no switch: give it a value'],
    [['main', '-x'], 'unknown flag -x'],
    [['--key', 'main'], '<key> is given by position, without --key'],
    [['main', 'other'], 'unexpected argument "other"'],
    [[], '<key> is missing'],
  ])('refuses %j', async (argv, message) => {
    await expect(read(...argv)).rejects.toMatchObject({ message, details: { code: 'BAD_USAGE' } });
  });

  it('spells field names as flags', () => {
    expect(toFlagName('includeLastMessage')).toBe('include-last-message');
    expect(toFlagName('timeoutMs')).toBe('timeout-ms');
  });
});

describe('the commands of the contract', () => {
  const commands = deriveCommands(methods);

  it('are all of them, with words that nest by dots', () => {
    expect(commands.map(({ method }) => method)).toEqual([...methods.keys()]);
    expect(commands.find(({ method }) => method === 'sessions.messages.subscribe')?.words).toEqual([
      'sessions',
      'messages',
      'subscribe',
    ]);
  });

  it('give every positional a field, the required ones first', () => {
    for (const { method, positionals, fields } of commands) {
      const required = positionals.map((name) => fields.find((field) => field.name === name)?.required);
      expect(required, method).not.toContain(undefined);
      expect(required, method).toEqual([...required].sort((a, b) => Number(b) - Number(a)));
    }
  });

  it('take no flag away from the ones that work everywhere', () => {
    const taken = ['url', 'token', 'password', 'timeout', 'json', 'profile', 'dev', 'no-color', 'help', 'version'];
    const clashes = commands
      .filter(({ hidden }) => !hidden)
      .flatMap((command) => Object.keys(toFlags(command)).filter((flag) => taken.includes(flag)));
    expect(clashes).toEqual([]);
  });
});
