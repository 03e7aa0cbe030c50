import { expect, it } from 'vitest';
import { isSupervised } from '../../cli/commands/gateway/supervisor.ts';

const facts = { pid: 7, ppid: 1, platform: 'linux', inContainer: false } as const;

it.each([
  [{}, false],
  [{ INVOCATION_ID: 'a' }, true],
  [{ OPENCLAW_SERVICE_MARKER: 'openclaw' }, true],
  [{ INVOCATION_ID: 'a', SYSTEMD_EXEC_PID: '7' }, true],
  [{ INVOCATION_ID: 'a', SYSTEMD_EXEC_PID: '99' }, false],
  [{ OPENCLAW_SERVICE_MARKER: 'openclaw', OPENCLAW_NO_RESPAWN: '1' }, false],
])('with %j a supervisor starts the next process: %s', (env, expected) => {
  expect(isSupervised(env, facts)).toBe(expected);
});

it('a scheduled task of Windows does not start it again', () => {
  expect(isSupervised({ OPENCLAW_SERVICE_MARKER: 'openclaw' }, { ...facts, platform: 'win32' })).toBe(false);
});

it.each([
  // What the engine was started with is inherited by what it starts, and nobody starts that again.
  [{ INVOCATION_ID: 'a' }, false],
  [{ INVOCATION_ID: 'a', SYSTEMD_EXEC_PID: '99' }, false],
  // systemd runs in the container too: it has started this process, or its unit says so.
  [{ INVOCATION_ID: 'a', SYSTEMD_EXEC_PID: '7' }, true],
  [{ INVOCATION_ID: 'a', OPENCLAW_SERVICE_MARKER: 'openclaw' }, true],
])('in a container with %j a supervisor starts the next process: %s', (env, expected) => {
  expect(isSupervised(env, { ...facts, inContainer: true })).toBe(expected);
});
