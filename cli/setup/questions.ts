import type { GatewayHere } from '../local/gateway-here.ts';
import type { Shell } from '../shell.ts';
import { findSupervisor } from './bring-up.ts';
import { guide, type ModelChoice } from './model-choices.ts';
import type { SetupFlags } from './setup.ts';

/** What setup has to know. */
export interface Answers {
  choice: ModelChoice;
  installService: boolean;
  keepKeys: boolean;
}

export interface Asking {
  shell: Shell;
  flags: SetupFlags;
  here: GatewayHere;
  choices: readonly ModelChoice[];
  isRunning: boolean;
}

/** Asks the person at the terminal. @returns undefined when they leave. */
export async function askPerson({ shell, flags, here, choices, isRunning }: Asking): Promise<Answers | undefined> {
  const { confirm, intro, isCancel, log } = await import('@clack/prompts');
  intro('OpenClaw setup');
  const { path, exists } = here.config;
  log.info(
    exists ? `${path} is there: only what is missing is added` : `${path} is made, with a token that is not shown`,
  );
  const choice = await chooseModel({ flags, here, choices });
  if (!choice) return undefined;
  let keepKeys = flags.keepKeys;
  if (choice.variables.length > 0 && !keepKeys) {
    const names = choice.variables.join(' and ');
    const message = `Keep ${names} in ${here.paths.stateDir}/.env (only you can read it), for a gateway that is not started from this shell?`;
    const kept = await confirm({ message });
    if (isCancel(kept)) return undefined;
    keepKeys = kept;
  }
  let installService = flags.installService;
  const supervisor = isRunning || installService ? undefined : await findSupervisor(shell);
  if (supervisor) {
    const wanted = await confirm({ message: `Install the gateway as a service (${supervisor})?`, initialValue: false });
    if (isCancel(wanted)) return undefined;
    installService = wanted;
  }
  return { choice, installService, keepKeys };
}

// --- internal ---

async function chooseModel({ flags, here, choices }: Pick<Asking, 'flags' | 'here' | 'choices'>) {
  if (flags.model) return { ...guide, reference: flags.model, reason: 'it was named with --model' };
  if (here.config.value.agents?.defaults?.model !== undefined) return guide;
  const { isCancel, select } = await import('@clack/prompts');
  const all = [...choices, guide];
  const options = all.map((one, value) => ({ value, label: toLabel(one), hint: one.reason }));
  const picked = await select({ message: 'Which model answers?', options });
  return isCancel(picked) ? undefined : (all[picked] ?? guide);
}

function toLabel({ name, reference }: ModelChoice): string {
  return reference ? `${name}: ${reference}` : name;
}
