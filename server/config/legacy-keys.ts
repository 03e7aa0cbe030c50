import { formatKey, isPlainObject, type KeyPath, valueAt, withKey, withoutKey } from './key-path.ts';

/** A key of an older configuration that has another place now, or none. */
export interface LegacyKey {
  /** Steps; `*` stands for every name. */
  from: readonly string[];
  /** Steps, a `*` for the name that was found; undefined when nothing took its place. */
  to: readonly string[] | undefined;
  /** What becomes of its value; as it stands when absent. Undefined for one that cannot be brought over. */
  convert?: (value: unknown) => unknown;
}

/** A legacy key that a file holds. */
export interface FoundLegacyKey {
  path: KeyPath;
  /** Where its value goes; undefined when it has no effect any more, or when another value stands there already. */
  to: KeyPath | undefined;
  /** In a sentence what has become of the key. */
  message: string;
}

/** The keys of older files that a file can be brought up to date from, in the order in which they are moved. */
export const legacyKeys: readonly LegacyKey[] = [
  ...moved('gateway.token', 'gateway.auth.token'),
  ...moved('gateway.password', 'gateway.auth.password'),
  ...moved('gateway.nodes.skills.enabled', 'gateway.nodes.allowSkills'),
  ...moved('gateway.nodes.allowCommands', 'gateway.nodes.commands.allow'),
  ...moved('gateway.nodes.denyCommands', 'gateway.nodes.commands.deny'),
  ...moved('defaultModel', 'agents.defaults.model'),
  ...moved('agent.model', 'agents.defaults.model'),
  ...moved('agent.workspace', 'agents.defaults.workspace'),
  ...moved('heartbeat', 'agents.defaults.heartbeat'),
  ...moved('memorySearch', 'memory.search'),
  ...moved('agents.defaults.memorySearch', 'memory.search'),
  ...moved('agents.entries.*.memorySearch', 'agents.entries.*.memory.search'),
  ...moved('agents.defaults.pdfMaxBytesMb', 'agents.defaults.pdfMaxMb'),
  ...moved('agents.defaults.embeddedPi', 'agents.defaults.embeddedAgent'),
  ...moved('agents.entries.*.embeddedPi', 'agents.entries.*.embeddedAgent'),
  ...moved('session.idleMinutes', 'session.reset.idleMinutes'),
  ...moved('session.threadBindings.ttlHours', 'session.threadBindings.idleHours'),
  ...moved('session.resetByType.dm', 'session.resetByType.direct'),
  ...moved('session.maintenance.pruneDays', 'session.maintenance.pruneAfter', toDays),
  ...moved('routing.groupChat.historyLimit', 'messages.groupChat.historyLimit'),
  ...moved('routing.groupChat.mentionPatterns', 'messages.groupChat.mentionPatterns'),
  ...moved('messages.tts', 'tts'),
  ...moved('media', 'attachments'),
  ...moved('audit', 'logging.audit'),
  ...moved('tools.exec.timeoutSec', 'tools.exec.timeoutSeconds'),
  ...moved('web.enabled', 'channels.whatsapp.enabled'),
  ...[
    'gateway.webchat',
    'gateway.controlUi.chatMessageMaxWidth',
    'gateway.tailscale.resetOnExit',
    'meta.lastTouchedAt',
    'commands.modelsWrite',
    'tui',
    'browser.relayBindHost',
    'agents.defaults.llm',
    'agents.defaults.silentReplyRewrite',
    'agents.defaults.systemPromptOverride',
    'session.maintenance.rotateBytes',
    'session.parentForkMaxTokens',
    'diagnostics.memoryPressureSnapshot',
    'diagnostics.memoryPressureBundle',
    'tools.media.asyncCompletion',
  ].flatMap((from) => retired(from)),
];

/** The legacy keys in a parsed file. */
export function findLegacyKeys(file: Record<string, unknown>): FoundLegacyKey[] {
  return legacyKeys.flatMap((key) => matches(file, key).map((path) => describe(file, key, path)));
}

/** A copy of a parsed file with its legacy keys moved to where they are read today, and those without an effect taken out. */
export function moveLegacyKeys(file: Record<string, unknown>): Record<string, unknown> {
  let tree = structuredClone(file);
  for (const key of legacyKeys)
    for (const path of matches(tree, key)) {
      const { to } = describe(tree, key, path);
      const value = valueAt(tree, path);
      tree = withoutKey(tree, path);
      if (to) tree = withKey(tree, to, key.convert ? key.convert(value) : value);
    }
  return tree;
}

// --- internal ---

function moved(from: string, to: string, convert?: LegacyKey['convert']): LegacyKey[] {
  return [{ from: from.split('.'), to: to.split('.'), ...(convert && { convert }) }];
}

function retired(from: string): LegacyKey[] {
  return [{ from: from.split('.'), to: undefined }];
}

function matches(file: unknown, { from }: LegacyKey): KeyPath[] {
  return from.reduce<KeyPath[]>(
    (paths, step) =>
      paths.flatMap((path) => {
        const inside = valueAt(file, path);
        if (!isPlainObject(inside)) return [];
        if (step === '*') return Object.keys(inside).map((name) => [...path, name]);
        return Object.hasOwn(inside, step) ? [[...path, step]] : [];
      }),
    [[]],
  );
}

function describe(file: unknown, { from, to, convert }: LegacyKey, path: KeyPath): FoundLegacyKey {
  const key = formatKey(path);
  if (!to) return { path, to: undefined, message: `${key} has no effect any more` };
  const name = path[from.indexOf('*')];
  const place = to.map((step) => (step === '*' ? (name as string) : step));
  if (valueAt(file, place) !== undefined)
    return { path, to: undefined, message: `${key} is now ${formatKey(place)}, which is set as well and wins` };
  if (convert && convert(valueAt(file, path)) === undefined)
    return { path, to: undefined, message: `${key} is now ${formatKey(place)}, and its value cannot be brought over` };
  return { path, to: place, message: `${key} is now ${formatKey(place)}` };
}

function toDays(value: unknown): string | undefined {
  return typeof value === 'number' ? `${value}d` : undefined;
}
