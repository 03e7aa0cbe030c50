import { listChangedSteps } from './changes.ts';
import type { Config } from './config.ts';
import { formatKey, isPlainObject, type KeyPath, valueAt } from './key-path.ts';
import { type ReloadKind, reloadKindOf } from './reload-kind.ts';

/** What a change of the configuration takes, key by key: `paths` is all of them, each in one of the three others. */
export interface ReloadPlan {
  paths: string[];
  /** Applied while the gateway runs. */
  hot: string[];
  /** Read at a start only. */
  restart: string[];
  /** Nothing has to be done for these. */
  none: string[];
}

/** Compares what runs with what is to run. A list counts as one value. Changes nothing. */
export function planReload(before: Config, after: Config): ReloadPlan {
  const plan: ReloadPlan = { paths: [], hot: [], restart: [], none: [] };
  for (const steps of listChangedSteps(before, after)) {
    const path = formatKey(steps);
    plan.paths.push(path);
    plan[kindOf(path, before, after)].push(path);
  }
  return plan;
}

/** What runs with all of a change but what takes a restart: that stays as it is until then. */
export function withoutRestarts(before: Config, after: Config): Config {
  const kept = listChangedSteps(before, after).filter((steps) => kindOf(formatKey(steps), before, after) === 'restart');
  return kept.reduce((config, steps) => putAt(config, steps, valueAt(before, steps)) as Config, after);
}

// --- internal ---

/** Another secret is let in at once; another way of proving who one is takes a restart, and its secret with it. */
function kindOf(path: string, before: Config, after: Config): ReloadKind {
  const isSecret = /^gateway\.auth\.(?:token|password)\b/.test(path);
  return isSecret && authModeOf(before) !== authModeOf(after) ? 'restart' : reloadKindOf(path);
}

/** As the start reads it where neither a flag nor the environment names one. */
function authModeOf({ gateway }: Config): string {
  const { mode, token, password } = gateway?.auth ?? {};
  return mode ?? (password && !token ? 'password' : 'token');
}

/** A copy in which a path has another value, or none. */
function putAt(value: unknown, [step, ...rest]: KeyPath, wanted: unknown): unknown {
  if (step === undefined) return wanted;
  const members = isPlainObject(value) ? value : {};
  const { [step]: member, ...others } = members;
  const inside = putAt(member, rest, wanted);
  return inside === undefined ? others : { ...others, [step]: inside };
}
