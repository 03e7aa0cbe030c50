import { join, resolve } from 'node:path';
import type { Config } from '../config/config.ts';
import { toHooksPath, toPrefixes } from '../config/hook-keys.ts';
import type { HookMappingConfig } from '../config/hooks-config.ts';
import { isUnresolved } from '../config/substitute.ts';
import type { SignatureScheme } from './signature.ts';

/** What the configuration says of hooks, with defaults filled in. */
export interface HookSettings {
  /** Begins with a slash, and ends without one. */
  path: string;
  /** Undefined when the secret that it refers to could not be read: then no token is right. */
  token: string | undefined;
  defaultSessionKey: string | undefined;
  allowRequestSessionKey: boolean;
  /** In lower case; undefined allows all. */
  prefixes: readonly string[] | undefined;
  /** Undefined allows all. */
  agentIds: readonly string[] | undefined;
  /** Absolute. */
  transformsDir: string;
  /** In the order in which they are tried. */
  mappings: readonly HookMapping[];
}

export interface HookMapping {
  id: string;
  /** Without slashes around it; undefined for every path. */
  path: string | undefined;
  source: string | undefined;
  action: 'wake' | 'agent';
  wakeMode: WakeMode | undefined;
  name: string | undefined;
  agentId: string | undefined;
  sessionKey: string | undefined;
  sessionMode: 'isolated' | 'persistent';
  messageTemplate: string;
  textTemplate: string;
  forEach: string | undefined;
  deliver: boolean;
  /** True when the model is given the payload as if the operator had written it. */
  isUnmarked: boolean;
  model: string | undefined;
  thinking: string | undefined;
  timeoutSeconds: number | undefined;
  transform: { module: string; exported: string | undefined } | undefined;
  signature: MappingSignature | undefined;
}

export type WakeMode = 'now' | 'next-heartbeat';

export interface MappingSignature {
  scheme: SignatureScheme;
  /** Undefined when the secret that it refers to could not be read: then no signature is right. */
  secret: string | undefined;
  toleranceMs: number;
}

/** @returns undefined while hooks are off. */
export function resolveHooks({ hooks = {} }: Config, stateDir: string): HookSettings | undefined {
  if (!hooks.enabled) return undefined;
  const { mappings = [], presets = [], allowedAgentIds } = hooks;
  return {
    path: toHooksPath(hooks.path),
    token: toSecret(hooks.token),
    defaultSessionKey: hooks.defaultSessionKey?.trim() || undefined,
    allowRequestSessionKey: hooks.allowRequestSessionKey ?? false,
    prefixes: toPrefixes(hooks.allowedSessionKeyPrefixes),
    agentIds: allowedAgentIds?.includes('*') ? undefined : allowedAgentIds,
    transformsDir: resolve(transformsRoot(stateDir), hooks.transformsDir ?? '.'),
    mappings: [...mappings, ...presets.flatMap((name) => presetMappings[name] ?? [])].map(toMapping),
  };
}

/** Where transforms may be. */
export function transformsRoot(stateDir: string): string {
  return join(stateDir, 'hooks', 'transforms');
}

// --- internal ---

/** What `gog gmail watch serve` sends: https://docs.openclaw.ai/gateway/config-hooks#gmail-integration */
const presetMappings: Record<string, HookMappingConfig[]> = {
  gmail: [
    {
      id: 'gmail',
      match: { path: 'gmail' },
      name: 'Gmail',
      forEach: 'messages',
      sessionKey: 'hook:gmail:{{messages[0].id}}',
      messageTemplate:
        'A mail has come in.\nFrom: {{messages[0].from}}\nSubject: {{messages[0].subject}}\n' +
        '{{messages[0].snippet}}\n{{messages[0].body}}',
    },
  ],
};

const defaultToleranceSeconds = 300;

function toMapping(mapping: HookMappingConfig, index: number): HookMapping {
  const { match = {}, transform, signature, sessionKey } = mapping;
  return {
    id: mapping.id?.trim() || `mapping-${index}`,
    path: match.path?.replace(/^\/+|\/+$/g, '') || undefined,
    source: match.source,
    action: mapping.action ?? 'agent',
    wakeMode: mapping.wakeMode,
    name: mapping.name,
    agentId: mapping.agentId,
    sessionKey: sessionKey?.trim() || undefined,
    sessionMode: mapping.sessionMode ?? 'isolated',
    messageTemplate: mapping.messageTemplate ?? '',
    textTemplate: mapping.textTemplate ?? '',
    forEach: mapping.forEach,
    deliver: mapping.deliver ?? true,
    isUnmarked: mapping.allowUnsafeExternalContent ?? false,
    model: mapping.model,
    thinking: mapping.thinking,
    timeoutSeconds: mapping.timeoutSeconds,
    transform: transform?.module === undefined ? undefined : { module: transform.module, exported: transform.export },
    signature: signature?.scheme && {
      scheme: signature.scheme,
      secret: toSecret(signature.secret),
      toleranceMs: (signature.toleranceSeconds ?? defaultToleranceSeconds) * 1000,
    },
  };
}

function toSecret(secret: string | undefined): string | undefined {
  return secret?.trim() && !isUnresolved(secret) ? secret : undefined;
}
