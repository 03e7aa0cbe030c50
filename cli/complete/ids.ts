import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { catalogue } from '../catalogue.ts';
import { readGlobals } from '../globals.ts';
import type { Shell } from '../shell.ts';
import type { Candidate } from './candidates.ts';

/** Of what an argument wants the name. */
export type IdKind = 'session' | 'agent' | 'model' | 'provider' | 'channel' | 'device' | 'method' | 'profile' | 'shell';

const kinds: Readonly<Record<string, IdKind>> = {
  key: 'session',
  keys: 'session',
  'session-key': 'session',
  'session-keys': 'session',
  'parent-session-key': 'session',
  'completion-owner-session-key': 'session',
  agent: 'agent',
  'agent-id': 'agent',
  model: 'model',
  provider: 'provider',
  channel: 'channel',
  device: 'device',
  'device-id': 'device',
  method: 'method',
  profile: 'profile',
};

/** What the argument of this name wants, when it is something that has a name. */
export function toIdKind(name: string): IdKind | undefined {
  return Object.hasOwn(kinds, name) ? kinds[name] : undefined;
}

/**
 * The names there are, from the gateway where it knows them. Rejects when it does not answer at once.
 * @param before the words before, which may name another gateway or profile.
 */
export async function findIds(kind: IdKind, before: readonly string[], shell: Shell): Promise<Candidate[]> {
  if (kind === 'method') return catalogue.map(({ method, summary }) => ({ value: method, about: summary }));
  if (kind === 'profile') return findProfiles(shell.env);
  const question = questions[kind as keyof typeof questions];
  return question === undefined
    ? []
    : question.read(await askQuickly(question.method, question.input, { before, shell }));
}

// --- internal ---

/** Milliseconds that a gateway has: a person waits for the key they have pressed. */
const patienceMs = 600;
const most = 200;

interface Question {
  method: string;
  input: Record<string, unknown>;
  read(payload: Record<string, Rows>): Candidate[];
}

type Row = Record<string, unknown>;
type Rows = readonly Row[];

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);

function toCandidates(rows: Rows | undefined, id: string, about: readonly string[]): Candidate[] {
  return (rows ?? []).flatMap((row) => {
    const value = text(row[id]);
    return value === undefined ? [] : [{ value, about: about.map((name) => text(row[name])).find(Boolean) }];
  });
}

const questions: Readonly<Record<'session' | 'agent' | 'model' | 'provider' | 'channel' | 'device', Question>> = {
  session: {
    method: 'sessions.list',
    input: { limit: most },
    read: ({ sessions }) => toCandidates(sessions, 'key', ['label', 'displayName', 'title']),
  },
  agent: { method: 'agents.list', input: {}, read: ({ agents }) => toCandidates(agents, 'id', ['name']) },
  model: {
    method: 'models.list',
    input: {},
    read: ({ models }) => (models ?? []).flatMap((row) => toModel(row)),
  },
  provider: { method: 'models.list', input: {}, read: ({ models }) => toCandidates(models, 'provider', []) },
  channel: { method: 'config.get', input: {}, read: (payload) => toChannels(payload) },
  device: {
    method: 'device.pair.list',
    input: {},
    read: ({ pending, paired }) =>
      toCandidates([...(paired ?? []), ...(pending ?? [])], 'deviceId', ['displayName', 'clientId']),
  },
};

function toModel({ provider, id, name }: Row): Candidate[] {
  const model = text(id);
  if (model === undefined) return [];
  return [{ value: text(provider) === undefined ? model : `${provider}/${model}`, about: text(name) }];
}

/** Channels are known by their settings. */
function toChannels({ config }: Record<string, unknown>): Candidate[] {
  const { channels } = (config ?? {}) as { channels?: object };
  return Object.keys(channels ?? {})
    .filter((id) => id !== 'defaults')
    .map((value) => ({ value }));
}

async function askQuickly(
  method: string,
  input: Record<string, unknown>,
  { before, shell }: { before: readonly string[]; shell: Shell },
): Promise<Record<string, Rows>> {
  const { globals } = readGlobals(before);
  // The SDK finds the gateway of a profile by the environment.
  const profile = globals.dev ? 'dev' : globals.profile;
  if (profile !== undefined) shell.env.OPENCLAW_PROFILE = profile;
  const { request } = await import('../request.ts');
  const quick = { ...shell, globals: { ...globals, timeout: String(patienceMs) } };
  return (await request(quick, { method, kind: 'query' }, input)) as Record<string, Rows>;
}

async function findProfiles(env: NodeJS.ProcessEnv): Promise<Candidate[]> {
  const folders = await readdir(env.OPENCLAW_HOME || env.HOME || homedir());
  return folders.flatMap((name) => {
    const profile = /^\.openclaw-([a-z0-9][a-z0-9_-]{0,63})$/i.exec(name)?.[1];
    return profile === undefined ? [] : [{ value: profile }];
  });
}
