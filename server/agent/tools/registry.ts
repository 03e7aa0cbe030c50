import type { SessionRow } from '../../../sdk/protocol/session-row.ts';
import type { Roster } from '../../config/agents.ts';
import type { Config } from '../../config/config.ts';
import type { Log } from '../../log/log.ts';
import type { ToolDeclaration } from '../../models/provider.ts';
import type { SessionStore } from '../../sessions/store.ts';
import type { ToolCall, ToolResult } from '../loop.ts';
import type { ProfileId } from './groups.ts';
import { createInvocations, type ToolErrorCode, type ToolInvocation, type ToolOutcome } from './invoke.ts';
import { findUnknownEntries, type PolicyLayer, profilesOf, resolveToolPolicy } from './policy.ts';
import { type Tool, type ToolCaller, toDeclaration } from './tool.ts';

/** The tools of this gateway: one place for runs, for clients and for HTTP, with one policy. */
export interface ToolRegistry {
  /** Every tool there is, whatever a policy says, with the profiles that include it. */
  readonly catalog: readonly { tool: Tool; profiles: readonly ProfileId[] }[];
  /** What somebody has. */
  offer(caller: ToolCaller): ToolOffer;
  /** What a model is told of. `isNew`: the session began with this run, so that nothing can have been taken from it. */
  declarations(caller: ToolCaller & { isNew?: boolean }): ToolDeclaration[];
  /** A call by a model. Contract: never rejects. */
  call(call: ToolCall, caller: ToolCaller, signal: AbortSignal): Promise<ToolResult>;
  /**
   * A call by a client. Contract: never rejects; what went wrong is in the outcome. With an idempotency key the call goes on
   * when its caller goes away, and the same key again answers what it answered.
   */
  invoke(invocation: ToolInvocation, signal: AbortSignal | undefined): Promise<ToolOutcome>;
}

/** The tools that a policy leaves to somebody. */
export interface ToolOffer {
  /** The profile in effect. */
  profile: string;
  tools: readonly Tool[];
  /** The others, each with the reason, for people. */
  refused: readonly { tool: Tool; reason: string }[];
  /** Entries of the policy that mean no tool. */
  unknown: readonly string[];
}

export interface RegistryDeps {
  tools: readonly Tool[];
  agents: Pick<Roster, 'list' | 'find'>;
  /** The configuration in effect. */
  config(): Config;
  /** What a session allows its tools. */
  sessions: Pick<SessionStore, 'find'>;
  log: Log;
}

/** Longer outputs are cut, so that one result cannot fill the model's window. Characters. */
const maxOutputChars = 50_000;
/** Answers about who has which tools that are remembered while the configuration stays. */
const maxOffers = 256;

export function createToolRegistry({ tools, agents, config, sessions, log }: RegistryDeps): ToolRegistry {
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  const declared = new Map<Tool, ToolDeclaration>();
  const offers = new Map<string, ToolOffer>();
  let judgedFor: Config | undefined;
  const invocations = createInvocations(log);

  const layersOf = (agentId: string, { allow, deny }: SessionLimits): PolicyLayer[] => [
    { place: 'tools', setting: config().tools },
    { place: `agents.entries.${agentId}.tools`, setting: agents.find(agentId)?.tools },
    { place: 'session', setting: { allow, deny } },
  ];

  const judgeAll = (agentId: string, limits: SessionLimits): ToolOffer => {
    const layers = layersOf(agentId, limits);
    const { profile, refusal } = resolveToolPolicy(layers);
    const { isReadOnly } = limits;
    const judge = ({ name, risk }: Tool) =>
      refusal(name) ?? (isReadOnly && risk !== 'low' ? 'the permission mode of the session is read-only' : undefined);
    const judged = tools.map((tool) => ({ tool, reason: judge(tool) }));
    return {
      profile,
      tools: judged.flatMap(({ tool, reason }) => (reason === undefined ? [tool] : [])),
      refused: judged.flatMap(({ tool, reason }) => (reason === undefined ? [] : [{ tool, reason }])),
      unknown: findUnknownEntries(layers, [...byName.keys()]),
    };
  };

  const offerWithin = (agentId: string, limits: SessionLimits): ToolOffer => {
    if (judgedFor !== config()) offers.clear();
    judgedFor = config();
    const name = JSON.stringify([agentId, limits]);
    const known = offers.get(name);
    if (known) return known;
    const made = judgeAll(agentId, limits);
    if (offers.size < maxOffers) offers.set(name, made);
    return made;
  };

  const offer = ({ agentId, sessionKey }: ToolCaller) => offerWithin(agentId, toLimits(sessions.find(sessionKey)));

  /** The tool, or why it is not to be had: `forbidden` is there for others, `not_found` for nobody. */
  const look = (name: string, caller: ToolCaller): { tool: Tool } | { code: ToolErrorCode; message: string } => {
    const offered = offer(caller);
    const tool = offered.tools.find((one) => one.name === name);
    if (tool) return { tool };
    const refused = offered.refused.find((one) => one.tool.name === name);
    const why = refused ? `is not allowed here: ${refused.reason}` : 'does not exist';
    const names = offered.tools.map((one) => one.name).join(', ') || 'none';
    const message = `the tool "${name.slice(0, 100)}" ${why}. Available: ${names}`;
    return { code: refused ? 'forbidden' : 'not_found', message };
  };

  return {
    catalog: tools.map((tool) => ({ tool, profiles: profilesOf(tool.name) })),
    offer,
    declarations({ isNew, ...caller }) {
      const { tools } = isNew ? offerWithin(caller.agentId, toLimits(undefined)) : offer(caller);
      return tools.map((tool) => {
        const made = declared.get(tool) ?? toDeclaration(tool);
        declared.set(tool, made);
        return made;
      });
    },
    async call({ name, arguments: given }, caller, signal) {
      const found = look(name, caller);
      if (!('tool' in found)) return { output: found.message, isError: true };
      const outcome = await invocations.execute(found.tool, { args: given, caller }, signal);
      return outcome.ok
        ? { output: cut(toText(outcome.output)), isError: false }
        : { output: outcome.error.message, isError: true };
    },
    async invoke(invocation, signal) {
      const { name, caller } = invocation;
      const found = look(name, caller);
      if ('tool' in found) return invocations.invoke(found.tool, invocation, signal);
      return { ok: false, toolName: name, error: found };
    },
  };
}

/** What a session takes away from the tools of its agent. */
interface SessionLimits {
  isReadOnly: boolean;
  allow: string[] | undefined;
  deny: string[] | undefined;
}

function toLimits(session: SessionRow | undefined): SessionLimits {
  const { permissionMode, inheritedToolAllow: allow, inheritedToolDeny: deny } = session ?? {};
  return { isReadOnly: permissionMode === 'read-only', allow, deny };
}

/** Text stays text; everything else becomes JSON. */
function toText(output: unknown): string {
  return typeof output === 'string' ? output : JSON.stringify(output ?? null);
}

function cut(output: string): string {
  return output.length <= maxOutputChars
    ? output
    : `${output.slice(0, maxOutputChars)}… (cut at ${maxOutputChars} characters)`;
}
