import { readdir, readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { type DocPage, type DocSection, parsePage, splitCode } from './docs-index-pages.ts';
import { createSpelling, type Spelling } from './docs-index-spelling.ts';
import { type Term, toTerms } from './docs-index-words.ts';

export interface DocSearch {
  /** At most one section of a page, best first. */
  hits: DocSection[];
  /** Share of the question's weight that the best hit covers, 0 to 1. Low: the question is about something else. */
  coverage: number;
}

/** Full-text search over markdown pages: BM25 through SQLite's FTS5, in memory. */
export interface DocsIndex {
  readonly pages: readonly DocPage[];
  /** @param context an earlier question that this one may be about; counts less. */
  search(question: string, context?: string): DocSearch;
  close(): void;
}

/**
 * Reads every markdown page below a folder and indexes its sections.
 * @throws when the folder cannot be read or holds no page; the error is that of the file system.
 */
export async function openDocsIndex(docsDir: string): Promise<DocsIndex> {
  const pages = await readPages(docsDir);
  const sections = pages.flatMap((page) => page.sections);
  const database = new DatabaseSync(':memory:');
  database.exec(schema);
  fill(database, pages, sections);
  const tables = {
    sections: database.prepare(matching('sections', [2, 6, 1, 0.3, 4])),
    pages: database.prepare(matching('pages', [6, 2, 1, 0.3, 2])),
  };
  const spelling = createSpelling(
    sections.map(({ title, heading, body, asked }) => `${title} ${heading} ${body} ${asked}`),
  );
  const pageAt = new Map(pages.map(({ page }, at) => [page, at]));

  return {
    pages,
    search(question, context) {
      const terms = toSearchTerms(question, context, spelling);
      const bySection = scoreRows(tables.sections, terms);
      const byPage = scoreRows(tables.pages, terms);
      const ranked = [...bySection.scores].flatMap(([at, own]) => {
        const section = sections[at];
        if (!section) return [];
        const whole = byPage.scores.get(pageAt.get(section.page) ?? -1) ?? 0;
        return [{ at, section, score: (own + pageShare * whole) * rankOf(section.page) }];
      });
      ranked.sort((a, b) => b.score - a.score);
      const best = ranked.filter(
        (hit, n) => ranked.findIndex((other) => other.section.page === hit.section.page) === n,
      );
      return { hits: best.map(({ section }) => section), coverage: best[0] ? bySection.coverage(best[0].at) : 0 };
    },
    close: () => database.close(),
  };
}

const maxPages = 500;
const maxPageChars = 1_000_000;

/** How much a page as a whole counts beside its section: pages about the topic win over pages that mention it. */
const pageShare = 0.5;

/** Pages for those who build clients answer an operator's question only when no page for operators does. */
const ranks = new Map([
  ['docs/reference.md', 0.4],
  ['docs/protocol.md', 0.6],
  ['docs/architecture.md', 0.6],
  ['docs/performance.md', 0.7],
  ['docs/configuration.md', 0.8],
  ['docs/roadmap.md', 0.8],
]);
/** Each client has the same headings: only who names a client means its page. */
const clientRank = 0.8;
const rankOf = (page: string) => ranks.get(page) ?? (page.startsWith('docs/clients/') ? clientRank : 1);

const schema = `
  CREATE VIRTUAL TABLE sections USING fts5(title, heading, body, code, asked, tokenize = 'porter unicode61');
  CREATE VIRTUAL TABLE pages USING fts5(title, heading, body, code, asked, tokenize = 'porter unicode61');`;

const matching = (table: string, weights: number[]) =>
  `SELECT rowid AS at, -bm25(${table}, ${weights.join(', ')}) AS score FROM ${table} WHERE ${table} MATCH ?`;

async function readPages(docsDir: string): Promise<DocPage[]> {
  const names = (await readdir(docsDir, { recursive: true })).filter((name) => name.endsWith('.md')).sort();
  if (names.length === 0) throw new Error(`no markdown pages in ${docsDir}`);
  const pages: DocPage[] = [];
  for (const name of names.slice(0, maxPages)) {
    const markdown = await readFile(join(docsDir, name), 'utf8');
    pages.push(parsePage(`docs/${name.split(sep).join('/')}`, markdown.slice(0, maxPageChars)));
  }
  return pages;
}

function fill(database: DatabaseSync, pages: readonly DocPage[], sections: readonly DocSection[]): void {
  const addTo = (table: string) =>
    database.prepare(`INSERT INTO ${table} (rowid, title, heading, body, code, asked) VALUES (?, ?, ?, ?, ?, ?)`);
  const addSection = addTo('sections');
  const addPage = addTo('pages');
  database.exec('BEGIN');
  sections.forEach(({ title, heading, body, asked }, at) => {
    const { prose, code } = splitCode(body);
    addSection.run(at, title, heading, prose, code, asked);
  });
  pages.forEach((page, at) => {
    const headings = page.sections.map(({ heading }) => heading).join('\n');
    const { prose, code } = splitCode(page.sections.map(({ body }) => body).join('\n\n'));
    addPage.run(at, page.title, headings, prose, code, page.sections.map(({ asked }) => asked).join('\n'));
  });
  database.exec('COMMIT');
}

function toSearchTerms(question: string, context: string | undefined, spelling: Spelling): Term[] {
  const terms = toTerms(question).map((term) => ({ ...term, text: spelling.correct(term.text) }));
  const earlier = toTerms(context ?? '').map((term) => ({ ...term, weight: term.weight / 2, asked: false }));
  return [...terms, ...earlier.filter(({ text }) => !terms.some((term) => term.text === text))];
}

/**
 * Scores rows term by term: BM25 adds up over terms, so this is one weighted query, and tells which terms a row has.
 * A term reaches FTS5 as a quoted string, where nothing is syntax.
 */
function scoreRows(statement: StatementSync, terms: readonly Term[]) {
  const scores = new Map<number, number>();
  const found = terms.map(({ text, weight }) => {
    const rows = statement.all(`"${text.replaceAll('"', '""')}"`) as { at: number; score: number }[];
    for (const { at, score } of rows) scores.set(at, (scores.get(at) ?? 0) + weight * score);
    return new Set(rows.map(({ at }) => at));
  });
  const rarity = found.map((rows) => Math.log(1 + 100 / (rows.size + 0.5)));
  const sum = (include: (n: number) => boolean) =>
    terms.reduce((total, { weight }, n) => (include(n) ? total + weight * (rarity[n] ?? 0) : total), 0);
  const asked = sum((n) => terms[n]?.asked === true);
  const coverage = (row: number) => Math.min(1, sum((n) => found[n]?.has(row) === true) / Math.max(asked, 1));
  return { scores, coverage };
}
