/** A word to look for, and how much finding it counts. */
export interface Term {
  /** One word, or a dotted name such as `gateway.bind`; letters, digits and `_.-` only. */
  text: string;
  /** 1 for the asker's own word, less for one that stands in for it. */
  weight: number;
  /** True for the asker's own word. */
  asked: boolean;
}

const maxTerms = 32;
const expansionWeight = 0.5;
const pairWeight = 0.35;

/** The words of a question that are worth looking for, then what operators call the same things in the pages. */
export function toTerms(question: string): Term[] {
  const words = toWords(question.slice(0, 4000));
  const asked = [...new Set(words.filter((word) => !stopWords.has(word)))].slice(0, maxTerms / 2);
  const added = expand(words).filter((word) => !asked.includes(word));
  return [
    ...asked.map((text) => ({ text, weight: 1, asked: true })),
    ...added.map((text) => ({ text, weight: expansionWeight, asked: false })),
    ...toPairs(words).map((text) => ({ text, weight: pairWeight, asked: false })),
  ].slice(0, 2 * maxTerms);
}

/** Lower-case words, punctuation removed; dots and dashes inside a word stay. */
export function toWords(text: string): string[] {
  return text
    .toLowerCase()
    .normalize('NFC')
    .replace(/[‘’']/g, '')
    .split(/[^\p{L}\p{N}\p{M}_.-]+/u)
    .map((word) => word.replace(/^[._-]+|[._-]+$/g, ''))
    .filter((word) => /[\p{L}\p{N}]/u.test(word));
}

/** Neighbours that stand side by side in a page too say more than the same words apart. */
function toPairs(words: readonly string[]): string[] {
  const pairs = words.slice(0, maxTerms / 2).flatMap((word, at) => {
    const next = words[at + 1];
    return next === undefined || (stopWords.has(word) && stopWords.has(next)) ? [] : [`${word} ${next}`];
  });
  return [...new Set(pairs)];
}

function expand(words: readonly string[]): string[] {
  const line = ` ${words.map(toSingular).join(' ')} `;
  const added = synonyms.filter(({ said }) => said.some((phrase) => line.includes(` ${phrase} `)));
  return [...new Set(added.flatMap(({ meant }) => meant))];
}

const toSingular = (word: string) =>
  /[^su]s$/.test(word) && word.length > 3 && word !== 'https' ? word.slice(0, -1) : word;

const list = (text: string) => text.split(',').map((item) => item.trim());

/** What people say (singular), and the words of the pages that mean it. */
const synonyms = (
  [
    ['lan, wifi, wi-fi, local network, home network, phone, tablet, other machine, other device', 'bind, lan, address'],
    ['expose, outside, remote, remotely, another machine, another computer, another device', 'bind, lan, tunnel'],
    ['listen, interface, 0.0.0.0', 'bind, listens, port'],
    ['public, publicly', 'internet, expose'],
    ['cors, cross origin, cross-origin', 'origin, browser'],
    ['api key, apikey, provider key', 'provider, key, plug'],
    ['forgot, forgotten, lost', 'lost, token'],
    ['401, unauthorized, unauthorised, unauthenticated, access denied, bearer', '401, unauthorized, token'],
    ['login, log in, sign in, credential, auth', 'authentication, token, password'],
    ['new token, change the token, change my token, regenerate, renew, leaked', 'rotate, token'],
    ['claude, sonnet, opus', 'anthropic'],
    ['gpt, chatgpt', 'openai'],
    ['llm, language model', 'model'],
    ['offline, self-hosted, locally, vllm', 'local, ollama'],
    ['conversation, chat, thread', 'session, conversation'],
    ['start over, fresh, clean, forget', 'reset'],
    ['rename, title', 'label'],
    ['transcript, past, earlier, previous', 'history, messages'],
    ['crash, crashed, crashe, killed, power', 'crashes, interrupted'],
    ['cancel, stop, stuck', 'abort, cancel'],
    ['twice, duplicate, retry', 'idempotency'],
    ['parallel, concurrent, concurrency, at the same time', 'queue, maxconcurrent'],
    ['vector, embed', 'embeddings'],
    ['typescript, javascript, node.js, programmatically', 'sdk'],
    ['shell, terminal, command line', 'command, cli'],
    ['alive, monitoring, health check, healthcheck', 'health, probe'],
    ['disk, saved, persisted, sqlite', 'stored, database, state'],
    ['migrate, moving, relocate', 'move, backup'],
    ['eaddrinuse, already in use, occupied, taken', 'port, eaddrinuse'],
    ['connection refused, unreachable, not reachable', 'reached, refused'],
    ['latency, hang, hanging, no reply, no answer', 'slow, replies'],
    ['schedule, scheduled, every day, daily, reminder', 'cron, scheduled'],
    ['daemon, autostart, boot', 'service, systemd'],
    ['https, tls, ssl, certificate', 'tls, https, certificate, wss'],
    ['stop the gateway, stop gateway, not stop, shut down', 'sigterm, shutdown, drain'],
    ['setting, option, config', 'configuration'],
  ] as const
).map(([said, meant]) => ({ said: list(said), meant: list(meant) }));

/** Words that carry no topic, and those that every page has. */
const stopWords = new Set(
  list(`
    a, about, actually, after, again, all, also, am, an, and, any, anybody, anyone, are, as, ask, at, be, because, been,
    before, being, but, by, can, cannot, cant, could, did, didnt, do, does, doesnt, doing, done, dont, each, either, else,
    ever, exactly, explain, find, for, from, gateway, gets, get, getting, give, gives, go, goes, going, got, had, has,
    have, having, he, help, her, here, hers, him, his, how, i, id, if, im, in, into, is, isnt, it, its, ive, just, know,
    let, lets, like, make, makes, making, may, maybe, me, might, mine, more, most, much, must, my, no, not,
    now, of, oh, ok, okay, on, one, only, openclaw, or, other, our, out, over, please, possible, put, really, say, says,
    see, shall, she, should, show, so, some, somebody, someone, something, still, such, sure, take, tell, than, thank,
    thanks, that, thats, the, their, them, then, there, these, they, thing, things, this, those, to, too, try, trying,
    up, us, use, used, using, very, via, want, wants, was, way, we, well, were, what, whats, when, where, wheres, which,
    while, who, whom, whose, why, will, with, without, wont, work, works, working, would, yes, yet, you, your, yours
  `).map((word) => word.trim()),
);
