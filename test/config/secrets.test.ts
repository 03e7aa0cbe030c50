import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Config } from '../../server/config/config.ts';
import { createFingerprint } from '../../server/config/fingerprint.ts';
import { loadConfig } from '../../server/config/load.ts';
import { listSecrets, redactConfig } from '../../server/config/redact.ts';
import { resolveSecretRefs, warnOfDegraded } from '../../server/config/secret-refs.ts';
import { readConfigSnapshot, toConfigSnapshot } from '../../server/config/snapshot.ts';
import { isUnresolved, substituteVariables } from '../../server/config/substitute.ts';
import { createRedactor } from '../../server/log/redact.ts';
import { scratch } from '../scratch.ts';

const hidden = '__OPENCLAW_REDACTED__';

describe('a variable', () => {
  const substitute = (text: string, env: Record<string, string> = {}) => {
    const { value, warnings } = substituteVariables({ session: { mainKey: text } }, env);
    return { text: value.session.mainKey, warnings };
  };

  it('is replaced anywhere in a string, once', () => {
    const env = { A: 'one', B_2: `\${A}` };
    expect(substitute(`x\${A}y\${B_2}z`, env)).toEqual({ text: `xoney\${A}z`, warnings: [] });
  });

  it('is literal after another $', () => {
    expect(substitute(`$\${A} and \${A}`, { A: 'one' })).toEqual({ text: `\${A} and one`, warnings: [] });
  });

  it.each([`\${a}`, `\${1A}`, `\${A-B}`, '$A', `\${}`])('is not %s', (text) => {
    expect(substitute(text, { a: '1', A: '1' })).toEqual({ text, warnings: [] });
  });

  it.each<Record<string, string>>([{}, { GONE: '' }])(
    'stays visible, with a warning, when it is missing or empty',
    (env) => {
      expect(substitute(`a \${GONE}`, env)).toEqual({
        text: `a \${GONE}`,
        warnings: [{ path: 'session.mainKey', message: expect.stringContaining('GONE is not set') }],
      });
    },
  );

  it('is named in the log as well, where what follows "token:" is masked', async () => {
    const config = { hooks: { enabled: true, token: `\${HOOKS_TOKEN}` } };
    const [warning] = warnOfDegraded((await resolveSecretRefs(config, { env: {} })).secrets);
    const line = `config: ${warning?.path}: ${warning?.message}`;
    expect(line).toContain('hooks.token: not read: environment variable HOOKS_TOKEN is not set');
    expect(createRedactor().text(line)).toBe(line);
  });

  it('may be short on a secret key', () => {
    const { value, warnings } = substituteVariables({ channels: { telegram: { botToken: '$KEY' } } }, { KEY: 'value' });
    expect(value).toEqual({ channels: { telegram: { botToken: 'value' } } });
    expect(warnings).toEqual([]);
  });

  it('alone on a secret key with an effect is a reference, which is read with the others', async () => {
    const file = { gateway: { auth: { token: '$KEY', password: `\${OTHER}` } } };
    expect(substituteVariables(file, { KEY: 'value' })).toEqual({ value: file, warnings: [] });
    const { value, secrets } = await resolveSecretRefs(file, { env: { KEY: 'value' } });
    expect(value.gateway?.auth).toEqual({ token: 'value', password: `\${OTHER}` });
    expect(secrets.degraded).toMatchObject([{ path: 'gateway.auth.password', state: 'cold' }]);
  });

  it('reaches lists, and leaves a member __proto__ a plain member', () => {
    const file = JSON.parse(`{ "talk": { "__proto__": ["\${A}"] } }`);
    const { value } = substituteVariables(file, { A: '1' });
    expect(JSON.stringify(value)).toBe('{"talk":{"__proto__":["1"]}}');
    expect(Object.getPrototypeOf(value.talk)).toBe(Object.prototype);
  });
});

describe('a reference to a secret', () => {
  const resolve = async (apiKey: object, env: Record<string, string>, providers?: object) => {
    const config = { secrets: { providers }, models: { providers: { token: { apiKey } } } };
    const { value, secrets } = await resolveSecretRefs(config as unknown as Config, { env });
    return { secret: value.models?.providers?.token?.apiKey ?? '', warnings: warnOfDegraded(secrets) };
  };
  const ref = { source: 'env', provider: 'default', id: 'KEY' };

  it('is read from the environment', async () => {
    expect(await resolve(ref, { KEY: 'value' })).toEqual({ secret: 'value', warnings: [] });
    const providers = { mine: { source: 'env', allowlist: ['KEY'] } };
    expect(await resolve({ ...ref, provider: 'mine' }, { KEY: 'value' }, providers)).toEqual({
      secret: 'value',
      warnings: [],
    });
  });

  it.each([
    [ref, {}, undefined, /environment variable KEY is not set/],
    [ref, { KEY: '' }, undefined, /environment variable KEY is not set/],
    [{ ...ref, id: 'key' }, { key: 'x' }, undefined, /"key" cannot be the name/],
    [{ ...ref, provider: 'mine' }, { KEY: 'x' }, undefined, /has no entry "mine"/],
    [
      ref,
      { KEY: 'x' },
      { default: { source: 'env', allowlist: ['OTHER'] } },
      /not in secrets\.providers\.default\.allowlist/,
    ],
    [ref, { KEY: 'x' }, { default: { source: 'file', path: '/a' } }, /has source "file", not "env"/],
    [{ ...ref, source: 'file', id: '/a/b' }, {}, undefined, /has no entry "default"/],
    [{ ...ref, source: 'exec' }, {}, undefined, /has no entry "default"/],
    [{ ...ref, source: 'store' }, {}, undefined, /has no source "store"/],
    [ref, { KEY: '__OPENCLAW_REDACTED__' }, undefined, /is a redaction mark/],
  ])('that cannot be read is a warning, and an unresolved text: %j', async (reference, env, providers, message) => {
    const { secret, warnings } = await resolve(reference, env as Record<string, string>, providers);
    expect(isUnresolved(secret)).toBe(true);
    expect(warnings).toEqual([{ path: 'models.providers.token.apiKey', message: expect.stringMatching(message) }]);
  });

  it('stays as it is on a key without an effect', async () => {
    const config = { channels: { telegram: { botToken: ref } } } as Config;
    expect(await resolveSecretRefs(config, { env: {} })).toMatchObject({ value: config, secrets: { degraded: [] } });
  });
});

describe('the secrets of a reload', () => {
  const apiKey = { source: 'env', provider: 'default', id: 'KEY' } as unknown as string;
  const config = { models: { providers: { up: { apiKey } } } };
  const keyOf = (value: Config) => value.models?.providers?.up?.apiKey;

  it('keep their last good value, however often they fail', async () => {
    const first = await resolveSecretRefs(config, { env: { KEY: 'one' } });
    const second = await resolveSecretRefs(config, { env: {}, previous: first.secrets });
    const third = await resolveSecretRefs(config, { env: {}, previous: second.secrets });
    for (const { value, secrets } of [second, third]) {
      expect(keyOf(value)).toBe('one');
      expect(secrets.degraded).toEqual([
        {
          path: 'models.providers.up.apiKey',
          owner: { key: 'models.providers.up', name: 'model provider "up"' },
          state: 'stale',
          reason: 'environment variable KEY is not set',
        },
      ]);
    }
    const back = await resolveSecretRefs(config, { env: { KEY: 'two' }, previous: third.secrets });
    expect([keyOf(back.value), back.secrets.degraded]).toEqual(['two', []]);
  });

  it('are cold when the reference is another one: the old value belongs to the old place', async () => {
    const first = await resolveSecretRefs(config, { env: { KEY: 'one' } });
    const other = { models: { providers: { up: { apiKey: '$OTHER' } } } };
    const { value, secrets } = await resolveSecretRefs(other, { env: {}, previous: first.secrets });
    expect(isUnresolved(keyOf(value) ?? '')).toBe(true);
    expect(secrets.degraded).toMatchObject([{ state: 'cold' }]);
  });

  it('are not read where those that are known are enough', async () => {
    const first = await resolveSecretRefs(config, { env: { KEY: 'one' } });
    const known = await resolveSecretRefs(config, { env: { KEY: 'two' }, previous: first.secrets, isKnownOnly: true });
    expect(keyOf(known.value)).toBe('one');
    const unknown = await resolveSecretRefs(config, { env: { KEY: 'two' }, isKnownOnly: true });
    expect(unknown.secrets.degraded).toMatchObject([{ state: 'cold', reason: 'it has not been read yet' }]);
  });

  it.each<[Config, Record<string, string>]>([
    [{ hooks: { token: '$GONE', mappings: [{ signature: { scheme: 'github', secret: '$GONE' } }] } }, {}],
    [{ gateway: { auth: { mode: 'token', password: '$GONE' } } }, {}],
    [{ gateway: { auth: { mode: 'none', token: '$GONE', password: '$GONE' } } }, {}],
    [{ gateway: { auth: { token: '$GONE' } } }, { OPENCLAW_GATEWAY_TOKEN: 'wins' }],
    [{ gateway: { mode: 'local', remote: { token: '$GONE' } } }, {}],
  ])('are not asked for where nothing uses them: %j', async (unused, env) => {
    const { secrets } = await resolveSecretRefs(unused, { env });
    expect(secrets.degraded).toEqual([]);
    expect(secrets.inactive.length).toBeGreaterThan(0);
  });
});

describe('isUnresolved', () => {
  it('tells references from secrets', () => {
    expect([`\${A}`, `Bearer \${A_1}`, `\${file:default:/a/b}`].map(isUnresolved)).toEqual([true, true, true]);
    expect(['$A', 'secret', `\${a}`, `\${other:a}`, '{A}'].map(isUnresolved)).toEqual([
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});

const secretive = {
  gateway: {
    port: 1,
    auth: { mode: 'token', token: 't0ken', password: `\${PW}` },
    remote: { url: 'ws://me:pass@host/' },
  },
  models: {
    providers: {
      token: {
        baseUrl: 'https://host/v1',
        apiKey: 'sk-1',
        headers: { 'X-Any': 'thing' },
        models: [{ id: 'm', headers: { a: 'b' } }],
      },
      env: { apiKey: { source: 'env', provider: 'default', id: 'KEY' } },
    },
  },
  agents: { defaults: { params: { apiKey: 'sk-2', maxTokens: '7' } }, entries: { headers: { name: 'shown' } } },
  env: { vars: { ANY: 'thing' } },
  channels: { telegram: { botToken: '1:a', accounts: { one: { botToken: '2:b', tokenFile: '/a' } } } },
  talk: { deep: [{ clientSecret: 'c' }] },
  session: { mainKey: 'main' },
};

describe('redactConfig', () => {
  it('hides every secret and nothing else', () => {
    expect(redactConfig(secretive)).toEqual({
      gateway: {
        port: 1,
        auth: { mode: 'token', token: hidden, password: `\${PW}` },
        remote: { url: `ws://me:${hidden}@host/` },
      },
      models: {
        providers: {
          token: {
            baseUrl: 'https://host/v1',
            apiKey: hidden,
            headers: { 'X-Any': hidden },
            models: [{ id: 'm', headers: { a: hidden } }],
          },
          env: { apiKey: { source: 'env', provider: 'default', id: 'KEY' } },
        },
      },
      agents: { defaults: { params: { apiKey: hidden, maxTokens: '7' } }, entries: { headers: { name: 'shown' } } },
      env: { vars: { ANY: hidden } },
      channels: { telegram: { botToken: hidden, accounts: { one: { botToken: hidden, tokenFile: '/a' } } } },
      talk: { deep: [{ clientSecret: hidden }] },
      session: { mainKey: 'main' },
    });
  });

  it('hides what stands in an address under a name such as a key has, and nothing else of it', () => {
    const url = `https://me:pw@host/v1?api_key=k1&region=eu&access_token=t1&sig=s1&maxTokens=7&key=\${KEY}#token=x`;
    expect(redactConfig({ models: { providers: { a: { baseUrl: url } } } })).toEqual({
      models: {
        providers: {
          a: {
            baseUrl: `https://me:${hidden}@host/v1?api_key=${hidden}&region=eu&access_token=${hidden}&sig=${hidden}&maxTokens=7&key=\${KEY}#token=x`,
          },
        },
      },
    });
  });

  it('leaves what it was given as it is', () => {
    const before = structuredClone(secretive);
    redactConfig(secretive);
    expect(secretive).toEqual(before);
  });
});

describe('listSecrets', () => {
  it('finds the secrets for whoever has to hide them', () => {
    expect(listSecrets(secretive).sort()).toEqual(['1:a', '2:b', 'b', 'c', 'sk-1', 'sk-2', 't0ken', 'thing']);
  });
});

describe('the snapshot', () => {
  const fingerprint = createFingerprint('a key');
  const without = { legacyIssues: [], includedPaths: [], includeProvenance: [] };

  async function snapshot(text: string) {
    await using folder = await scratch();
    const path = join(folder.path, 'openclaw.json');
    await writeFile(path, text);
    const loaded = await loadConfig({ path, env: { PORT: '1' } });
    return { loaded, shown: toConfigSnapshot(loaded, { fingerprint, running: loaded.config, appliedHash: 'applied' }) };
  }

  it('shows the text when it holds no secret', async () => {
    const text = `// a note\n{ session: { mainKey: "\${PORT}" } }`;
    const { loaded, shown } = await snapshot(text);
    expect(shown).toEqual({
      path: loaded.path,
      exists: true,
      valid: true,
      raw: text,
      parsed: { session: { mainKey: `\${PORT}` } },
      sourceConfig: { session: { mainKey: '1' } },
      resolved: { session: { mainKey: '1' } },
      config: { session: { mainKey: '1' } },
      runtimeConfig: { session: { mainKey: '1' } },
      hash: fingerprint.text(text),
      configRevisionHash: fingerprint.config({ session: { mainKey: '1' } }),
      appliedConfigHash: 'applied',
      issues: [],
      warnings: [],
      ...without,
    });
  });

  it.each(['{ gateway: { auth: { token: "hush-hush" } } }', '// apiKey: "sk-abcdefghijklmnop"\n{ }'])(
    'hides the text when it holds one, in a comment too: %s',
    async (text) => {
      const { shown } = await snapshot(text);
      expect(shown.raw).toBeNull();
      expect(JSON.stringify(shown)).not.toMatch(/hush|sk-abc/);
    },
  );

  it('tells what is wrong with a file that has become invalid, and what is in effect', async () => {
    await using folder = await scratch();
    const path = join(folder.path, 'openclaw.json');
    await writeFile(path, '{ gateway: { port: 1, auth: { token: "hush-hush" } } }');
    const applied = await loadConfig({ path, env: {} });
    await writeFile(path, '{ gateway: { port: "x" } }');
    const config = { gateway: { port: 1, auth: { token: hidden } } };
    const running = applied.config;
    expect(await readConfigSnapshot({ path, env: {}, fingerprint, running, appliedHash: 'applied' })).toEqual({
      path,
      exists: true,
      valid: false,
      raw: null,
      parsed: null,
      sourceConfig: config,
      resolved: config,
      config,
      runtimeConfig: config,
      hash: fingerprint.text('{ gateway: { port: "x" } }'),
      configRevisionHash: fingerprint.config(running),
      appliedConfigHash: 'applied',
      ...without,
      issues: [
        {
          path: 'gateway.port',
          message: 'expected number, received string (integer 1..65535)',
          ...{ code: 'INVALID_VALUE', file: path, line: 1, column: 14 },
        },
      ],
      warnings: [],
    });
  });
});
