/** What a change of a key takes: nothing, its application while the gateway runs, or a restart. */
export type ReloadKind = 'restart' | 'hot' | 'none';

/** By prefix, the longest one counts; what no prefix matches takes a restart. */
const kinds: Readonly<Record<string, ReloadKind>> = {
  $schema: 'none',
  meta: 'none',
  wizard: 'none',
  'gateway.reload': 'none',
  'gateway.remote': 'none',
  agents: 'hot',
  models: 'hot',
  bindings: 'hot',
  channels: 'hot',
  hooks: 'hot',
  cron: 'hot',
  session: 'hot',
  messages: 'hot',
  commands: 'hot',
  tools: 'hot',
  skills: 'hot',
  logging: 'hot',
  ui: 'hot',
  'diagnostics.enabled': 'hot',
  'diagnostics.flags': 'hot',
  secrets: 'hot',
  plugins: 'hot',
  'gateway.http.endpoints': 'hot',
  'gateway.http.securityHeaders': 'hot',
  'gateway.tools': 'hot',
  'gateway.controlUi.allowedOrigins': 'hot',
  'gateway.auth.rateLimit': 'hot',
  'gateway.trustedProxies': 'hot',
  'gateway.auth.trustedProxy': 'hot',
  'gateway.auth.allowTailscale': 'hot',
  // As long as the mode stays the same, see plan.ts.
  'gateway.auth.token': 'hot',
  'gateway.auth.password': 'hot',
  'gateway.nodes.pairing': 'hot',
  'gateway.allowRealIpFallback': 'hot',
  'gateway.auth.identityScopes': 'hot',
};

/** @param path a key as people write it, for example `agents.entries.main.name`. */
export function reloadKindOf(path: string): ReloadKind {
  const steps = path.split(/[.[]/);
  for (let depth = steps.length; depth > 0; depth--) {
    const kind = kinds[steps.slice(0, depth).join('.')];
    if (kind) return kind;
  }
  return 'restart';
}
