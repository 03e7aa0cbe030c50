import type { RunInput } from '../../agent/runs.ts';
import { firstWords } from '../../sessions/history.ts';
import type { HttpDeps } from '../deps.ts';
import type { ChosenSession } from './session.ts';

type Told = Pick<RunInput, 'history' | 'content'>;

/** How a run goes on in its session: with what the caller tells of the conversation, or with what the session holds. */
export function toContinuation(
  { transient, isTold, name }: ChosenSession,
  told: Told,
  commands: HttpDeps['commands'],
): Pick<RunInput, 'history' | 'follows' | 'name'> {
  const named = name && !transient && { name: toName(name, told) };
  if (!told.history && (transient || !isTold)) return { ...named };
  const history = commands.leaveOut(told.history ?? []);
  return { history, ...named, ...(!transient && { follows: 'history' as const }) };
}

// --- internal ---

const maxNameChars = 100;

/** A name by which a person knows the conversation again: who talks in it, and what was said first. */
function toName({ program, user }: NonNullable<ChosenSession['name']>, told: Told): string {
  const content = told.history?.find((message) => message.role === 'user')?.content ?? told.content;
  const text = user ?? content.map((part) => (part.type === 'text' ? part.text : '')).join(' ');
  return firstWords(`${program}: ${text}`, maxNameChars);
}
