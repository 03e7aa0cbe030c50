/** How other programs wake agents over HTTP: docs/hooks.md. */
export interface HooksConfig {
  enabled?: boolean | undefined;
  /** Default `/hooks`. */
  path?: string | undefined;
  /** What senders without a signature have to know; never the gateway's own. */
  token?: string | undefined;
  /** Key of the session of a run for which nobody has named one. Default `hook:<run id>`. */
  defaultSessionKey?: string | undefined;
  /** Whether senders may choose the session. Default false. */
  allowRequestSessionKey?: boolean | undefined;
  /** How keys of sessions have to begin. Default: any way. */
  allowedSessionKeyPrefixes?: string[] | undefined;
  /** Agents that hooks may reach; `*` is any. Default: all. */
  allowedAgentIds?: string[] | undefined;
  /** Ready-made mappings behind the others. */
  presets?: string[] | undefined;
  /** Below `hooks/transforms` of the state directory, which is the default. */
  transformsDir?: string | undefined;
  /** The first that matches counts. */
  mappings?: HookMappingConfig[] | undefined;
}

/** What becomes of a request to a path below `hooks.path`. */
export interface HookMappingConfig {
  /** Default `mapping-<index>`. */
  id?: string | undefined;
  /** Of the path and the payload's `source`; what is absent matches all. */
  match?: { path?: string | undefined; source?: string | undefined } | undefined;
  /** Default `agent`. */
  action?: 'wake' | 'agent' | undefined;
  wakeMode?: 'now' | 'next-heartbeat' | undefined;
  name?: string | undefined;
  agentId?: string | undefined;
  sessionKey?: string | undefined;
  /** Default `isolated`. */
  sessionMode?: 'isolated' | 'persistent' | undefined;
  messageTemplate?: string | undefined;
  textTemplate?: string | undefined;
  /** Name of a list in the payload: one action for each of its items. */
  forEach?: string | undefined;
  /** Whether the main session is told how a run ended well. Default true. */
  deliver?: boolean | undefined;
  /** Gives the payload to the model as if it were the operator's own words. Default false. */
  allowUnsafeExternalContent?: boolean | undefined;
  model?: string | undefined;
  thinking?: string | undefined;
  timeoutSeconds?: number | undefined;
  transform?: { module?: string | undefined; export?: string | undefined } | undefined;
  /** How the sender proves who it is, in place of the token. */
  signature?:
    | {
        scheme?: 'github' | 'stripe' | 'slack' | 'standard-webhooks' | undefined;
        secret?: string | undefined;
        /** How old, or early, a signature may be. Default 300. */
        toleranceSeconds?: number | undefined;
      }
    | undefined;
}
