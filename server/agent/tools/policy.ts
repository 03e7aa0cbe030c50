import type { ToolPolicySetting } from '../../config/config.ts';
import { isKnownEntry, isMeant, type ProfileId, profileIds, toolProfiles } from './groups.ts';

/** One place of the configuration that says which tools there are. */
export interface PolicyLayer {
  /** For messages, for example `agents.entries.writer.tools`. */
  place: string;
  setting: ToolPolicySetting | undefined;
}

/** Which tools somebody has. */
export interface ToolPolicy {
  /** The profile in effect; `full` when nothing names one. */
  profile: ProfileId;
  /** Why a tool is not there, for people; undefined when it is. */
  refusal(name: string): string | undefined;
}

/**
 * Reads the layers of a policy, from the widest to the narrowest. The narrowest profile counts, widened by every
 * `alsoAllow`; then a tool has to pass each layer, and `deny` always wins. A layer cannot give back what another one took.
 */
export function resolveToolPolicy(layers: readonly PolicyLayer[]): ToolPolicy {
  const chosen = layers.findLast(({ setting }) => setting?.profile !== undefined);
  const profile = chosen?.setting?.profile ?? 'full';
  const widened = [...toolProfiles[profile], ...layers.flatMap(({ setting }) => setting?.alsoAllow ?? [])];
  return {
    profile,
    refusal(name) {
      const isOneOf = (entries: readonly string[] = []) => entries.some((entry) => isMeant(entry, name));
      for (const { place, setting } of layers) {
        if (isOneOf(setting?.deny)) return `${place}.deny names it`;
        const allow = setting?.allow ?? [];
        if (allow.length > 0 && !isOneOf(allow)) return `${place}.allow does not name it`;
      }
      if (!isOneOf(widened)) return `the profile "${profile}" (${chosen?.place}.profile) does not include it`;
      return undefined;
    },
  };
}

/** The profiles that include a tool. */
export function profilesOf(name: string): ProfileId[] {
  return profileIds.filter((id) => toolProfiles[id].some((entry) => isMeant(entry, name)));
}

/** Entries of a policy that mean no tool: most likely misspelled. */
export function findUnknownEntries(layers: readonly PolicyLayer[], names: readonly string[]): string[] {
  const isKnown = (entry: string) => isKnownEntry(entry) || names.some((name) => isMeant(entry, name));
  return layers.flatMap(({ place, setting }) =>
    (['allow', 'alsoAllow', 'deny'] as const).flatMap((list) =>
      (setting?.[list] ?? []).filter((entry) => !isKnown(entry)).map((entry) => `${place}.${list}: "${entry}"`),
    ),
  );
}
