import { chmod, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import JSON5 from 'json5';
import { describe, expect, it } from 'vitest';
import type { ConfigEdit } from '../../server/config/edit.ts';
import { createRevisions, keptRevisions } from '../../server/config/revisions.ts';
import { createSeal } from '../../server/config/seal.ts';
import { by, openHouse } from './house.ts';

const mark = '__OPENCLAW_REDACTED__';
const text = `// mine
{
  gateway: { mode: 'local' }, // how it runs
  session: { mainKey: 'home' },
}
`;

describe('a patch', () => {
  it('keeps comments and order, and is in effect when it is answered', async () => {
    await using house = await openHouse({ text });
    const edited = await house.edit({ patch: { session: { mainKey: 'work' }, logging: { level: 'debug' } } });
    expect(await house.read()).toBe(
      text.replace("'home'", "'work'").replace('},\n}', "},\n  logging: {\n    level: 'debug',\n  },\n}"),
    );
    expect(edited).toMatchObject({
      noop: false,
      changedPaths: ['session.mainKey', 'logging.level'],
      requiresRestart: false,
    });
    expect(house.live.current()).toEqual({
      gateway: { mode: 'local' },
      session: { mainKey: 'work' },
      logging: { level: 'debug' },
    });
    expect(house.written).toEqual([edited]);
    expect((await stat(house.path)).mode & 0o777).toBe(0o600);
    expect((await house.file.read()).hash).toBe(edited.hash);
  });

  it('makes the file where there is none', async () => {
    await using house = await openHouse();
    await house.edit({ patch: { gateway: { mode: 'local' } }, requiresBase: true });
    expect(JSON5.parse(await house.read())).toEqual({ gateway: { mode: 'local' } });
  });

  it('that changes nothing writes nothing', async () => {
    await using house = await openHouse({ text });
    const before = await stat(house.path, { bigint: true });
    expect(await house.edit({ patch: {} })).toMatchObject({ noop: true, changedPaths: [], requiresRestart: false });
    expect(await house.edit({ patch: { session: { mainKey: 'home' } } })).toMatchObject({ noop: true });
    expect((await stat(house.path, { bigint: true })).mtimeNs).toBe(before.mtimeNs);
    expect([house.written, house.file.revisions()]).toEqual([[], []]);
  });

  it('keeps references as they are written', async () => {
    const apiKey = ['$', '{KEY}'].join('');
    const first = `{ models: { providers: { up: { baseUrl: 'http://127.0.0.1:1/v1', apiKey: '${apiKey}' } } } }`;
    await using house = await openHouse({ text: first, env: { KEY: 'the-secret-itself' } });
    await house.edit({ patch: { session: { mainKey: 'work' } } });
    expect(await house.read()).toContain(`apiKey: '${apiKey}'`);
    expect(house.live.current().models?.providers?.up?.apiKey).toBe('the-secret-itself');
    for (const name of await readdir(house.folder))
      if (!name.startsWith('openclaw.db'))
        expect(await readFile(join(house.folder, name), 'utf8')).not.toContain('the-secret-itself');
  });
});

describe('what is refused', () => {
  it.each([
    ['a base that is missing', { patch: { session: {} }, requiresBase: true }, 'config base hash required'],
    [
      'a base that is stale',
      { patch: {}, baseHash: 'x' },
      'config changed since last load; re-run config.get and retry',
    ],
    ['an unknown key', { patch: { gateway: { prot: 1 } } }, 'invalid config: gateway.prot: unrecognized key'],
    ['a wrong type', { patch: { gateway: { port: 'x' } } }, 'invalid config: gateway.port: expected number'],
    ['a text that is no JSON5', { raw: '{ gateway: ' }, 'raw is not valid JSON5'],
    ['a text that is no object', { raw: '[]' }, 'raw must be an object'],
    ['a text without an end', { raw: `{a:${'['.repeat(200)}${']'.repeat(200)}}` }, 'levels of nesting'],
    ['a mark without a secret', { patch: { gateway: { auth: { token: mark } } } }, 'gateway.auth.token is the mark'],
    ['a mark in a name', { patch: { models: { providers: { [mark]: {} } } } }, 'is the mark'],
    ['the loss of gateway.mode', { patch: { gateway: null } }, 'would drop gateway.mode'],
    ['the loss of half of the file', { raw: "{ gateway: { mode: 'local' } }" }, 'more than half of the file'],
    ['what could not start', { patch: { gateway: { bind: 'lan', auth: { mode: 'none' } } } }, 'could not start'],
  ])('%s, and the file stays as it was', async (_, edit: Omit<ConfigEdit, 'by'>, message) => {
    await using house = await openHouse({ text });
    const config = house.live.current();
    const error = await house.refusal(edit);
    expect(error.code).toBe('INVALID_REQUEST');
    expect(error.message).toContain(message);
    expect(await house.read()).toBe(text);
    expect([house.live.current() === config, house.written, house.file.revisions()]).toEqual([true, [], []]);
  });

  it('says every fault in its details, and nothing of a secret', async () => {
    await using house = await openHouse({ text });
    const patch = { gateway: { prot: 'hush-hush', auth: { token: { hush: 'hush-hush' } } } };
    const error = await house.refusal({ patch });
    const place = { file: house.path, line: expect.any(Number), column: expect.any(Number) };
    expect(error.details?.issues).toEqual([
      { ...place, path: 'gateway.prot', code: 'UNKNOWN_KEY', message: expect.any(String), nearest: 'gateway.port' },
      { ...place, path: 'gateway.auth.token', code: 'INVALID_VALUE', message: expect.any(String) },
    ]);
    expect(JSON.stringify([error.message, error.details])).not.toContain('hush-hush');
  });

  it('goes when it is meant', async () => {
    await using house = await openHouse({ text });
    await house.edit({ patch: { gateway: null }, allowDestructive: true });
    await house.edit({ raw: '{}', allowDestructive: true });
    expect(await house.read()).toBe('{}');
  });

  it('tells what the disk said, and keeps the file', async () => {
    await using house = await openHouse({ text });
    await mkdir(join(house.folder, 'closed'));
    const blocked = join(house.folder, 'closed');
    await chmod(blocked, 0o500);
    if (process.getuid?.() === 0) return;
    await chmod(house.folder, 0o500);
    try {
      const error = await house.refusal({ patch: { session: { mainKey: 'work' } } });
      expect(error).toMatchObject({ code: 'UNAVAILABLE', details: { code: 'CONFIG_NOT_WRITTEN', errno: 'EACCES' } });
    } finally {
      await chmod(house.folder, 0o700);
      await chmod(blocked, 0o700);
    }
    expect(await house.read()).toBe(text);
    expect(house.file.revisions().map((revision) => revision.by)).toEqual(['file']);
  });
});

describe('a whole text', () => {
  const secretive = `{
  gateway: { mode: 'local', auth: { token: 'hush-hush-1' } },
  models: { providers: { up: { baseUrl: 'http://me:hush-hush-2@127.0.0.1:1/v1', headers: { 'X-Mine': 'hush-hush-3' } } } },
}`;

  it('keeps the secrets of the file where it has marks, and its own comments', async () => {
    await using house = await openHouse({ text: secretive });
    const { parsed } = await house.file.read();
    const raw = `// theirs\n${JSON5.stringify({ ...(parsed as object), session: { mainKey: 'work' } }, undefined, 2)}`;
    expect(raw).toContain(mark);
    expect(raw).not.toContain('hush');
    await house.edit({ raw });
    expect(JSON5.parse(await house.read())).toEqual({ ...JSON5.parse(secretive), session: { mainKey: 'work' } });
    expect(await house.read()).toMatch(/^\/\/ theirs\n/);
    expect(await house.read()).not.toContain(mark);
  });

  it('does not move a secret to another key', async () => {
    await using house = await openHouse({ text: secretive });
    const { message } = await house.refusal({ patch: { gateway: { auth: { password: mark } } } });
    expect(message).toContain('gateway.auth.password is the mark');
    const url = `http://me:${mark}@elsewhere.example/v1`;
    const moved = await house.refusal({ patch: { models: { providers: { up: { baseUrl: url } } } } });
    expect(moved.message).toContain('models.providers.up.baseUrl is the mark');
  });

  it('repairs a file that has become invalid, which no patch can', async () => {
    await using house = await openHouse({ text });
    await writeFile(house.path, '{ gateway: ');
    expect((await house.refusal({ patch: { session: { mainKey: 'a' } } })).message).toContain('cannot be patched');
    const { hash } = await house.file.read();
    await house.edit({ raw: text, baseHash: String(hash), requiresBase: true });
    expect(await house.read()).toBe(text);
  });
});

describe('others who write', () => {
  it('are waited for: edits at once are all in the file', async () => {
    await using house = await openHouse({ text });
    const names = Array.from({ length: 25 }, (_, index) => `agent-${index}`);
    await Promise.all(names.map((name) => house.edit({ patch: { agents: { entries: { [name]: { name } } } } })));
    expect(Object.keys(house.live.current().agents?.entries ?? {})).toEqual(names);
    expect(Object.keys(JSON5.parse(await house.read()).agents.entries)).toEqual(names);
    expect(await readdir(house.folder)).not.toContainEqual(expect.stringMatching(/\.tmp$/));
  });

  it('let one of two edits for the same base through', async () => {
    await using house = await openHouse({ text });
    const { hash } = await house.file.read();
    const outcomes = await Promise.allSettled(
      ['a', 'b', 'c'].map((mainKey) => house.edit({ patch: { session: { mainKey } }, baseHash: String(hash) })),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(house.live.current().session?.mainKey).toBe('a');
  });

  it('with an editor are noticed, merged with, and kept as a revision', async () => {
    await using house = await openHouse({ text });
    const { hash } = await house.file.read();
    await writeFile(house.path, text.replace('mine', 'by hand').replace("'home'", "'hand'"));
    const error = await house.refusal({ patch: {}, baseHash: String(hash) });
    expect(error.message).toBe('config changed since last load; re-run config.get and retry');
    await house.edit({ patch: { logging: { level: 'debug' } }, note: 'more' });
    expect(await house.read()).toContain('by hand');
    expect(house.live.current()).toMatchObject({ session: { mainKey: 'hand' }, logging: { level: 'debug' } });
    expect(house.file.revisions()).toMatchObject([{ by, note: 'more' }, { by: 'file' }]);
  });
});

describe('the file', () => {
  it('may be a link, which is replaced by the file and not followed', async () => {
    await using house = await openHouse({ text, linkTo: 'mine.json' });
    await house.edit({ patch: { session: { mainKey: 'work' } } });
    expect((await lstat(house.path)).isSymbolicLink()).toBe(false);
    expect(await house.read()).toContain("'work'");
    expect(await readFile(join(house.folder, 'real', 'mine.json'), 'utf8')).toBe(text);
    expect((await stat(house.path)).mode & 0o777).toBe(0o600);
  });

  it('keeps the newest twenty revisions, and takes any of them back', async () => {
    await using house = await openHouse({ text });
    for (let round = 0; round < keptRevisions + 5; round++)
      await house.edit({ patch: { session: { mainKey: `key-${round}` } } });
    const revisions = house.file.revisions();
    expect(revisions).toHaveLength(keptRevisions);
    expect(revisions[0]).toMatchObject({ by, changedPaths: ['session.mainKey'] });
    const oldest = revisions.at(-1)?.id ?? 0;
    await house.file.rollback(oldest, 'somebody');
    expect(house.live.current().session?.mainKey).toBe('key-5');
    expect(house.file.revisions()[0]).toMatchObject({ by: 'somebody', note: `rollback to revision ${oldest}` });
    await expect(house.file.rollback(1, by)).rejects.toMatchObject({ details: { code: 'UNKNOWN_REVISION' } });
  });

  it('leaves no secret in the database, and forgets what was sealed with another key', async () => {
    await using house = await openHouse({ text });
    const secrets = ['sk-one-0123456789', 'sk-two-0123456789'];
    for (const apiKey of secrets)
      await house.edit({ patch: { models: { providers: { up: { baseUrl: 'http://127.0.0.1:1/v1', apiKey } } } } });
    await house.database.durable();
    for (const file of (await readdir(house.folder)).filter((name) => name.startsWith('openclaw.db'))) {
      const bytes = await readFile(join(house.folder, file));
      expect(secrets.filter((secret) => bytes.includes(secret))).toEqual([]);
    }
    const [, before] = house.file.revisions();
    await house.file.rollback(before?.id ?? 0, by);
    expect(await house.read()).toContain(secrets[0]);
    const others = createRevisions(house.database, createSeal('another key', 'a test'));
    expect([others.list(), others.newestText(undefined), others.text(before?.id ?? 0)]).toEqual([
      [],
      undefined,
      undefined,
    ]);
  });

  it('is applied as a whole, or waits for a restart', async () => {
    await using house = await openHouse({ text });
    const first = house.file.appliedHash();
    await house.edit({ patch: { session: { mainKey: 'work' } } });
    const hot = await house.file.read();
    expect(hot.appliedConfigHash).toBe(hot.configRevisionHash);
    expect(hot.appliedConfigHash).not.toBe(first);
    expect(await house.edit({ patch: { gateway: { port: 4711 } } })).toMatchObject({ requiresRestart: true });
    const waiting = await house.file.read();
    expect(waiting.appliedConfigHash).toBe(hot.appliedConfigHash);
    expect(waiting.configRevisionHash).not.toBe(hot.configRevisionHash);
    await house.edit({ patch: { gateway: { port: null } } });
    const back = await house.file.read();
    expect(back.appliedConfigHash).toBe(back.configRevisionHash);
  });
});

describe('secrets in files', () => {
  const providers = (path: string, more: object = {}) => ({
    secrets: { providers: { vault: { source: 'file', path, ...more } } },
    models: {
      providers: {
        up: { baseUrl: 'http://127.0.0.1:1/v1', apiKey: { source: 'file', provider: 'vault', id: '/up/~0key~1' } },
      },
    },
  });
  const keyOf = (house: {
    live: {
      current(): { models?: { providers?: Record<string, { apiKey?: string | undefined }> | undefined } | undefined };
    };
  }) => house.live.current().models?.providers?.up?.apiKey;

  it('are read, read again, and stay as they are when they cannot be', async () => {
    await using house = await openHouse({ text: '{}' });
    const vault = join(house.folder, 'vault.json');
    const put = (value: string) => writeFile(vault, JSON.stringify({ up: { '~key/': value } }), { mode: 0o600 });
    await put('first-value');
    await house.edit({ patch: providers(vault), allowDestructive: true });
    expect(keyOf(house)).toBe('first-value');
    await put('second-value');
    expect(await house.file.reloadSecrets()).toEqual({ warnings: [] });
    expect(keyOf(house)).toBe('second-value');
    const target = { targetIds: ['models.providers.*.apiKey'] };
    const path = 'models.providers.up.apiKey';
    expect(house.file.resolveSecrets(target)).toEqual({
      assignments: [{ path, pathSegments: path.split('.'), value: 'second-value' }],
      diagnostics: [],
      inactiveRefPaths: [],
    });
    expect(house.file.resolveSecrets({ ...target, allowedPaths: ['elsewhere'] }).assignments).toEqual([]);
    await chmod(vault, 0o644);
    const { warnings } = await house.file.reloadSecrets();
    expect(warnings).toEqual([expect.stringMatching(/can be read by others.*stays in use/)]);
    expect(keyOf(house)).toBe('second-value');
    await chmod(vault, 0o600);
    expect(await house.file.reloadSecrets()).toEqual({ warnings: [] });
  });

  it.each([
    ['that does not exist', async () => undefined, /does not exist/],
    ['that is a link', (path: string) => symlink('elsewhere.json', path), /symbolic link/],
    ['that is a folder', (path: string) => mkdir(path), /no regular file/],
    ['that is too large', (path: string) => writeFile(path, ' '.repeat(2000), { mode: 0o600 }), /larger than 1000/],
    ['that is no JSON', (path: string) => writeFile(path, 'hush-hush', { mode: 0o600 }), /holds no text at/],
  ])(
    'are not available in a file %s, and nothing of it is told',
    async (_, make: (path: string) => Promise<unknown>, reason) => {
      await using house = await openHouse({ text: '{}' });
      const vault = join(house.folder, 'vault.json');
      await make(vault);
      const { loaded } = await house.edit({ patch: providers(vault, { maxBytes: 1000 }) });
      const told = JSON.stringify(loaded.warnings);
      expect(told).toMatch(reason);
      expect(told).not.toContain('hush-hush');
      expect(house.file.resolveSecrets({ targetIds: ['models.providers.*.apiKey'] })).toMatchObject({
        assignments: [],
        diagnostics: [expect.stringContaining('models.providers.up.apiKey')],
      });
    },
  );
});
