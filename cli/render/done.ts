import type { Compaction } from '../../sdk/protocol/session-answers.ts';
import { oneLine } from './text.ts';
import { bytes } from './time.ts';
import type { Look } from './value.ts';

/** What a method has done, in a sentence. Contract: as the views. */
type Sentence = (answer: Record<string, unknown>, look: Look) => string | undefined;

/** The sentences of methods that change something. */
export const sentences: Record<string, Sentence> = {
  'sessions.create': (answer) => {
    const { key, sessionId, resolved, runStarted, runId, runError } = answer as unknown as Created;
    if (!key || !resolved) return undefined;
    const lines = [`Session ${oneLine(key)} (${oneLine(sessionId)}), model ${modelOf(resolved)}.`];
    if (runError) lines.push(`Its first message was refused: ${oneLine(runError.message)}`);
    else if (runStarted && runId) lines.push(tellRun(runId));
    return lines.join('\n');
  },
  'sessions.patch': ({ key }) => (isText(key) ? `Changed ${oneLine(key)}.` : undefined),
  'sessions.reset': ({ key }) => (isText(key) ? `${oneLine(key)} begins anew; its key and name stay.` : undefined),
  'sessions.delete': ({ key, deleted, archived }) => {
    if (!isText(key)) return undefined;
    if (!deleted) return `There was no session ${oneLine(key)}.`;
    const files = (archived as string[]).map((path) => `\nIts transcript: ${oneLine(path)}`);
    return `Deleted ${oneLine(key)}.${files.join('')}`;
  },
  'sessions.compact': ({ key, compacted, reason, result, kept }) => {
    if (!isText(key)) return undefined;
    const size = result as Compaction | undefined;
    if (!compacted)
      return `${oneLine(key)} stays as it is: ${oneLine(String(reason ?? 'there was nothing to sum up'))}.`;
    if (!size) return `${oneLine(key)} was cut to its newest ${String(kept)} rows.`;
    return `Put the older part of ${oneLine(key)} into a summary: ${size.tokensBefore} tokens before, ${size.tokensAfter} now.`;
  },
  'sessions.send': tellSent,
  'chat.send': tellSent,
  'sessions.abort': ({ abortedRunId }) =>
    abortedRunId === undefined ? undefined : tellAborted(isText(abortedRunId) ? [abortedRunId] : []),
  'chat.abort': ({ runIds }) => (Array.isArray(runIds) ? tellAborted(runIds.map(String)) : undefined),
  'chat.inject': ({ messageId }) => (isText(messageId) ? `Added as message ${oneLine(messageId)}.` : undefined),
  'agents.create': ({ agentId, name, workspace }) =>
    isText(agentId) && isText(workspace)
      ? `Added ${oneLine(String(name))}, with the id ${oneLine(agentId)}. Its workspace: ${oneLine(workspace)}`
      : undefined,
  'agents.update': ({ agentId }) => (isText(agentId) ? `Changed ${oneLine(agentId)}.` : undefined),
  'agents.delete': tellAgentDeleted,
  'agents.files.set': ({ agentId, file }) => {
    const { name, size = 0, path } = (file ?? {}) as { name?: string; size?: number; path?: string };
    return name && path
      ? `Wrote ${oneLine(name)} of ${oneLine(String(agentId))}, ${bytes(size)}: ${oneLine(path)}`
      : undefined;
  },
  // The operators' runbook has these words.
  'secrets.reload': ({ warningCount }) => {
    if (typeof warningCount !== 'number') return undefined;
    const some = `${warningCount} could not be read and ${warningCount === 1 ? 'stays' : 'stay'} as before`;
    return `Secrets reloaded.${warningCount > 0 ? `\n${some}: see openclaw logs tail` : ''}`;
  },
};

// --- internal ---

interface Model {
  modelProvider: string;
  model: string;
}

interface Created {
  key: string;
  sessionId: string;
  resolved: Model;
  runStarted: boolean;
  runId?: string;
  runError?: { message: string };
}

const isText = (value: unknown): value is string => typeof value === 'string';
const modelOf = ({ modelProvider, model }: Model) => oneLine(`${modelProvider}/${model}`);

function tellRun(runId: string): string {
  return `Run ${oneLine(runId)} works on it. Its reply: openclaw agent wait ${oneLine(runId)}`;
}

function tellSent({ runId, status }: Record<string, unknown>): string | undefined {
  if (!isText(runId)) return undefined;
  return status === 'started' || status === 'in_flight'
    ? tellRun(runId)
    : `Run ${oneLine(runId)}: ${oneLine(String(status))}.`;
}

function tellAborted(runIds: readonly string[]): string {
  return runIds.length === 0
    ? 'Nothing was at work there.'
    : `Aborted ${runIds.map(oneLine).join(', ')}; the text so far is kept.`;
}

interface Purge {
  agentId?: string;
  removed?: { path: string; method: string }[];
  failed?: { path: string; reason: string }[];
  purgeFailed?: true;
}

function tellAgentDeleted(answer: Record<string, unknown>): string | undefined {
  const { agentId, removed = [], failed = [], purgeFailed } = answer as Purge;
  if (!agentId) return undefined;
  return [
    `Deleted ${oneLine(agentId)}.`,
    ...removed.map(({ path, method }) =>
      method === 'trash' ? `Moved to the trash: ${oneLine(path)}` : `Was not there: ${oneLine(path)}`,
    ),
    ...failed.map(({ path, reason }) => `Stays: ${oneLine(path)} (${oneLine(reason)})`),
    ...(purgeFailed ? ['Not all of its conversations could be taken away: see openclaw logs tail'] : []),
  ].join('\n');
}
