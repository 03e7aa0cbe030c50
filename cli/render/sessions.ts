import type { SearchPage, SessionPreview } from '../../sdk/protocol/session-answers.ts';
import { oneLine } from './text.ts';
import { ago } from './time.ts';
import { type Look, renderValue } from './value.ts';

/** What a search has found: where, when and by whom, and the text around it. */
export function renderSearch(payload: unknown, { paint, now }: Look): string | undefined {
  const page = payload as SearchPage | null;
  if (!Array.isArray(page?.results)) return undefined;
  const hits = page.results.map(
    ({ sessionKey, role, timestamp, snippet, messageId }) =>
      `${paint('bold', oneLine(sessionKey))} ${paint('dim', `${oneLine(role)}, ${ago(timestamp, now)}`)}\n` +
      `${oneLine(snippet)}\n${paint('dim', `openclaw chat history ${quoted(sessionKey)} --message-id ${oneLine(messageId)}`)}\n`,
  );
  const notes = [
    ...(hits.length === 0 ? ['Nothing found.'] : []),
    ...(page.indexing ? ['Old messages are still being indexed: ask again in a moment.'] : []),
    ...(page.truncated ? ['There is more: add a word, or raise --limit (at most 25).'] : []),
  ];
  return [...hits, ...notes.map((note) => `${paint('dim', note)}\n`)].join(hits.length > 0 ? '\n' : '');
}

/** The newest words of some sessions. */
export function renderPreviews(payload: unknown, { paint }: Look): string | undefined {
  const previews = (payload as { previews?: SessionPreview[] } | null)?.previews;
  if (!Array.isArray(previews)) return undefined;
  const blocks = previews.map(({ key, status, items }) => {
    const state = status === 'ok' ? '' : ` ${paint('yellow', oneLine(status))}`;
    const lines = items.map(({ role, text }) => `${paint('dim', `${oneLine(role)}:`)} ${oneLine(text)}\n`);
    return `${paint('bold', oneLine(key))}${state}\n${lines.join('')}`;
  });
  return blocks.length === 0 ? 'No sessions.\n' : blocks.join('\n');
}

/** One session; nobody has it when there is none. */
export function renderSession(payload: unknown, look: Look): string | undefined {
  const { session } = (payload ?? {}) as { session?: object | null };
  if (session === undefined) return undefined;
  return session === null
    ? 'There is no such session. List them: openclaw sessions list\n'
    : renderValue(session, look);
}

/** The session that was found, or those that it may be. */
export function renderResolved(payload: unknown, look: Look): string | undefined {
  const { ok, key, candidates = [] } = (payload ?? {}) as { ok?: boolean; key?: string; candidates?: object[] };
  if (typeof ok !== 'boolean') return undefined;
  if (ok) return key === undefined ? undefined : renderValue(payload, look);
  return candidates.length === 0 ? 'There is no such session.\n' : `Several fit:\n${renderValue(candidates, look)}`;
}

// --- internal ---

/** A word for the shell: quoted where it needs to be. */
function quoted(word: string): string {
  const line = oneLine(word);
  return /^[\w:./@-]+$/.test(line) ? line : `'${line.replaceAll("'", `'\\''`)}'`;
}
