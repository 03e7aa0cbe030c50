import { createHash, timingSafeEqual } from 'node:crypto';
import type { z } from 'zod';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { Runs } from '../agent/runs.ts';
import type { SessionEvents } from '../agent/session-events.ts';
import type { Roster } from '../config/agents.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import type { Log } from '../log/log.ts';
import { type AgentBody, type HookAction, toRunAction, toWakeAction, type WakeBody } from './action.ts';
import { createAnnouncements } from './announce.ts';
import { createHookAnswers, type Replayed } from './answers.ts';
import { createDispatch } from './dispatch.ts';
import { findMapping, fitsPath, Override, toItems, toMappedAction } from './mapped.ts';
import { createNotices } from './notices.ts';
import type { HookInput } from './render.ts';
import { createRetention, type RetentionDeps } from './retention.ts';
import { type HookMapping, type HookSettings, resolveHooks } from './settings.ts';
import { bringsSignature, checkSignature, type Signed, type SignedRequest } from './signature.ts';
import { runTransform } from './transforms.ts';

/** What a request asks of a hook whose sender is known. */
export interface HookRequest {
  /** Those that the sender was let in with. */
  settings: HookSettings;
  /** For the log. */
  requestId: string;
  /** The idempotency key that the sender chose; undefined when there is none. */
  key: string | undefined;
}

/** A request to a mapping. */
export interface MapRequest extends HookRequest {
  url: URL;
  /** What a repetition has in common with the first, as the signature says. */
  deliveries?: readonly string[] | undefined;
}

/** How other programs reach agents over HTTP: docs/hooks.md. */
export interface Hooks {
  /** What is in effect now; undefined while hooks are off. */
  settings(): HookSettings | undefined;
  /** Compares in constant time. False for everything while the token cannot be read. */
  isToken(settings: HookSettings, presented: string): boolean;
  /** True for a path where a request could prove by its signature who sent it, and for one that brings such a signature. */
  expectsSignature(
    settings: HookSettings,
    path: string,
    headers: SignedRequest['headers'],
  ): { may: boolean; is: boolean };
  /** The first mapping that a request fits. */
  find(settings: HookSettings, request: { path: string; payload: unknown }): HookMapping | undefined;
  /** Who sent a request to a mapping with a signature. */
  check(mapping: HookMapping, request: SignedRequest): Signed;
  /** @throws GatewayError INVALID_REQUEST for what may not be, UNAVAILABLE when too much waits or the disk refuses. */
  wake(body: WakeInput, request: HookRequest): Promise<Replayed>;
  /** @throws as {@link wake}. */
  run(body: AgentInput, request: HookRequest): Promise<Replayed>;
  /**
   * What becomes of a payload by a mapping.
   * @throws as {@link wake}; INTERNAL when the transform fails, without its words.
   */
  map(mapping: HookMapping, input: HookInput, request: MapRequest): Promise<Replayed>;
  /** How a run ended; waits for it. */
  completion(runId: string, signal: AbortSignal): Promise<HookCompletion>;
  /** Says in the log what a person should know of the settings in effect, when they are others than before. */
  tell(): void;
  /** Goes on with what the last gateway left. */
  recover(): Promise<void>;
  /** Takes out some of what is old, answers and sessions of isolated runs. @returns how many. */
  prune(): number;
}

export type WakeInput = z.output<typeof WakeBody>;
export type AgentInput = z.output<typeof AgentBody>;

/** The end of a run, without a word of what was said. */
export interface HookCompletion {
  status: 'ok' | 'error';
  replyDisposition: 'visible' | 'empty';
}

export interface HooksDeps {
  database: Database;
  agents: Roster;
  runs: Pick<Runs, 'start' | 'find' | 'wait'>;
  events: Pick<SessionEvents, 'add'>;
  sessions: RetentionDeps['sessions'];
  config(): Config;
  mainKey(): string;
  /** Transforms lie below it. */
  stateDir: string;
  log: Log;
}

export function createHooks(deps: HooksDeps): Hooks {
  const { database, runs, stateDir, log } = deps;
  const announcements = createAnnouncements(deps);
  const answers = createHookAnswers(database);
  const retention = createRetention(deps);
  const dispatch = createDispatch({ ...deps, announcements, retention });

  const note = (answered: Replayed, what: string, { requestId }: HookRequest): Replayed => {
    const { runId, runIds, mode, eventOutcome } = answered.body ?? {};
    const facts = { requestId, runId, runIds, mode, eventOutcome, replayed: answered.replayed };
    log.info(`${what} ${answered.status === 204 ? 'made no action' : 'accepted'}`, facts);
    return answered;
  };

  const override = async (
    mapping: HookMapping,
    input: HookInput,
    { settings, url }: MapRequest,
  ): Promise<Override | null> => {
    const { transform } = mapping;
    if (!transform) return {};
    const { payload, headers, path } = input;
    const place = { stateDir, dir: settings.transformsDir, ...transform };
    const made = await runTransform(place, { payload, headers, url, path });
    return made === null ? null : Override.parse(made ?? {});
  };

  const toActions = async (mapping: HookMapping, input: HookInput, request: MapRequest): Promise<HookAction[]> => {
    const { requestId } = request;
    const { items, dropped } = toItems(mapping, input.payload);
    if (dropped > 0)
      log.warn(`mapping ${mapping.id}: ${dropped} items were left out, there are too many`, { requestId });
    const actions: HookAction[] = [];
    for (const payload of items) {
      const one = { ...input, payload };
      const made = await override(mapping, one, request).catch((error: unknown) => {
        // What the operator's code says may quote the payload, or worse.
        log.error(`mapping ${mapping.id}: the transform failed`, {
          requestId,
          error: String((error as Error)?.stack ?? error),
        });
        throw new GatewayError('INTERNAL', `hook mapping failed; the gateway's log has it as ${requestId}`);
      });
      if (made) actions.push(toMappedAction(mapping, one, made));
    }
    return actions;
  };

  return {
    settings: () => resolveHooks(deps.config(), stateDir),
    isToken: ({ token }, presented) => token !== undefined && isSame(presented, token),
    expectsSignature({ mappings }, path, headers) {
      const signed = mappings.filter((one) => one.signature && fitsPath(one, path));
      return {
        may: signed.length > 0,
        is: signed.some(({ signature }) => signature && bringsSignature(headers, signature.scheme)),
      };
    },
    find: ({ mappings }, request) => findMapping(mappings, request),
    check({ signature, id }, request) {
      if (!signature) throw new TypeError(`mapping ${id} has no signature`);
      const { scheme, secret, toleranceMs } = signature;
      if (secret === undefined)
        return { fault: `the secret of the mapping "${id}" is not available (SECRET_SURFACE_UNAVAILABLE)` };
      return checkSignature(request, { scheme, secret, toleranceMs, now: Date.now() });
    },
    async wake(body, request) {
      const action = toWakeAction(body);
      const claims = toClaims(request, ['wake', body]);
      const work = { settings: request.settings, claims };
      return note(await answers.once(claims, (keep) => dispatch([action], { ...work, keep })), 'wake', request);
    },
    async run(body, request) {
      const { waitForCompletion: _, idempotencyKey: __, ...fields } = body;
      const action = toRunAction(body);
      const claims = toClaims(request, ['agent', fields]);
      const work = { settings: request.settings, claims };
      return note(await answers.once(claims, (keep) => dispatch([action], { ...work, keep })), 'agent', request);
    },
    async map(mapping, input, request) {
      const { id } = mapping;
      const { deliveries = [] } = request;
      const claims = [...deliveries.map((one) => toClaim([id, one])), ...toClaims(request, [input.path, id])];
      const work = { settings: request.settings, claims };
      const answered = await answers.once(claims, async (keep) =>
        dispatch(await toActions(mapping, input, request), { ...work, keep }),
      );
      return note(answered, `mapping ${id}`, request);
    },
    async completion(runId, signal) {
      await runs.wait(runId, { timeoutMs: maxWaitMs, signal });
      const row = runs.find(runId);
      return {
        status: row?.status === 'ok' ? 'ok' : 'error',
        replyDisposition: row?.text?.trim() ? 'visible' : 'empty',
      };
    },
    tell: createNotices(stateDir, log, () => deps.config()),
    recover: announcements.recover,
    prune() {
      const count = retention.prune();
      if (count > 0) log.info('deleted sessions of hooks that nobody has used for 30 days', { sessions: count });
      return answers.prune() + count;
    },
  };
}

// --- internal ---

/** Milliseconds that a caller may wait for the end of a run. */
const maxWaitMs = 60 * 60 * 1000;

function isSame(presented: string, secret: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(presented), digest(secret));
}

function toClaims({ key }: HookRequest, rest: readonly unknown[]): string[] {
  return key === undefined ? [] : [toClaim(['key', key, ...rest])];
}

function toClaim(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
