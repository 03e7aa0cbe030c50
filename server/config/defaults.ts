import type { KeyPath } from './key-path.ts';
import { findKey } from './key-tree.ts';

/** What is in effect for a key that nobody set, in words of docs/configuration.md; undefined where that is not known. */
export function defaultOf(path: KeyPath): string | undefined {
  const key = findKey(path)?.path;
  if (key === undefined) return undefined;
  known ??= new Map(
    defaults
      .trim()
      .split('\n')
      .map((line) => line.split(' = ', 2) as [string, string]),
  );
  return known.get(key);
}

// --- internal ---

let known: Map<string, string> | undefined;

/** Keys as the key table spells them. */
const defaults = `
gateway.port = 18789
gateway.bind = loopback
gateway.trustedProxies = none
gateway.allowRealIpFallback = false
gateway.auth.token = the generated one
gateway.auth.rateLimit.maxAttempts = 10
gateway.auth.rateLimit.windowMs = 60000
gateway.auth.rateLimit.lockoutMs = 300000
gateway.auth.rateLimit.exemptLoopback = true
gateway.controlUi.allowedOrigins = none
gateway.nodes.pairing.autoApproveLocal = true
gateway.http.endpoints.chatCompletions.enabled = true
gateway.http.endpoints.responses.enabled = true
gateway.http.endpoints.chatCompletions.images.allowUrl = false
gateway.http.endpoints.chatCompletions.images.urlAllowlist = any public
gateway.http.endpoints.chatCompletions.images.allowedMimes = JPEG, PNG, GIF, WebP
gateway.http.endpoints.chatCompletions.images.maxBytes = 10485760
gateway.http.endpoints.chatCompletions.images.maxRedirects = 3
gateway.http.endpoints.chatCompletions.images.timeoutMs = 10000
gateway.http.endpoints.responses.images.allowUrl = true
gateway.http.endpoints.responses.images.urlAllowlist = any public
gateway.http.endpoints.responses.images.allowedMimes = JPEG, PNG, GIF, WebP
gateway.http.endpoints.responses.images.maxBytes = 10485760
gateway.http.endpoints.responses.images.maxRedirects = 3
gateway.http.endpoints.responses.images.timeoutMs = 10000
gateway.http.endpoints.responses.maxUrlParts = 8
gateway.http.endpoints.responses.files.allowUrl = true
gateway.http.endpoints.responses.files.urlAllowlist = any public
gateway.http.endpoints.responses.files.allowedMimes = text, Markdown, HTML, CSV, JSON, PDF
gateway.http.endpoints.responses.files.maxBytes = 5242880
gateway.http.endpoints.responses.files.maxRedirects = 3
gateway.http.endpoints.responses.files.timeoutMs = 10000
gateway.http.endpoints.responses.files.maxChars = 60000
gateway.http.endpoints.responses.files.pdf.maxPages = 4
gateway.http.endpoints.responses.files.pdf.minTextChars = 200
gateway.tools.allow = none
gateway.tools.deny = none
gateway.http.securityHeaders.strictTransportSecurity = none
agents.defaults.model.fallbacks = none
agents.defaults.workspace = <state directory>/workspace/<id>
agents.defaults.thinkingDefault = the model's own
agents.defaults.skipBootstrap = false
agents.defaults.skipOptionalBootstrapFiles = none
agents.defaults.bootstrapMaxChars = 20000
agents.defaults.bootstrapTotalMaxChars = 60000
agents.defaults.timeoutSeconds = 600
agents.defaults.maxConcurrent = 64
agents.defaults.compaction.enabled = true
agents.defaults.compaction.model = the session's model
agents.defaults.compaction.keepRecentTokens = 20000
agents.defaults.compaction.identifierPolicy = strict
agents.defaults.compaction.thinkingLevel = off
agents.defaults.compaction.timeoutSeconds = 180
agents.entries.<id>.default = the first agent
agents.entries.<id>.workspace = from agents.defaults
agents.entries.<id>.model = from agents.defaults
agents.entries.<id>.thinkingDefault = from agents.defaults
agents.entries.<id>.bootstrapMaxChars = from agents.defaults
models.providers.<id>.baseUrl = known for openai, anthropic, google, openrouter, ollama
models.providers.<id>.apiKey = the provider's variable
models.providers.<id>.api = known, else openai-completions
models.providers.<id>.authHeader = false
models.providers.<id>.timeoutSeconds = 30 before the first sign of life, then 120
models.providers.<id>.models[].params.<id> = the provider's
models.providers.<id>.models[].compat.supportsReasoningEffort = true
models.providers.<id>.models[].compat.supportedReasoningEfforts = all
models.providers.<id>.models[].compat.supportsTemperature = true
models.providers.<id>.models[].compat.supportsTools = true
models.providers.<id>.models[].compat.supportsJsonSchemaResponseFormat = true
models.providers.<id>.models[].compat.supportsUsageInStreaming = true
models.providers.<id>.models[].compat.supportsStrictMode = true
models.providers.<id>.models[].compat.supportsPromptCacheKey = true
models.providers.<id>.models[].compat.maxTokensField = by provider and model
messages.queue.mode = steer
messages.queue.debounceMsByChannel.<id> = 500
messages.queue.cap = 20
messages.queue.drop = summarize
tools.profile = full
tools.allow = none
tools.alsoAllow = none
tools.deny = none
tools.sessions.visibility = all
tools.agentToAgent.enabled = true
tools.agentToAgent.allow = everybody
agents.entries.<id>.tools.profile = from tools
hooks.enabled = false
hooks.token = none
hooks.path = /hooks
hooks.allowedAgentIds = all
hooks.defaultSessionKey = hook:<run id>
hooks.allowRequestSessionKey = false
hooks.allowedSessionKeyPrefixes = any
hooks.presets = none
hooks.transformsDir = hooks/transforms of the state directory
hooks.mappings[].id = mapping-<index>
hooks.mappings[].match.path = any
hooks.mappings[].match.source = any
hooks.mappings[].action = agent
hooks.mappings[].wakeMode = now for wake
hooks.mappings[].name = the id
hooks.mappings[].agentId = the default agent
hooks.mappings[].sessionKey = hooks.defaultSessionKey
hooks.mappings[].sessionMode = isolated
hooks.mappings[].forEach = none
hooks.mappings[].deliver = true
hooks.mappings[].model = the agent's
hooks.mappings[].thinking = the agent's
hooks.mappings[].timeoutSeconds = of agents
hooks.mappings[].allowUnsafeExternalContent = false
hooks.mappings[].transform.module = none
hooks.mappings[].transform.export = default, else transform
hooks.mappings[].signature.scheme = none
hooks.mappings[].signature.toleranceSeconds = 300
session.mainKey = main
session.scope = per-sender
logging.level = info
logging.file = a new one each day
logging.maxFileBytes = 100000000
logging.consoleLevel = info
logging.consoleStyle = pretty
logging.redactPatterns = none
diagnostics.enabled = true
commands.restart = true
secrets.providers.<id>.source = env
secrets.providers.<id>.allowlist = all
secrets.providers.<id>.mode = json
secrets.providers.<id>.maxBytes = 1048576
secrets.providers.<id>.timeoutMs = 5000
secrets.providers.<id>.args = none
secrets.providers.<id>.env.<id> = none
secrets.providers.<id>.passEnv = none
secrets.providers.<id>.maxOutputBytes = 1048576
secrets.providers.<id>.jsonOnly = true
`;
