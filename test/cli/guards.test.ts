import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHome, type Home } from './processes.ts';

/** What keeps a gateway from starting, in the order in which it is said. Each has every fault of those below it as well. */
const unexposed = "bind: 'lan', auth: { mode: 'none' }";
const guards: [fault: string, config: string | undefined, words: RegExp][] = [
  [
    'no file',
    undefined,
    /^Missing config\. Run openclaw setup or set gateway\.mode=local \(or pass --allow-unconfigured\)\.\n/,
  ],
  [
    'another mode',
    `{ gateway: { mode: 'remote', nonsense: 1, ${unexposed} } }`,
    /^Gateway start blocked: set gateway\.mode=local \(current: remote\) or pass --allow-unconfigured\.\n$/,
  ],
  [
    'no mode',
    `{ gateway: { nonsense: 1, ${unexposed} } }`,
    /^Gateway start blocked: existing config is missing gateway\.mode\. /,
  ],
  [
    'an invalid file',
    `{ gateway: { mode: 'local', nonsense: 1, port: 'x', ${unexposed} } }`,
    /^Invalid config at (\S+):\n {2}\1:1:\d+ — gateway: Unrecognized key: "nonsense".*\n {2}\1:1:\d+ — gateway\.port: Invalid input: expected number, received string.*\nRun "openclaw doctor --fix"/,
  ],
  [
    'listening to others without auth',
    `{ gateway: { mode: 'local', ${unexposed} } }`,
    /^Refusing to bind gateway to lan without auth\. /,
  ],
];

describe('the guards before a start, each with exit code 78', () => {
  let home: Home;
  let path: string;
  beforeAll(async () => {
    home = await createHome();
    path = join(home.dir, 'openclaw.json');
  });
  afterAll(() => home[Symbol.asyncDispose]());

  // The port is in use: what is said before that was said before anything listened.
  it.each(guards)('say first that there is %s', async (_fault, config, words) => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as { port: number };
    if (config !== undefined) await writeFile(path, config);
    const ended = await home.run(['gateway', '--port', String(port)], { env: { OPENCLAW_CONFIG_PATH: path } });
    holder.close();
    expect(ended).toMatchObject({ exitCode: 78, stdout: '', stderr: expect.stringMatching(words) });
  });

  it.each(guards.slice(3))(
    'are not skipped by --allow-unconfigured where there is %s',
    async (_fault, config = '', words) => {
      await writeFile(path, config);
      const env = { OPENCLAW_CONFIG_PATH: path };
      const ended = await home.run(['gateway', 'run', '--allow-unconfigured'], { env });
      expect(ended).toMatchObject({ exitCode: 78, stdout: '', stderr: expect.stringMatching(words) });
    },
  );

  it.each([
    ['a token and no mode', `{ gateway: { mode: 'local', auth: { token: '\${NONE_SUCH}' } } }`, /NONE_SUCH/],
    [
      'a token beside a trusted proxy',
      "{ gateway: { mode: 'local', auth: { mode: 'trusted-proxy', token: 'x', trustedProxy: { userHeader: 'x-user' } } } }",
      /trusted-proxy/,
    ],
  ])('refuse %s that cannot be used', async (_fault, config, words) => {
    await writeFile(path, config);
    const ended = await home.run(['gateway'], { env: { OPENCLAW_CONFIG_PATH: path } });
    expect(ended).toMatchObject({ exitCode: 78, stdout: '', stderr: expect.stringMatching(words) });
  });
});
