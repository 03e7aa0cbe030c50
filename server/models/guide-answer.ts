import type { DocSearch, DocsIndex } from './docs-index.ts';
import { type DocSection, toPassage, toReadableLinks } from './docs-index-pages.ts';
import { type GuideLive, toLiveFacts, toModelReport, toStatusReport } from './guide-live.ts';

/** What the guide says, as markdown, and where it has it from. */
export interface GuideAnswer {
  text: string;
  /** Page that is quoted, for example `docs/networking.md`. */
  page?: string | undefined;
  heading?: string | undefined;
  /** Other pages that were named, best first. */
  related: string[];
}

/** One question and what came before it. */
export interface Asked {
  question: string;
  /** The user's message before this one. */
  earlier?: string | undefined;
  /** True when nothing was answered in this conversation yet. */
  first: boolean;
}

/** Answers from the pages and the live state. Never fails: what it does not know, it says. */
export function composeAnswer(asked: Asked, index: DocsIndex, live: GuideLive): GuideAnswer {
  const answer = answerByKind(asked, index, live);
  return asked.first ? { ...answer, text: `${introduction}\n\n${answer.text}` } : answer;
}

const introduction =
  'I am `builtin/guide`, a search over the documentation of this gateway, not a language model. To plug one in: ' +
  '`export OPENAI_API_KEY=...` (or `ANTHROPIC_API_KEY`, or start Ollama) and restart the gateway.';

/** Characters of a section that are quoted before it is cut at the next block. */
const passageChars = 1200;
/** Share of the question below which a match is chance, and below which it is named as uncertain. */
const leastCoverage = 0.3;
const sureCoverage = 0.5;

function answerByKind(asked: Asked, index: DocsIndex, live: GuideLive): GuideAnswer {
  const question = asked.question.trim();
  const command = commands.get(question.split(/\s/)[0]?.toLowerCase() ?? '');
  if (command) return command(index, live);
  if (question === '') return say(`I read text only, and there was none. ${invitation}`);
  if (greeting.test(question)) return say(`Hello! ${invitation}`);
  if (thanks.test(question)) return say('You are welcome.');
  if (identity.test(question)) return say(`${aboutGateway} ${invitation}`);
  const facts = toLiveFacts(question, live);
  const found = facts[0]
    ? index.search(`${question} ${facts[0].about}`)
    : index.search(question, isFollowUp(question) ? asked.earlier : undefined);
  const [best] = found.hits;
  if (!best || (found.coverage < leastCoverage && facts.length === 0)) return admitNothing(index);
  return quote(
    best,
    found,
    facts.map(({ text }) => text),
    index,
  );
}

function quote(best: DocSection, found: DocSearch, facts: string[], index: DocsIndex): GuideAnswer {
  const related = found.hits.slice(1, 3);
  const unsure = found.coverage < sureCoverage && facts.length === 0;
  const parts = [
    facts.join(' '),
    unsure ? 'I am not sure that this is what you mean; the nearest passage is:' : '',
    toQuotation(best),
    [`From ${cite(best)}.`, related.length > 0 ? `See also ${related.map(cite).join(' and ')}.` : ''].join(' ').trim(),
    sayNext(best, index),
  ];
  return {
    text: parts.filter((part) => part !== '').join('\n\n'),
    page: best.page,
    heading: best.heading,
    related: related.map(({ page }) => page),
  };
}

const cite = ({ page, heading }: DocSection) => `${page}, "${heading}"`;

function toQuotation({ body, page }: DocSection): string {
  return toReadableLinks(toPassage(body, passageChars), page)
    .split('\n')
    .map((line) => `> ${line}`.trimEnd())
    .join('\n');
}

/** What the page itself sends its readers to, then a neighbouring section that can be asked for. */
function sayNext({ page, heading }: DocSection, index: DocsIndex): string {
  const whole = index.pages.find((candidate) => candidate.page === page);
  const sections = whole?.sections ?? [];
  const at = sections.findIndex((section) => section.heading === heading);
  const neighbour = sections[at + 1] ?? sections[at - 1];
  const steps = (whole?.next ?? []).slice(0, 2).map((item) => `- ${toReadableLinks(item, page)}`);
  if (neighbour) steps.push(`- Ask me: "${neighbour.heading.replaceAll('"', '')}"`);
  return steps.length > 0 ? `Try next:\n\n${steps.join('\n')}` : '';
}

function admitNothing(index: DocsIndex): GuideAnswer {
  return say(
    `I found nothing about that in the documentation, and I cannot answer from anything else. These are the pages I know:\n\n${listPages(index)}\n\nTry other words, or \`/help\`.`,
  );
}

const listPages = (index: DocsIndex) => index.pages.map(({ page, title }) => `- ${page}: ${title}`).join('\n');

const invitation =
  'Ask me how to run this gateway, for example "How do I bind to my LAN?", "Where is my token?" or "Can I use Claude?"; ' +
  '`/status` shows how it is doing, `/model` which model answers and why, `/help` what else there is.';
const aboutGateway =
  'This is an OpenClaw Gateway: one process that runs AI agents, keeps their conversations, and serves them over a ' +
  'WebSocket and an OpenAI-compatible HTTP API (docs/getting-started.md).';

const greeting =
  /^(hi|hello|hey|hiya|yo|good (morning|evening|afternoon|day)|greetings|moin|hallo|servus|salut|hola|test|ping)( there| guide| all)?[\s!.,?]*$/i;
const thanks =
  /^(thanks|thank you|thx|ty|cheers|great|perfect|nice|cool|ok(ay)?|bye|goodbye)( a lot| very much| so much)?[\s!.]*$/i;
const identity =
  /^(who|what) (are|r) (you|u)\b[^a-z]*$|^what(s| is|'s)? (this|openclaw|it)( thing)?( here)?\W*$|^what can (you|i) (do|ask)( you| here)?\W*$/i;

/** A question that leans on the one before it: it opens with a joining word, or has hardly a word of its own. */
const isFollowUp = (question: string) =>
  /^(and|but|also|then|so|or|what about|how about|what if|why)\b/i.test(question) || question.split(/\s+/).length <= 3;

const say = (text: string): GuideAnswer => ({ text, related: [] });

const commands = new Map<string, (index: DocsIndex, live: GuideLive) => GuideAnswer>([
  ['/status', (_index, live) => say(toStatusReport(live))],
  ['/model', (_index, live) => sayModels(live)],
  ['/models', (_index, live) => sayModels(live)],
  ['/help', (index) => say(`${invitation}\n\nThe pages I answer from:\n\n${listPages(index)}`)],
]);

function sayModels(live: GuideLive): GuideAnswer {
  return {
    text: `${toModelReport(live)}

To plug in a language model, start the gateway with a key of its provider, or with a local server running:

\`\`\`sh
export OPENAI_API_KEY=...        # or ANTHROPIC_API_KEY, GEMINI_API_KEY, OPENROUTER_API_KEY
openclaw gateway
\`\`\`

A running Ollama, LM Studio or llama.cpp is found on its usual port. More in docs/models.md, "Plug in a language model".`,
    page: 'docs/models.md',
    heading: 'Plug in a language model',
    related: [],
  };
}
