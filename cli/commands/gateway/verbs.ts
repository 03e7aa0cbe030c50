import { homedir, userInfo } from 'node:os';
import { GatewayError } from '../../../sdk/protocol/errors.ts';
import { resolveGateway } from '../../../server/config/gateway.ts';
import { resolvePaths } from '../../../server/config/paths.ts';
import { toTimeoutMs } from '../../globals.ts';
import { readGatewayHere } from '../../local/gateway-here.ts';
import { exitCodes, misuse } from '../../misuse.ts';
import { readPort } from '../../port.ts';
import { findUnsupervised } from '../../service/detached.ts';
import { isFleeting, type Launch, planLaunch } from '../../service/launch.ts';
import { collectSecrets } from '../../service/secrets-file.ts';
import { type Description, type Found, findService, type Service, surroundingsOf } from '../../service/service.ts';
import { type Serving, tellRuntime, waitUntilServing } from '../../service/serving.ts';
import { waitFor } from '../../service/wait.ts';
import { answer, type Shell } from '../../shell.ts';
import { loadGuarded } from './guards.ts';
import { done, inTheWay, noService, notInstalled, type Outcome, renderOutcome } from './outcome.ts';
import { restartUnsupervised, startUnsupervised, stopUnsupervised } from './unsupervised.ts';

/** Milliseconds for a gateway to say hello: as long as the unit gives it to start, and a restart before that to stop. */
const startMs = 60_000;
/** `TimeoutStopSec` of the unit, and what systemd needs besides. */
const stopMs = 40_000;

export type Args = Record<string, unknown>;

/** What a verb works on. */
export interface Task {
  shell: Shell;
  args: Args;
  launch: Launch;
  /** The service, or why this gateway can have none here. */
  found: Found;
  /** For what the verb waits for. */
  timeoutMs(usual: number): number;
}

/** Runs one verb, prints what came of it, and answers the exit code. */
export async function runVerb(shell: Shell, name: keyof typeof verbs, args: Args): Promise<number> {
  if (shell.globals.url !== undefined)
    throw misuse(`gateway ${name} is about the gateway of this machine: leave out --url`);
  const here = await readGatewayHere(shell);
  const launch = await planLaunch(shell, readPort(args.port) ?? here.port);
  const away = pointsAway(shell);
  const found = away ? { missing: away } : await findService(launch, surroundingsOf(shell));
  const timeoutMs = (usual: number) => toTimeoutMs(shell.globals) ?? usual;
  const outcome = await verbs[name]({ shell, args, launch, found, timeoutMs });
  for (const notice of outcome.notices ?? []) shell.note(notice);
  const text = outcome.ok ? undefined : renderOutcome(outcome);
  if (outcome.ok || shell.globals.json)
    answer(shell, { schemaVersion: 1, action: name, ...outcome }, () => renderOutcome(outcome));
  else shell.note(text?.trimEnd() ?? '');
  return outcome.ok ? exitCodes.ok : exitCodes.failed;
}

export const verbs = {
  async install(task: Task): Promise<Outcome> {
    const { shell, args, launch, found } = task;
    if (args.system === true) return printSystemUnit(launch);
    if (!found.service) return noService(found.missing);
    const { service } = found;
    await checkStart(shell, launch);
    const before = await service.describe();
    if (before.foreign && args.force !== true)
      return {
        ok: false,
        result: 'foreign',
        message: `${service.unitPath} is not one that "openclaw gateway install" has written.`,
        hints: ['Look at it, then: openclaw gateway install --force'],
      };
    const other = before.runtime.status === 'running' ? undefined : await findUnsupervised(task.shell, task.launch);
    if (other) return inTheWay(other.pid);
    const secrets = await collectSecrets(shell.env, launch.paths);
    const notices = await untilOrdered(task, service, service.install(secrets));
    if (isFleeting(launch))
      notices.push(`The service runs from a folder of npx, which npm may clean up: ${launch.args}`);
    const serving = await untilServing(task, service, before.runtime.pid);
    const kind = service.kind === 'schtasks' ? 'Scheduled Task' : `${service.kind} service`;
    return { ...done(service, 'installed', serving), message: `Installed ${kind}: ${service.unitPath}`, notices };
  },

  async start(task: Task): Promise<Outcome> {
    if (task.args.detach === true) return startUnsupervised(task);
    const only = Object.keys(task.args).find((name) => name !== '_' && name !== 'detach' && task.args[name]);
    if (only) throw misuse(`--${only} goes with --detach; a service has its flags from "openclaw gateway install"`);
    const { found } = task;
    if (!found.service) return noService(found.missing);
    const before = await found.service.describe();
    if (!isThere(before)) return notInstalled(found.service);
    if (before.runtime.status === 'running') {
      const message = `The gateway runs already (${tellRuntime(before.runtime)}).`;
      return { ...done(found.service, 'already-running'), pid: before.runtime.pid, message };
    }
    const other = await findUnsupervised(task.shell, task.launch);
    if (other) return inTheWay(other.pid);
    await untilOrdered(task, found.service, found.service.start());
    return done(found.service, 'started', await untilServing(task, found.service));
  },

  async stop(task: Task): Promise<Outcome> {
    const { found, args } = task;
    const before = await found.service?.describe();
    if (!found.service || !isThere(before)) return stopUnsupervised(task);
    await untilOrdered(task, found.service, found.service.stop({ disable: args.disable === true }));
    // Of a task Windows ends the script and not what the script has started.
    const left = before.runtime.status !== 'running' || found.service.kind === 'schtasks';
    const rest = left ? await stopUnsupervised(task) : undefined;
    if (rest && before.runtime.status !== 'running') return rest;
    return { ...done(found.service, 'stopped'), message: 'Stopped the gateway.' };
  },

  async restart(task: Task): Promise<Outcome> {
    const { found } = task;
    const before = await found.service?.describe();
    if (!found.service || !isThere(before)) return restartUnsupervised(task);
    if (found.service.kind === 'schtasks') {
      await found.service.stop();
      await stopUnsupervised(task);
    }
    await untilOrdered(task, found.service, found.service.restart());
    const serving = await untilServing(task, found.service, before.runtime.pid);
    return { ...done(found.service, 'restarted', serving), previousPid: before.runtime.pid };
  },

  async uninstall(task: Task): Promise<Outcome> {
    const { found } = task;
    if (!found.service) return noService(found.missing);
    const before = await found.service.describe();
    if (!isThere(before))
      return { ...done(found.service, 'not-installed'), message: 'No service of the gateway is installed.' };
    await untilOrdered(task, found.service, found.service.uninstall());
    if (found.service.kind === 'schtasks') await stopUnsupervised(task);
    const message = `Uninstalled ${found.service.name}. Configuration and state stay: ${task.launch.paths.stateDir}`;
    return { ...done(found.service, 'uninstalled'), message };
  },
};

// --- internal ---

/** Written where ours are, or anywhere else that the supervisor looks. */
function isThere(description: Description | undefined): description is Description {
  return description !== undefined && (description.installed || description.loaded);
}

/** A service is that of an account and a profile: two gateways of other folders would have one name. */
export function pointsAway({ env, globals }: Shell): string | undefined {
  const own = { env: { HOME: env.HOME, OPENCLAW_HOME: env.OPENCLAW_HOME, OPENCLAW_PROFILE: env.OPENCLAW_PROFILE } };
  const usual = resolvePaths({ ...own, profile: globals.profile, dev: globals.dev, homedir: homedir() });
  const actual = resolvePaths({ env, profile: globals.profile, dev: globals.dev, homedir: homedir() });
  const name = (['stateDir', 'configPath'] as const).find((key) => usual[key] !== actual[key]);
  if (!name) return undefined;
  const variable = name === 'stateDir' ? 'OPENCLAW_STATE_DIR' : 'OPENCLAW_CONFIG_PATH';
  return `${variable} leads to ${actual[name]}, and a service is for the folder of a profile (${usual[name]}): unset it, or name a profile with --profile`;
}

/** What would end with exit code 78 under the supervisor is refused before anything is written. @throws GatewayError INVALID_CONFIG */
async function checkStart({ env }: Shell, { paths }: Launch): Promise<void> {
  const loaded = await loadGuarded({ path: paths.configPath, env, allowUnconfigured: false });
  const { mode, token, password } = loaded.config.gateway?.auth ?? {};
  if (mode === undefined && token !== undefined && password !== undefined)
    throw new GatewayError(
      'INVALID_CONFIG',
      `gateway.auth has a token and a password in ${paths.configPath}, and no mode that says which counts: set gateway.auth.mode to token or password`,
      { details: { path: 'gateway.auth.mode' } },
    );
  resolveGateway({ ...loaded, env, dev: paths.profile === 'dev' });
}

function untilServing({ shell, timeoutMs }: Task, service: Service, not?: number): Promise<Serving> {
  return waitUntilServing(shell, {
    runtime: async () => (await service.describe()).runtime,
    not,
    timeoutMs: timeoutMs(startMs),
    more: service.kind === 'systemd' ? [`journalctl --user -u ${service.name} -n 50`] : [],
  });
}

/** The supervisor answers when a process has ended, which takes as long as its runs do; until then there is something to say. */
async function untilOrdered<T>({ shell, timeoutMs }: Task, { name, kind }: Service, ordered: Promise<T>): Promise<T> {
  let answered: { value: T } | undefined;
  const finished = ordered.then((value) => {
    answered = { value };
    return value;
  });
  const waited = waitFor(shell, {
    look: async () => answered,
    what: () => `${kind} to do so with ${name}`,
    timeoutMs: timeoutMs(stopMs),
    evidence: async () => ['Look at: openclaw gateway status, openclaw logs --follow'],
  }).then(({ value }) => value);
  return Promise.race([finished, waited]);
}

/** Whoever may write there reads it first: this command never becomes another user. */
async function printSystemUnit(launch: Launch): Promise<Outcome> {
  const { renderSystemUnit, unitName } = await import('../../service/systemd-unit.ts');
  const name = unitName(launch.paths.profile);
  return {
    ok: true,
    result: 'printed',
    message: renderSystemUnit(launch, userInfo().username),
    notices: [
      `Save it as /etc/systemd/system/${name} (sudo tee /etc/systemd/system/${name}), then:`,
      `sudo systemctl daemon-reload && sudo systemctl enable --now ${name}`,
      `Its secrets, NAME="value" in lines, belong into ${launch.secretsPath}, mode 0600.`,
    ],
  };
}
