import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { collectSecrets, renderSecrets } from '../../cli/service/secrets-file.ts';
import { scratch } from '../scratch.ts';

describe('the secrets of a service', () => {
  it('are those that its gateway would look for in the environment, and no others', async () => {
    await using folder = await scratch();
    const configPath = join(folder.path, 'openclaw.json');
    const config = `{
      gateway: { auth: { token: '\${OWN_TOKEN}', password: "$OTHER" } },
      models: { providers: { x: { apiKey: { source: 'env', provider: 'default', id: 'X_KEY' }, baseUrl: '\${HOME}/x' } } },
    }`;
    await writeFile(configPath, config);
    await writeFile(join(folder.path, '.env'), 'OPENAI_API_KEY=from-the-file\n');
    const env = {
      ...{ HOME: '/home/ada', OWN_TOKEN: 'a', OTHER: 'b', X_KEY: 'c', GITHUB_TOKEN: 'd', OPENAI_API_KEY: 'e' },
      ...{ ANTHROPIC_API_KEY: 'f', OPENCLAW_GATEWAY_PASSWORD: '' },
    };
    expect(await collectSecrets(env, { configPath, stateDir: folder.path })).toEqual({
      ANTHROPIC_API_KEY: 'f',
      OTHER: 'b',
      OWN_TOKEN: 'a',
      X_KEY: 'c',
    });
  });

  it('are read by Node as they were', async () => {
    await using folder = await scratch();
    const secrets = { A: 'plain', B: 'a # b', C: `it's`, D: '"$HOME" \\n \\ =', E: 'a `b` "c"' };
    const path = join(folder.path, 'env');
    await writeFile(path, renderSecrets(secrets, 'node'));
    const script = 'console.log(JSON.stringify(process.env))';
    const { stdout } = await promisify(execFile)(process.execPath, [`--env-file=${path}`, '-e', script], { env: {} });
    expect(JSON.parse(stdout)).toMatchObject(secrets);
  });

  it('stay when they are not given again', () => {
    const before = renderSecrets({ A: 'old', B: 'kept' }, 'systemd');
    const now = renderSecrets({ A: 'new' }, 'systemd', before);
    expect(now.split('\n').slice(1)).toEqual(['B="kept"', 'A="new"', '']);
  });

  it.each([
    ['systemd', 'a\nb', 'the value of A has a line break in it'],
    ['node', `'"\``, 'the value of A has quotation marks of two kinds in it'],
  ] as const)('are refused by name where no file for %s can hold them', (reader, value, message) => {
    expect(() => renderSecrets({ A: value }, reader)).toThrow(message);
    expect(() => renderSecrets({ A: value }, reader)).not.toThrow(value);
  });
});
