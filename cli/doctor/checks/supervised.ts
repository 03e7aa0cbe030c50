import { execFile } from 'node:child_process';
import { userInfo } from 'node:os';
import { basename } from 'node:path';
import type { Check, Found } from '../check.ts';

/** Whether the installed service is the one that would be installed now. */
export const unitDrift: Check = {
  number: 14,
  id: 'core/doctor/service',
  title: 'Service of the operating system',
  async run(context) {
    const found = await context.service();
    if (!found?.description.command) return [];
    const { service, description } = found;
    const { command, here } = context;
    const port = description.port;
    const wrongPort: Found[] =
      port === undefined || port === here.port
        ? []
        : [
            {
              severity: 'error',
              message: `the service starts the gateway on port ${port}, and the configuration says ${here.port}`,
              evidence: description.unitPath,
              path: 'gateway.port',
              requirement: 'one port',
              fixHint: `${command} gateway install`,
            },
          ];
    const drift = description.drift.map((sentence): Found => {
      const isSecret = sentence.includes('holds a secret');
      return {
        severity: isSecret ? 'error' : 'warning',
        message: isSecret ? `the ${service.label} unit: ${sentence}` : `the ${service.label} differs: ${sentence}`,
        evidence: description.unitPath,
        path: description.unitPath,
        requirement: isSecret ? 'no secret in the unit' : 'the unit that install writes',
        fixHint: `${command} gateway install`,
      };
    });
    const remedy = {
      kind: 'action' as const,
      what: `${command} gateway install (writes ${description.unitPath} anew and restarts the service)`,
      async run() {
        const { collectSecrets } = await import('../../service/secrets-file.ts');
        const notices = await service.install(await collectSecrets(context.shell.env, here.paths));
        return notices.join('; ') || undefined;
      },
    };
    return [...wrongPort, ...drift].map((one) => ({ ...one, remedy }));
  },
};

/** Whether other services of this account start gateways, too. */
export const severalServices: Check = {
  number: 15,
  id: 'core/doctor/several-services',
  title: 'Other services',
  async run(context) {
    const own = (await context.service())?.description.unitPath;
    const { findExtraUnits } = await import('../../local/extra-units.ts');
    const others = await findExtraUnits({ env: context.shell.env, own, deep: true });
    return others.map(({ path, port }): Found => {
      const clashes = port === context.here.port;
      return {
        severity: clashes ? 'warning' : 'info',
        message: clashes
          ? `another service starts a gateway on the same port ${port}`
          : `another service starts a gateway${port ? ` on port ${port}` : ''}`,
        evidence: path,
        path,
        requirement: 'a port, a state directory and a configuration of its own for each gateway',
        fixHint: `stop the one that is not wanted: ${toStopCommand(path)}`,
      };
    });
  },
};

/** Whether the service goes on when its user logs out. */
export const linger: Check = {
  number: 16,
  id: 'core/doctor/linger',
  title: 'Service without a login',
  async run(context) {
    const found = await context.service();
    if (found?.service.kind !== 'systemd' || !found.description.command) return [];
    const user = userInfo().username;
    const answer = await ask('loginctl', ['show-user', user, '-p', 'Linger'], context.shell.env);
    if (answer.trim() !== 'Linger=no') return [];
    return [
      {
        severity: 'warning',
        message: `the service ends when ${user} logs out, and does not start at boot`,
        evidence: 'loginctl show-user: Linger=no',
        requirement: 'Linger=yes',
        fixHint: `sudo loginctl enable-linger ${user}`,
      },
    ];
  },
};

// --- internal ---

function toStopCommand(path: string): string {
  const name = basename(path);
  if (name.endsWith('.plist')) return `launchctl bootout gui/$(id -u) ${path}`;
  return /^\/(etc|usr\/lib)\/systemd\/system\//.test(path)
    ? `sudo systemctl disable --now ${name}`
    : `systemctl --user disable --now ${name}`;
}

/** Milliseconds that a tool may take. */
const toolMs = 2000;

function ask(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve) => {
    execFile(file, args, { env, timeout: toolMs }, (_, stdout) => resolve(stdout));
  });
}
