import { z } from 'zod';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import { markUntrusted } from '../agent/untrusted.ts';
import { isTemplated } from '../config/hook-template.ts';
import { isPlainObject } from '../config/key-path.ts';
import { type HookAction, toEvent, toLabel, toTimeoutMs } from './action.ts';
import { type HookInput, renderMarked, renderPlain } from './render.ts';
import type { HookMapping } from './settings.ts';

/** Items of a list that `forEach` looks at. */
const maxItems = 200;

/** The first mapping that a request fits. */
export function findMapping(
  mappings: readonly HookMapping[],
  { path, payload }: { path: string; payload: unknown },
): HookMapping | undefined {
  const source = isPlainObject(payload) ? payload.source : undefined;
  return mappings.find((one) => fitsPath(one, path) && (one.source === undefined || one.source === source));
}

/** Whether a request to a path, as it is below `hooks.path`, can be meant for a mapping. */
export function fitsPath(mapping: HookMapping, path: string): boolean {
  return mapping.path === undefined || mapping.path === path;
}

/** What each item of a payload is to a mapping: the whole of it, with the list cut down to the item; or the payload alone. */
export function toItems({ forEach }: HookMapping, payload: unknown): { items: unknown[]; dropped: number } {
  if (forEach === undefined) return { items: [payload], dropped: 0 };
  const list = isPlainObject(payload) && Object.hasOwn(payload, forEach) ? payload[forEach] : undefined;
  if (!Array.isArray(list)) return { items: [], dropped: 0 };
  const items = list.slice(0, maxItems).map((item) => ({ ...(payload as object), [forEach]: [item] }));
  return { items, dropped: list.length - items.length };
}

const text = z.string().nullish();

/** What a transform may answer: members of the action that take the place of the mapping's own. */
export const Override = z.object({
  kind: z.enum(['agent', 'wake']).nullish(),
  message: text,
  text,
  name: text,
  agentId: text,
  sessionKey: text,
  /** `static` says that the sender had no say in the key. */
  sessionKeySource: z.enum(['static', 'templated']).nullish(),
  sessionMode: z.enum(['isolated', 'persistent']).nullish(),
  mode: z.enum(['now', 'next-heartbeat']).nullish(),
  wakeMode: z.enum(['now', 'next-heartbeat']).nullish(),
  deliver: z.boolean().nullish(),
  model: text,
  thinking: text,
  timeoutSeconds: z.number().positive().nullish(),
  allowUnsafeExternalContent: z.boolean().nullish(),
});
export type Override = z.output<typeof Override>;

/**
 * Makes the action of a mapping for one payload.
 * @throws GatewayError INVALID_REQUEST when there is nothing to say, or a key comes out empty.
 */
export function toMappedAction(mapping: HookMapping, input: HookInput, override: Override): HookAction {
  const kind = override.kind ?? mapping.action;
  const render = (template: string | undefined) =>
    template === undefined ? undefined : renderPlain(template, input, maxShortChars).trim() || undefined;
  const name = toLabel(override.name ?? render(mapping.name) ?? mapping.id);
  const isUnmarked = override.allowUnsafeExternalContent ?? mapping.isUnmarked;
  const said = say({ mapping, input, override, kind, source: `hook ${name}`, isUnmarked });
  const target = { agentId: override.agentId ?? mapping.agentId, ...toKey(mapping, input, override) };
  const wakeMode = override.mode ?? override.wakeMode ?? mapping.wakeMode;
  if (kind === 'wake') return { kind, text: toEvent(said), mode: wakeMode ?? 'now', ...target };
  return {
    kind,
    message: said,
    name,
    ...target,
    isPersistent: (override.sessionMode ?? mapping.sessionMode) === 'persistent',
    deliver: override.deliver ?? mapping.deliver,
    wakes: wakeMode === 'now',
    model: override.model ?? render(mapping.model),
    thinking: override.thinking ?? render(mapping.thinking),
    timeoutMs: toTimeoutMs(override.timeoutSeconds ?? mapping.timeoutSeconds),
  };
}

// --- internal ---

const maxShortChars = 300;

interface Saying {
  mapping: HookMapping;
  input: HookInput;
  override: Override;
  kind: 'agent' | 'wake';
  source: string;
  isUnmarked: boolean;
}

/** What the model reads: the operator's words, and the sender's behind a mark unless that is switched off. */
function say({ mapping, input, override, kind, source, isUnmarked }: Saying): string {
  const [member, template] =
    kind === 'wake' ? (['text', mapping.textTemplate] as const) : (['message', mapping.messageTemplate] as const);
  const given = override[member] ?? undefined;
  const plain = given ?? renderPlain(template, input);
  if (plain.trim() === '')
    throw new GatewayError('INVALID_REQUEST', `the mapping "${mapping.id}" made no ${member} of this payload`);
  if (isUnmarked) return plain;
  return given === undefined ? renderMarked(template, input, source) : markUntrusted(given, { source });
}

function toKey(mapping: HookMapping, input: HookInput, override: Override) {
  if (override.sessionKey != null)
    return { sessionKey: override.sessionKey, isKeySent: override.sessionKeySource !== 'static' };
  const { sessionKey } = mapping;
  if (sessionKey === undefined) return { sessionKey, isKeySent: false };
  const rendered = renderPlain(sessionKey, input, maxShortChars).trim();
  if (rendered === '' || hasEmptyEnd(sessionKey, rendered))
    throw new GatewayError('INVALID_REQUEST', `the sessionKey of the mapping "${mapping.id}" comes out empty`);
  return { sessionKey: rendered, isKeySent: isTemplated(sessionKey) };
}

/** True for a key whose last part was to come from the payload and did not: all such requests would share a session. */
function hasEmptyEnd(template: string, rendered: string): boolean {
  return template.endsWith('}}') && rendered.endsWith(':');
}
