import { execFile } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findProgram } from '../needs.ts';
import { createHome, freePort, type Home, launcher } from './processes.ts';

const script = findProgram('script', 'colours at a terminal');
const esc = String.fromCharCode(27);

describe.skipIf(!script || process.platform !== 'linux')('at a terminal', { timeout: 60_000 }, () => {
  let home: Home;
  beforeAll(async () => {
    home = await createHome();
  });
  afterAll(() => home[Symbol.asyncDispose]());

  /** What a command writes to a terminal of its own. */
  const show = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    new Promise<string>((resolve) => {
      const line = [process.execPath, launcher, ...args].map((word) => `'${word}'`).join(' ');
      const { NO_COLOR: _none, ...rest } = home.env;
      const options = { env: { ...rest, TERM: 'xterm', ...env }, timeout: 30_000 };
      execFile(script ?? '', ['-qec', line, '/dev/null'], options, (_error, stdout) => resolve(stdout)).stdin?.end();
    });

  it('there are colours, and none with NO_COLOR or --no-color', async () => {
    expect(await show(['--help'])).toContain(`${esc}[1m`);
    expect(await show(['--help'], { NO_COLOR: '1' })).not.toContain(esc);
    expect(await show(['--help', '--no-color'])).not.toContain(esc);
  });

  it('the lines of a gateway keep to it as well', async () => {
    // Another one has the state directory, so that it ends by itself.
    const args = async (...more: string[]) => [
      'gateway',
      '--allow-unconfigured',
      '--port',
      String(await freePort()),
      ...more,
    ];
    const shown = async (...more: string[]) => {
      const gateway = await home.gateway();
      const text = await show(await args('--verbose', ...more));
      gateway.process.kill('SIGTERM');
      await gateway.ended;
      return text;
    };
    const coloured = await shown();
    expect(coloured).toContain('waiting for the gateway');
    expect(coloured).toContain(`${esc}[36m[gateway]`);
    const plain = await shown('--no-color');
    expect(plain).toContain('[gateway] waiting for the gateway');
    expect(plain).not.toContain(esc);
  });
});
