import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createLog, type LogOptions } from '../../server/log/file-log.ts';
import { createRedactor } from '../../server/log/redact.ts';
import { readFlags } from '../../server/log/settings.ts';
import { scratch } from '../scratch.ts';
import { createConsole, modeOf, noon, openLog, toLines } from './house.ts';

describe('a line in the file', () => {
  it('is one JSON object, as tools read it', async () => {
    await using opened = await openLog();
    opened.log.child('wire').warn('hello\nworld', { connection: 'c1', count: 3, time: 'mine', _meta: 'mine' });
    const at = noon('2026-03-04');
    const [line] = await opened.lines();
    expect(line).toEqual({
      time: expect.stringMatching(/^2026-03-04T12:00:00\.000[+-]\d\d:\d\d$/),
      subsystem: 'wire',
      message: 'hello\nworld',
      connection: 'c1',
      count: 3,
      time_: 'mine',
      _meta_: 'mine',
      _meta: { logLevelName: 'WARN', date: at.toISOString(), name: '{"subsystem":"wire"}' },
    });
    expect(Date.parse(String(line?.time))).toBe(at.getTime());
  });

  it('has no secret in it: neither in the message, nor in a field, a list, an error, or under a telling name', async () => {
    const redact = createRedactor({ secrets: ['hunter2!'], patterns: ['pin \\d+'] });
    await using opened = await openLog({ redact });
    const error = new Error('refused hunter2!', { cause: new Error('with hunter2!') });
    opened.log.error('has hunter2! and pin 1234', { a: ['hunter2!'], error, deep: { token: 'x', tokens: 5 } });
    const text = JSON.stringify(await opened.lines());
    expect(text).not.toMatch(/hunter2|pin 1234/);
    expect(await opened.lines()).toMatchObject([
      {
        message: 'has *** and ***',
        a: ['***'],
        deep: { token: '***', tokens: 5 },
        error: { message: 'refused ***', cause: { message: 'with ***' } },
      },
    ]);
  });

  it('is cut where it would be endless, and never throws', async () => {
    await using opened = await openLog({ consoleLevel: 'silent' });
    const loop: Record<string, unknown> = { id: 10n, when: new URL('http://host/') };
    loop.self = loop;
    opened.log.info('x'.repeat(100_000), {
      loop,
      wide: Array.from({ length: 500 }, () => 1),
      long: 'y'.repeat(100_000),
    });
    const trap = {
      get field() {
        throw new Error('no');
      },
    };
    opened.log.info('trapped', trap);
    const [line, trapped] = await opened.lines();
    expect(JSON.stringify(line).length).toBeLessThan(80_000);
    expect(line).toMatchObject({ loop: { id: '10', when: 'http://host/' } });
    expect(line?.wide).toHaveLength(100);
    expect(trapped).toMatchObject({ message: 'trapped', fieldsFault: 'Error: no' });
  });

  it('has no half of a secret where it is cut', async () => {
    const secret = 'a-secret-that-is-cut-in-the-middle';
    await using opened = await openLog({ redact: createRedactor({ secrets: [secret] }), consoleLevel: 'silent' });
    for (let at = 32_730; at <= 32_770; at += 5) opened.log.info('x'.repeat(at) + secret + 'y'.repeat(50_000));
    for (let at = 41_000; at <= 49_200; at += 7)
      opened.log.info('x'.repeat(at) + secret, { field: 'x'.repeat(at) + secret });
    const text = JSON.stringify(await opened.lines());
    expect(text).not.toContain(secret.slice(0, 12));
  });

  it('keeps odd names and line ends as they are', async () => {
    await using opened = await openLog({ consoleLevel: 'silent' });
    opened.log.info('%s %d %%', {
      'a "quoted" \n name': 1,
      level: 'x',
      name: 'y',
      err: new Error('z'),
      hostname: 'h',
      pid: 1,
    });
    expect(await opened.lines()).toMatchObject([
      {
        message: '%s %d %%',
        'a "quoted" \n name': 1,
        level: 'x',
        name: 'y',
        err: { message: 'z' },
        hostname: 'h',
        pid: 1,
      },
    ]);
  });

  it('is there from its level on; the console has its own', async () => {
    await using opened = await openLog({ level: 'warn', consoleLevel: 'error' });
    for (const level of ['debug', 'info', 'warn', 'error'] as const) opened.log[level](level);
    expect((await opened.lines()).map(({ message }) => message)).toEqual(['warn', 'error']);
    expect(opened.stdout.text()).toMatch(/^\S+ \[gateway\] error\n$/);
    await using silent = await openLog({ level: 'silent', consoleLevel: 'debug' });
    silent.log.debug('only shown');
    expect(await silent.lines()).toEqual([]);
    expect(silent.stdout.text()).toContain('[gateway] only shown');
  });
});

describe('the console', () => {
  const show = async (options: LogOptions) => {
    await using opened = await openLog(options);
    opened.log.child('wire').warn('watch \u001b[2Jout\nfor', { secretToken: 'abc' });
  };

  it('shows time, subsystem and text; what could pass for another line or move the cursor does not', async () => {
    const stdout = createConsole();
    await show({ stdout });
    expect(stdout.text()).toMatch(/^2026-03-04T12:00:00\.000[+-]\d\d:\d\d \[wire\] watch \\u001b\[2Jout\n {2}for\n$/);
  });

  it('is coloured on a terminal', async () => {
    const stdout = createConsole({ isTTY: true });
    const { NO_COLOR } = process.env;
    delete process.env.NO_COLOR;
    await show({ stdout });
    if (NO_COLOR !== undefined) process.env.NO_COLOR = NO_COLOR;
    expect(stdout.text()).toBe(
      '\u001b[90m12:00:00\u001b[0m \u001b[36m[wire]\u001b[0m \u001b[33mwatch \\u001b[2Jout\n  for\u001b[0m\n',
    );
  });

  it('takes the lines of the file in the style json', async () => {
    const stdout = createConsole({ isTTY: true });
    await show({ stdout, consoleStyle: 'json' });
    expect(toLines(stdout.text())).toMatchObject([{ subsystem: 'wire', secretToken: '***' }]);
  });

  it('may lose its reader without an effect on the file', async () => {
    const stdout = createConsole({ fault: Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }) });
    await using opened = await openLog({ stdout });
    opened.log.info('one');
    await new Promise((done) => stdout.once('close', done));
    opened.log.info('two');
    expect((await opened.lines()).map(({ message }) => message)).toEqual(['one', 'two']);
    expect(stdout.text()).not.toContain('two');
  });

  it('does not pile up what its reader does not take', async () => {
    const stdout = Object.assign(new Writable({ write: () => undefined }), { isTTY: false });
    await using opened = await openLog({ stdout, level: 'silent' });
    for (let count = 0; count < 1000; count++) opened.log.info('x'.repeat(10_000));
    expect(stdout.writableLength).toBeLessThan(1.1 * 1024 * 1024);
  });
});

describe('the file', () => {
  it('is named after the day and the profile, in a folder of ours alone', async () => {
    await using opened = await openLog();
    expect(opened.log.currentFile()).toBe(join(opened.folder, 'openclaw', 'openclaw-2026-03-04.log'));
    opened.log.info('one');
    await opened.log.flush();
    expect(await modeOf(opened.log.currentFile())).toBe(0o600);
    expect(await modeOf(join(opened.folder, 'openclaw'))).toBe(0o700);
    await using profile = await openLog({ profile: 'dev' });
    expect(profile.log.currentFile()).toMatch(/openclaw-dev-2026-03-04\.log$/);
  });

  it('is continued after a restart, and closed to others', async () => {
    await using folder = await scratch();
    const file = join(folder.path, 'deep', 'gateway.log');
    for (const message of ['first', 'second']) {
      const log = createLog({ file, consoleLevel: 'silent' });
      log.info(message);
      await log.close();
      await chmod(file, message === 'first' ? 0o644 : 0o600);
    }
    expect(toLines(await readFile(file, 'utf8')).map(({ message }) => message)).toEqual(['first', 'second']);
    expect(await modeOf(file)).toBe(0o600);
  });

  it('lies in another folder when others could write to the usual one', async () => {
    const own = `openclaw-${process.getuid?.()}`;
    for (const spoil of [
      (usual: string) => mkdir(usual).then(() => chmod(usual, 0o777)),
      (usual: string) => symlink('/', usual),
      (usual: string) => writeFile(usual, ''),
    ]) {
      await using folder = await scratch();
      await spoil(join(folder.path, 'openclaw'));
      const log = createLog({ tmp: folder.path, consoleLevel: 'silent' });
      expect(log.currentFile()).toContain(join(folder.path, own));
      await log.close();
    }
  });

  it('may be missing when there is no safe folder: then the console says so and has every line', async () => {
    await using folder = await scratch();
    const stdout = createConsole();
    const log = createLog({ tmp: join(folder.path, 'none'), stdout });
    log.info('hello');
    await log.close();
    expect(stdout.text()).toMatch(
      /\[log\] no log file, lines go to the console only: .+ Set logging\.file\.\n.+\[gateway\] hello\n$/,
    );
  });

  it('that is named has to be writable', async () => {
    await using folder = await scratch();
    await writeFile(join(folder.path, 'a-file'), '');
    expect(() => createLog({ file: join(folder.path, 'a-file', 'gateway.log') })).toThrow(
      expect.objectContaining({
        code: 'INVALID_CONFIG',
        message: expect.stringMatching(
          /^cannot write the log file .+gateway\.log \((EEXIST|ENOTDIR)\): set logging\.file/,
        ),
      }),
    );
  });
});

describe('after close', () => {
  it('lines are lost without a fault, and a second close is one too many at most', async () => {
    const opened = await openLog();
    opened.log.info('one');
    await opened.log.close();
    opened.log.info('two');
    await opened.log.close();
    expect((await opened.lines()).map(({ message }) => message)).toEqual(['one']);
    await opened[Symbol.asyncDispose]();
  });
});

describe('settings that change', () => {
  it('are those of the next line: levels, style, patterns', async () => {
    await using opened = await openLog({ level: 'info', consoleLevel: 'silent' });
    const { log } = opened;
    log.debug('too little');
    log.configure({ level: 'debug', consoleLevel: 'info', consoleStyle: 'json', redactPatterns: ['order \\d+'] });
    log.debug('now enough, order 12');
    log.info('shown, order 13');
    log.configure({ level: 'error' });
    log.warn('too little again');
    expect((await opened.lines()).map(({ message }) => message)).toEqual(['now enough, ***', 'shown, ***']);
    expect(toLines(opened.stdout.text().split('\n').slice(0, 1).join('\n').concat('\n'))).toMatchObject([
      { message: 'shown, ***' },
    ]);
    expect(() => log.configure({ level: 'debug', redactPatterns: ['('] })).toThrow('is no regular expression');
    log.info('still too little');
    expect(await opened.lines()).toHaveLength(2);
  });

  it('lead into another file, and back to that of the day', async () => {
    await using opened = await openLog();
    const { log, folder } = opened;
    const daily = log.currentFile();
    log.info('one');
    log.configure({ file: join(folder, 'deep', 'other.log') });
    log.info('two');
    await log.flush();
    expect(log.currentFile()).toBe(join(folder, 'deep', 'other.log'));
    log.configure({});
    log.info('three');
    await log.flush();
    const texts = await Promise.all([daily, join(folder, 'deep', 'other.log')].map((file) => readFile(file, 'utf8')));
    expect(texts.map((text) => toLines(text).map(({ message }) => message))).toEqual([['one', 'three'], ['two']]);
  });

  it('of one subsystem let its debug lines through, unless only errors are wanted', async () => {
    await using opened = await openLog({ consoleLevel: 'silent', flags: ['models', 'HTTP.*'] });
    const { log } = opened;
    for (const name of ['models', 'http', 'http.hooks', 'httpd', 'wire']) log.child(name).debug(name);
    expect((await opened.lines()).map(({ message }) => message)).toEqual(['models', 'http', 'http.hooks']);
    log.configure({ flags: ['*'], level: 'error', consoleLevel: 'silent' });
    log.debug('not even now');
    log.configure({ flags: ['*'], level: 'warn', consoleLevel: 'silent' });
    log.debug('all');
    expect((await opened.lines()).map(({ message }) => message).slice(3)).toEqual(['all']);
  });
});

describe('readFlags', () => {
  it.each<[string[] | undefined, string | undefined, string[]]>([
    [undefined, undefined, []],
    [['wire'], 'models, http', ['wire', 'models', 'http']],
    [['wire'], 'off', []],
    [['wire'], '1', ['*']],
  ])('%j and %j are %j', (configured, variable, flags) => {
    expect(readFlags(configured, variable)).toEqual(flags);
  });
});
