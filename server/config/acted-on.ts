import type { ConfigIssue } from '../../sdk/protocol/config-state.ts';
import { formatKey, isPlainObject, type KeyPath, valueAt } from './key-path.ts';
import { findKey } from './key-tree.ts';

/** The keys that this version acts on, as the key table spells them: exactly those of config.ts. */
export const actedOn = [
  'gateway.port',
  'gateway.mode',
  'gateway.bind',
  'gateway.customBindHost',
  'gateway.auth.mode',
  'gateway.auth.token',
  'gateway.auth.password',
  'gateway.auth.allowTailscale',
  'gateway.auth.identityScopes.<id>',
  'gateway.auth.trustedProxy.userHeader',
  'gateway.auth.trustedProxy.requiredHeaders',
  'gateway.auth.trustedProxy.allowUsers',
  'gateway.auth.trustedProxy.allowLoopback',
  'gateway.trustedProxies',
  'gateway.allowRealIpFallback',
  'gateway.auth.rateLimit.maxAttempts',
  'gateway.auth.rateLimit.windowMs',
  'gateway.auth.rateLimit.lockoutMs',
  'gateway.auth.rateLimit.exemptLoopback',
  'gateway.controlUi.allowedOrigins',
  'gateway.nodes.pairing.autoApproveLocal',
  'gateway.http.endpoints.chatCompletions.enabled',
  'gateway.http.endpoints.responses.enabled',
  'gateway.tools.allow',
  'gateway.tools.deny',
  'gateway.http.securityHeaders.strictTransportSecurity',
  'gateway.http.endpoints.responses.maxUrlParts',
  'gateway.http.endpoints.chatCompletions.images.allowUrl',
  'gateway.http.endpoints.chatCompletions.images.urlAllowlist',
  'gateway.http.endpoints.chatCompletions.images.allowedMimes',
  'gateway.http.endpoints.chatCompletions.images.maxBytes',
  'gateway.http.endpoints.chatCompletions.images.maxRedirects',
  'gateway.http.endpoints.chatCompletions.images.timeoutMs',
  'gateway.http.endpoints.responses.images.allowUrl',
  'gateway.http.endpoints.responses.images.urlAllowlist',
  'gateway.http.endpoints.responses.images.allowedMimes',
  'gateway.http.endpoints.responses.images.maxBytes',
  'gateway.http.endpoints.responses.images.maxRedirects',
  'gateway.http.endpoints.responses.images.timeoutMs',
  'gateway.http.endpoints.responses.files.allowUrl',
  'gateway.http.endpoints.responses.files.urlAllowlist',
  'gateway.http.endpoints.responses.files.allowedMimes',
  'gateway.http.endpoints.responses.files.maxBytes',
  'gateway.http.endpoints.responses.files.maxRedirects',
  'gateway.http.endpoints.responses.files.timeoutMs',
  'gateway.http.endpoints.responses.files.maxChars',
  'gateway.http.endpoints.responses.files.pdf.maxPages',
  'gateway.http.endpoints.responses.files.pdf.minTextChars',
  'gateway.reload.mode',
  'gateway.remote.url',
  'gateway.remote.token',
  'gateway.remote.password',
  'gateway.remote.tlsFingerprint',
  'gateway.remote.sshTarget',
  'gateway.remote.sshIdentity',
  'gateway.remote.sshHostKeyPolicy',
  'gateway.remote.remotePort',
  'gateway.tailscale.mode',
  'gateway.tls.enabled',
  'gateway.tls.autoGenerate',
  'gateway.tls.certPath',
  'gateway.tls.keyPath',
  'gateway.tls.caPath',
  'agents.defaults.model',
  'agents.defaults.model.primary',
  'agents.defaults.model.fallbacks',
  'agents.defaults.workspace',
  'agents.defaults.thinkingDefault',
  'agents.defaults.skipBootstrap',
  'agents.defaults.skipOptionalBootstrapFiles',
  'agents.defaults.bootstrapMaxChars',
  'agents.defaults.bootstrapTotalMaxChars',
  'agents.defaults.timeoutSeconds',
  'agents.defaults.maxConcurrent',
  'agents.defaults.compaction.enabled',
  'agents.defaults.compaction.model',
  'agents.defaults.compaction.keepRecentTokens',
  'agents.defaults.compaction.identifierPolicy',
  'agents.defaults.compaction.thinkingLevel',
  'agents.defaults.compaction.timeoutSeconds',
  'agents.entries.<id>.name',
  'agents.entries.<id>.description',
  'agents.entries.<id>.default',
  'agents.entries.<id>.workspace',
  'agents.entries.<id>.model',
  'agents.entries.<id>.model.primary',
  'agents.entries.<id>.model.fallbacks',
  'agents.entries.<id>.thinkingDefault',
  'agents.entries.<id>.bootstrapMaxChars',
  'agents.entries.<id>.bootstrapTotalMaxChars',
  'agents.entries.<id>.identity.name',
  'agents.entries.<id>.identity.theme',
  'agents.entries.<id>.identity.emoji',
  'agents.entries.<id>.identity.avatar',
  'agents.entries.<id>.tools.profile',
  'agents.entries.<id>.tools.allow',
  'agents.entries.<id>.tools.alsoAllow',
  'agents.entries.<id>.tools.deny',
  'models.providers.<id>.baseUrl',
  'models.providers.<id>.apiKey',
  'models.providers.<id>.api',
  'models.providers.<id>.headers.<id>',
  'models.providers.<id>.timeoutSeconds',
  'models.providers.<id>.models[].id',
  'models.providers.<id>.models[].name',
  'models.providers.<id>.models[].reasoning',
  'models.providers.<id>.models[].input',
  'models.providers.<id>.models[].contextWindow',
  'models.providers.<id>.models[].maxTokens',
  'agents.defaults.params.<id>',
  'agents.defaults.models.<id>.params.<id>',
  'models.providers.<id>.request.headers.<id>',
  'models.providers.<id>.authHeader',
  'models.providers.<id>.maxTokens',
  'models.providers.<id>.params.<id>',
  'models.providers.<id>.models[].params.<id>',
  'models.providers.<id>.models[].headers.<id>',
  'models.providers.<id>.models[].thinkingLevelMap.off',
  'models.providers.<id>.models[].thinkingLevelMap.minimal',
  'models.providers.<id>.models[].thinkingLevelMap.low',
  'models.providers.<id>.models[].thinkingLevelMap.medium',
  'models.providers.<id>.models[].thinkingLevelMap.high',
  'models.providers.<id>.models[].thinkingLevelMap.xhigh',
  'models.providers.<id>.models[].thinkingLevelMap.max',
  'models.providers.<id>.models[].compat.supportsReasoningEffort',
  'models.providers.<id>.models[].compat.supportsTemperature',
  'models.providers.<id>.models[].compat.supportsTools',
  'models.providers.<id>.models[].compat.supportsJsonSchemaResponseFormat',
  'models.providers.<id>.models[].compat.supportsUsageInStreaming',
  'models.providers.<id>.models[].compat.supportsStrictMode',
  'models.providers.<id>.models[].compat.supportsPromptCacheKey',
  'models.providers.<id>.models[].compat.supportedReasoningEfforts',
  'models.providers.<id>.models[].compat.reasoningEffortMap.<id>',
  'models.providers.<id>.models[].compat.maxTokensField',
  'tools.profile',
  'tools.allow',
  'tools.alsoAllow',
  'tools.deny',
  'tools.sessions.visibility',
  'tools.agentToAgent.enabled',
  'tools.agentToAgent.allow',
  'models.providers.<id>.models[].cost.input',
  'models.providers.<id>.models[].cost.output',
  'models.providers.<id>.models[].cost.cacheRead',
  'models.providers.<id>.models[].cost.cacheWrite',
  'models.providers.<id>.models[].cost.tieredPricing[].input',
  'models.providers.<id>.models[].cost.tieredPricing[].output',
  'models.providers.<id>.models[].cost.tieredPricing[].cacheRead',
  'models.providers.<id>.models[].cost.tieredPricing[].cacheWrite',
  'models.providers.<id>.models[].cost.tieredPricing[].range',
  'secrets.providers.<id>.source',
  'secrets.providers.<id>.allowlist',
  'secrets.providers.<id>.path',
  'secrets.providers.<id>.mode',
  'secrets.providers.<id>.maxBytes',
  'secrets.providers.<id>.timeoutMs',
  'secrets.providers.<id>.command',
  'secrets.providers.<id>.args',
  'secrets.providers.<id>.env.<id>',
  'secrets.providers.<id>.passEnv',
  'secrets.providers.<id>.maxOutputBytes',
  'secrets.providers.<id>.jsonOnly',
  'session.mainKey',
  'session.scope',
  'messages.queue.mode',
  'messages.queue.byChannel.webchat',
  'messages.queue.debounceMsByChannel.<id>',
  'messages.queue.cap',
  'messages.queue.drop',
  'hooks.enabled',
  'hooks.path',
  'hooks.token',
  'hooks.defaultSessionKey',
  'hooks.allowRequestSessionKey',
  'hooks.allowedSessionKeyPrefixes',
  'hooks.allowedAgentIds',
  'hooks.presets',
  'hooks.transformsDir',
  'hooks.mappings[].id',
  'hooks.mappings[].match.path',
  'hooks.mappings[].match.source',
  'hooks.mappings[].action',
  'hooks.mappings[].wakeMode',
  'hooks.mappings[].name',
  'hooks.mappings[].agentId',
  'hooks.mappings[].sessionKey',
  'hooks.mappings[].sessionMode',
  'hooks.mappings[].messageTemplate',
  'hooks.mappings[].textTemplate',
  'hooks.mappings[].forEach',
  'hooks.mappings[].deliver',
  'hooks.mappings[].allowUnsafeExternalContent',
  'hooks.mappings[].model',
  'hooks.mappings[].thinking',
  'hooks.mappings[].timeoutSeconds',
  'hooks.mappings[].transform.module',
  'hooks.mappings[].transform.export',
  'hooks.mappings[].signature.scheme',
  'hooks.mappings[].signature.secret',
  'hooks.mappings[].signature.toleranceSeconds',
  'logging.level',
  'logging.file',
  'logging.maxFileBytes',
  'logging.consoleLevel',
  'logging.consoleStyle',
  'logging.redactPatterns',
  'commands.restart',
  'diagnostics.enabled',
  'diagnostics.flags',
] as const;

/** What needs no action at all: notes that tools leave in the file, and the id by which older files name an agent. */
const silent: readonly string[] = ['$schema', 'meta', 'wizard', 'agents.list[].id'];

const acted = new Set<string>([...actedOn, ...silent]);

/** Every object above a key that is acted on. */
const above = new Set<string>(
  [...actedOn, 'agents.list[].id'].flatMap((key) => {
    const steps = key.replaceAll('[]', '.[]').split('.');
    return steps.slice(1).map((_, depth) =>
      steps
        .slice(0, depth + 1)
        .join('.')
        .replaceAll('.[]', '[]'),
    );
  }),
);

/** True for a key that this version acts on, given as it stands in a file. */
export function isActedOn(path: KeyPath): boolean {
  const key = findKey(path)?.path;
  return key !== undefined && acted.has(key);
}

/** True for a key with an effect, also for one that stands above or below such. */
export function hasEffect(path: KeyPath): boolean {
  const keys = path.map((_, depth) => findKey(path.slice(0, depth + 1))?.path ?? '');
  return keys.some((key) => acted.has(key)) || above.has(keys.at(-1) ?? '');
}

/**
 * One warning for each key of a valid file that is accepted but has no effect yet. Keys that stand together share one:
 * it is about the topmost object that has no key with an effect, and names the keys that are set.
 */
export function warnOfIdleKeys(file: Record<string, unknown>): ConfigIssue[] {
  return findIdle(file, []).map((path) => toWarning(path, valueAt(file, path)));
}

function findIdle(value: unknown, path: KeyPath): KeyPath[] {
  if (path.length > 0) {
    const key = findKey(path)?.path ?? '';
    if (acted.has(key)) return [];
    if (!above.has(key)) return [path];
  }
  if (Array.isArray(value)) return value.flatMap((item, index) => findIdle(item, [...path, index]));
  return isPlainObject(value) ? Object.keys(value).flatMap((name) => findIdle(value[name], [...path, name])) : [];
}

/** Keys that one warning names at most. */
const maxNamed = 6;

function toWarning(path: KeyPath, value: unknown): ConfigIssue {
  const key = formatKey(path);
  const set = listSet(value, path).map(formatKey);
  const named = set.slice(0, maxNamed).join(', ');
  const more = set.length > maxNamed ? ` and ${set.length - maxNamed} more` : '';
  const isAlone = set.length === 1 && set[0] === key;
  return {
    path: key,
    message: `accepted, but this version does not act on it yet${isAlone ? '' : ` (${named}${more})`}`,
  };
}

function listSet(value: unknown, path: KeyPath): KeyPath[] {
  if (!isPlainObject(value) || Object.keys(value).length === 0) return [path];
  return Object.entries(value).flatMap(([name, member]) => listSet(member, [...path, name]));
}
