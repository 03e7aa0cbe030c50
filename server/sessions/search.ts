import { performance } from 'node:perf_hooks';
import type { SearchHit, SearchPage } from '../../sdk/protocol/session-answers.ts';
import type { Database } from '../database/database.ts';
import { createPace, nextTurn } from '../database/turns.ts';
import type { Indexing } from './indexing.ts';
import { findWord, parseQuestion, placeOf, type Term, toMatch, toPlain } from './words.ts';

/** What is looked for, and where. */
export interface Question {
  query: string;
  limit: number;
  agentId?: string | undefined;
  /** Ids of the sessions to look in; all when absent. */
  sessionIds?: readonly string[] | undefined;
}

/** Hits that are compared with each other, the newest. */
const maxCandidates = 200;
/** Of them, text that is read to compare them. */
const maxCandidateBytes = 4 * 1024 * 1024;
/** Size from which a hit is not compared by its text. */
const largeBytes = 256 * 1024;
/** Messages that are looked through in one turn of the event loop: at first, at most, and for how long. */
const firstDocs = 2000;
const maxDocs = 64_000;
const turnMs = 3;
const timeLimitMs = 1000;
const snippetChars = 240;

interface Candidate {
  session_key: string;
  session_id: string;
  seq: number;
  message_id: string;
  role: SearchHit['role'];
  timestamp: number;
  bytes: number;
}

/** A function that looks for words in messages: the newest hits are found first, then the best of them told. */
export function createSearch(database: Database, indexing: Pick<Indexing, 'catchUp' | 'isLeft'>) {
  const newest = database.prepare('SELECT doc FROM message_places WHERE doc < ? ORDER BY doc DESC LIMIT 1');
  const match = database.prepare(
    'SELECT rowid AS doc FROM message_words WHERE message_words MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rowid DESC LIMIT ?',
  );
  const describe = database.prepare(
    `SELECT s.key AS session_key, p.session_id, p.seq, p.message_id, m.role, m.timestamp, octet_length(m.body) AS bytes
     FROM message_places p JOIN sessions s ON s.session_id = p.session_id
     JOIN messages m ON m.session_id = p.session_id AND m.seq = p.seq
     WHERE p.doc = ? AND s.transient = 0`,
  );
  const textOf = database.prepare(
    `SELECT (SELECT group_concat(substr(json_extract(value, '$.text'), 1, ${largeBytes}), char(10))
       FROM json_each(body, '$.content') WHERE json_extract(value, '$.type') = 'text') AS text
     FROM messages WHERE session_id = ? AND seq = ?`,
  );

  /** Numbers of the newest messages that match. */
  const find = async (expression: string): Promise<{ docs: number[]; isComplete: boolean }> => {
    const until = performance.now() + timeLimitMs;
    const docs: number[] = [];
    let before = Number.MAX_SAFE_INTEGER;
    let span = firstDocs;
    for (;;) {
      const top = newest.get(before)?.doc;
      if (top === undefined) return { docs, isComplete: true };
      before = Number(top) - span + 1;
      const began = performance.now();
      const found = match.all(expression, before, top, maxCandidates + 1 - docs.length);
      docs.push(...found.map(({ doc }) => Number(doc)));
      const now = performance.now();
      if (docs.length > maxCandidates) return { docs: docs.slice(0, maxCandidates), isComplete: false };
      if (now > until) return { docs, isComplete: false };
      span = now - began > turnMs ? Math.max(firstDocs, span / 2) : Math.min(maxDocs, span * 2);
      await nextTurn();
    }
  };

  const read = ({ session_id, seq }: Candidate): string => String(textOf.get(session_id, seq)?.text ?? '');

  /** The candidates with their scores, best first. */
  const rank = async (docs: readonly number[], terms: readonly Term[]) => {
    const pace = createPace(turnMs);
    const ranked: { candidate: Candidate; score: number }[] = [];
    let room = maxCandidateBytes;
    for (const doc of docs) {
      await pace();
      const candidate = describe.get(doc) as unknown as Candidate | undefined;
      if (!candidate) continue;
      const isCompared = candidate.bytes <= Math.min(largeBytes, room);
      if (isCompared) room -= candidate.bytes;
      ranked.push({ candidate, score: isCompared ? scoreOf(toPlain(read(candidate)), terms) : 0 });
    }
    return ranked.sort((a, b) => b.score - a.score || b.candidate.timestamp - a.candidate.timestamp);
  };

  return async ({ query, limit, agentId, sessionIds }: Question): Promise<SearchPage> => {
    const terms = parseQuestion(query);
    await indexing.catchUp();
    const left = indexing.isLeft() && { indexing: true };
    if (terms.length === 0 || sessionIds?.length === 0) return { results: [], ...left };
    const { docs, isComplete } = await find(toExpression(terms, { agentId, sessionIds }));
    const ranked = await rank(docs, terms);
    const results = ranked
      .slice(0, limit)
      .map(({ candidate, score }) => toHit(candidate, score, snippetOf(read(candidate), terms)));
    const truncated = (!isComplete || ranked.length > limit) && { truncated: true };
    return { results, ...left, ...truncated };
  };
}

function toExpression(terms: readonly Term[], { agentId, sessionIds }: Omit<Question, 'query' | 'limit'>): string {
  const text = `text : (${toMatch(terms)})`;
  const places = sessionIds?.map(placeOf.session) ?? (agentId === undefined ? [] : [placeOf.agent(agentId)]);
  return places.length === 0 ? text : `place : (${places.join(' OR ')}) AND ${text}`;
}

/** How well a text fits: often is better than once, with less and less to gain; a short text says more than a long one. */
function scoreOf(plain: string, terms: readonly Term[]): number {
  const length = 0.25 + (0.75 * plain.length) / usualChars;
  const scores = terms.map(({ text, words }) => {
    const times = Math.max(findWord(plain, text).times, words.length > 1 ? 0 : findWord(plain, words[0] ?? '').times);
    return (times * 2.2) / (times + 1.2 * length);
  });
  return Number(scores.reduce((sum, score) => sum + score, 0).toFixed(4));
}

/** Characters of a usual message. */
const usualChars = 600;

function snippetOf(text: string, terms: readonly Term[]): string {
  const plain = toPlain(text);
  const places = terms.flatMap(({ text: phrase, words }) => [
    findWord(plain, phrase).at,
    findWord(plain, words[0] ?? '').at,
  ]);
  const at = Math.min(...places.filter((place) => place >= 0), plain.length);
  const from = at === plain.length ? 0 : Math.max(0, at - snippetChars / 3);
  const cut = text.slice(from, from + snippetChars);
  const words = cut.toWellFormed().replace(/\s+/g, ' ').trim();
  return `${from > 0 ? '…' : ''}${words}${from + snippetChars < text.length ? '…' : ''}`;
}

function toHit(
  { session_key, session_id, message_id, role, timestamp }: Candidate,
  score: number,
  snippet: string,
): SearchHit {
  return { sessionKey: session_key, sessionId: session_id, messageId: message_id, role, timestamp, snippet, score };
}
