import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

function derive({ input, ...hints }: { input: z.ZodType; positionals: string[]; long?: string[] }): MethodCommand {
  const spec: Spec = {
    kind: 'query',
    summary: 'A sample.',
    scope: null,
    input,
    output: z.unknown(),
    cli: hints,
  };
  const [derived] = deriveCommands(new Map([['sample.ask', spec]]));
  if (!derived) throw new Error('nothing was derived');
  return derived;
}

/** What a method would be sent for a command line, as `main` reads it. */
async function read(...argv: string[]): Promise<Record<string, unknown>> {
  const { idempotencyKey, ...input } = await readFor(command, argv);
  expect(idempotencyKey).toMatch(/^[0-9a-f-]{36}$|^own$/);
  return input;
}

async function readFor(method: MethodCommand, argv: string[]): Promise<Record<string, unknown>> {
  const { parseArgs } = await import('citty');
  const flags = toFlags(method);
  const optional = Object.entries(flags).map(([name, flag]) => [name, { ...flag, required: false }]);
  return toInput(method, parseArgs(spellOut(argv, flags), Object.fromEntries(optional)));
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

  it('hints at what a field takes that null can take away', async () => {
    const input = z.strictObject({
      cap: z.number().int().min(1).max(64).nullish(),
      fast: z.union([z.boolean(), z.literal('auto')]).nullish(),
      name: z.string().min(1).nullish(),
      allow: z.array(z.string()).nullish(),
    });
    const method = derive({ input, positionals: [] });
    const hints = Object.values(toFlags(method)).map(({ valueHint }) => valueHint);
    expect(hints).toEqual(['n|null', 'true|false|auto|null', 'text|null', 'json|null']);
    expect(await readFor(method, ['--cap', '5', '--fast', 'auto', '--allow', '["a"]', '--name', 'null'])).toEqual({
      cap: 5,
      fast: 'auto',
      allow: ['a'],
      name: null,
    });
    await expect(readFor(method, ['--cap', '65'])).rejects.toThrow('--cap must be a whole number from 1 to 64 or null');
    await expect(readFor(method, ['--fast', 'soon'])).rejects.toThrow('--fast must be one of true, false, auto, null');
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

describe('a field that is called as a global flag', () => {
  const clashing = derive({
    input: z.strictObject({ version: z.string().optional(), json: z.boolean().optional(), token: z.string() }),
    positionals: ['token'],
  });

  it('has a flag of its own, or its place', async () => {
    expect(Object.keys(toFlags(clashing))).toEqual(['token', 'param-version', 'param-json']);
    expect(await readFor(clashing, ['x', '--param-version', '7', '--no-param-json'])).toEqual({
      token: 'x',
      version: '7',
      json: false,
    });
  });
});

describe('a place for several words', () => {
  const several = derive({
    input: z.strictObject({ name: z.string(), keys: z.array(z.string()) }),
    positionals: ['name', 'keys'],
  });

  it.each([
    [['n', 'a'], ['a']],
    [
      ['n', 'a,b', 'c'],
      ['a', 'b', 'c'],
    ],
    [['n', '["a,b"]'], ['a,b']],
  ])('takes them all from %j', async (argv, keys) => expect(await readFor(several, argv)).toEqual({ name: 'n', keys }));

  it('wants one at least', async () =>
    expect(readFor(several, ['n'])).rejects.toMatchObject({ message: '<keys> is missing' }));
});

describe('a field that may be long', () => {
  const long = derive({
    input: z.strictObject({ key: z.string(), text: z.string(), options: z.looseObject({}).optional() }),
    positionals: ['key', 'text'],
    long: ['text', 'options'],
  });
  let folder: string;
  const file = (name: string) => join(folder, name);
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'openclaw-args-'));
    await writeFile(file('text'), '\ufeffone\n-- two\n');
    await writeFile(file('json'), '{"a":[1]}\n');
    await writeFile(file('image'), Buffer.from([0xff, 0xd8, 0xff]));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('is read from a file as it stands there, without a byte order mark', async () => {
    expect(await readFor(long, ['main', '--text-file', file('text')])).toEqual({ key: 'main', text: 'one\n-- two\n' });
    expect(await readFor(long, ['main', 'typed', '--options-file', file('json')])).toEqual({
      key: 'main',
      text: 'typed',
      options: { a: [1] },
    });
  });

  it.each([
    [['main'], '<text> or --text-file is missing'],
    [['main', 'typed', '--text-file', 'x'], '<text> and --text-file: give one of them'],
    [['main', 'x', '--options', '{}', '--options-file', 'x'], '--options and --options-file: give one of them'],
    [['main', '--text-file', 'no-such-file'], '--text-file "no-such-file" cannot be read: there is no such file'],
    [['main', '--text-file', '.'], '--text-file "." cannot be read: it is a folder'],
  ])('refuses %j', async (argv, message) =>
    expect(readFor(long, argv)).rejects.toMatchObject({ message, details: { code: 'BAD_USAGE' } }),
  );

  it('refuses a file that is no text, and quotes no more than a line of one that does not fit', async () => {
    await expect(readFor(long, ['main', '--text-file', file('image')])).rejects.toThrow(/image" is not UTF-8 text$/);
    const refused = readFor(long, ['main', 'x', '--options', 'x'.repeat(10_000)]);
    await expect(refused).rejects.toThrow(/^--options must be a JSON object, not "x{79}…"$/);
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
