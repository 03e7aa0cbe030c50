/** How the gateway stands at this moment. */
export interface GuideLive {
  version: string;
  uptimeMs: number;
  /** Where clients connect, for example `ws://127.0.0.1:18789`. */
  url: string;
  /** `loopback`, `lan`, ... */
  bind: string;
  /** `token`, `password`, `none`. */
  authMode: string;
  /** Each agent with the model it uses, and why that one. */
  agents: { id: string; model: string; reason: string }[];
  /** Conversations kept. */
  sessions: number;
  runs: { active: number; queued: number };
  /** Clients connected over WebSocket. */
  connections: number;
  configPath: string;
  configExists: boolean;
  stateDir: string;
  logFile: string;
  memory: {
    /** Resident memory, bytes. */
    rss: number;
  };
  /** Connected chat networks. */
  channels: string[];
}

/** One thing that is so at this moment. */
export interface LiveFact {
  /** A sentence. */
  text: string;
  /** Where the pages explain it, in words to search for. */
  about: string;
}

/** What a question asks of the gateway's present state; empty when it asks how to do something. */
export function toLiveFacts(question: string, live: GuideLive): LiveFact[] {
  const text = question.slice(0, maxQuestionChars).toLowerCase().replace(/[’']/g, '');
  if (howTo.test(text)) return [];
  return facts.filter(({ asked }) => asked.test(text)).map(({ say, about }) => ({ text: say(live), about }));
}

/** The answer to `/status`. */
export function toStatusReport(live: GuideLive): string {
  const lines = [
    `listening on ${live.url} (bind ${live.bind}), authentication ${live.authMode}`,
    ...live.agents.map(({ id, model }) => `agent ${id} uses ${model}`),
    `${count(live.sessions, 'session')}, ${sayRuns(live)}, ${count(live.connections, 'connection')}`,
    `memory ${toMegabytes(live)}`,
    `channels: ${live.channels.join(', ') || 'none'}`,
    `configuration: ${sayConfigFile(live)}`,
    `state: ${live.stateDir}`,
    `log: ${live.logFile}`,
  ];
  return [
    `Gateway ${live.version}, up ${toDuration(live.uptimeMs)}.`,
    lines.map((line) => `- ${line}`).join('\n'),
  ].join('\n\n');
}

/** The models in use and why, one line for each agent. */
export function toModelReport(live: GuideLive): string {
  return live.agents.map(({ id, model, reason }) => `- agent ${id} uses ${model}: ${reason}`).join('\n');
}

/** Longer texts are pasted, not asked; the patterns below would also take long to read them. */
const maxQuestionChars = 400;

/** Questions that open by asking for instructions, whatever they mention. */
const howTo =
  /^(please |and |so )*(how (do|does|can|could|to|would|should|did)|(can|could|should|may) i|i want|id like|change|set|switch|configure|add|create|plug)\b/;

interface Fact {
  asked: RegExp;
  about: string;
  say(live: GuideLive): string;
}

const facts: readonly Fact[] = [
  {
    asked:
      /\b(what|which) (language |ai |default )?(model|llm|ai)\b|\bmodels? (are you|is (it|main|in use|used|being))|\bare you (chat ?gpt|gpt|claude|gemini|an? (ai|llm|bot|robot|human|language model))/,
    about: 'which model is used and why',
    say: (live) =>
      `Right now ${live.agents.map(({ id, model, reason }) => `agent ${id} uses ${model} (${reason})`).join('; ')}.`,
  },
  {
    asked: /\b(which|what|list|show|how many|name)\b.*\bagents\b|\bagents (are|do you have|exist)/,
    about: 'what is an agent, add another agent',
    say: (live) =>
      `Right now there ${live.agents.length === 1 ? 'is one agent' : `are ${live.agents.length} agents`}: ${live.agents.map(({ id, model }) => `${id} (${model})`).join(', ')}.`,
  },
  {
    asked:
      /\b(what|which|whats|on what|show)\b.*\b(port|url|address)\b(?!.*\b(use|taken|already)\b)|\bwhere (do|does|are|is) (you|it|the gateway) (listen|reachable|bound)|\bwhat .*\b(bound|bind(ing)? to|listening on)\b/,
    about: 'change the port',
    say: (live) => `The gateway listens on ${live.url} (bind ${live.bind}).`,
  },
  {
    asked:
      /\bwhere\b.*\bconfig|\b(which|what)\b.*\bconfig(uration)? (file|path)|\bconfig(uration)? (file|path|location)\b.*\b(is|where)|^(config|configuration) (file|path)\??$/,
    about: 'where is the config file',
    say: (live) => `The configuration file is ${sayConfigFile(live)}.`,
  },
  {
    asked: /\bwhere\b.*\blogs?\b(?! in)|\b(which|what)\b.*\blog ?(file|path)|^log ?(file|path)\??$/,
    about: 'where the log file is',
    say: (live) => `The log file being written is ${live.logFile}.`,
  },
  {
    asked:
      /\bwhere\b.*\b(stored?|saved?|kept|keep|database|sqlite|state|data|conversations)\b|\b(what|which)\b.*\b(database file|data dir|state dir)|^state dir/,
    about: 'where stored on disk',
    say: (live) => `The state directory is ${live.stateDir}.`,
  },
  {
    asked: /\bwhere\b.*\btoken\b/,
    about: 'where the token is',
    say: (live) =>
      live.authMode === 'token'
        ? `Unless one is configured, the token is in ${live.stateDir}/gateway.token.`
        : `No token is in use: authentication is ${live.authMode}.`,
  },
  {
    asked:
      /\b(what|which) (kind of )?auth|\bauth\w* (mode|is (on|off|enabled|used))|\bis (there )?auth|\bdo (i|we|you) need a (token|password)|\bis a (token|password) (needed|required)/,
    about: 'authentication',
    say: (live) => `The authentication mode is ${live.authMode}.`,
  },
  {
    asked: /\b(what|which|whats)\b.*\bversion\b(?!.*\bnode\b)|^version\??$/,
    about: 'is the gateway up and healthy status',
    say: (live) => `This is version ${live.version}.`,
  },
  {
    asked: /\bhow long\b.*\b(up|running|alive)\b|\buptime\b|\bwhen did (it|you|the gateway) start/,
    about: 'is the gateway up and healthy status',
    say: (live) => `The gateway has been up for ${toDuration(live.uptimeMs)}.`,
  },
  {
    asked: /\b(how much|what).*\b(memory|ram)\b|\bmemory (use|usage|footprint)/,
    about: 'is the gateway up and healthy status',
    say: (live) => `It uses ${toMegabytes(live)} of memory.`,
  },
  {
    asked: /\bhow many (sessions|conversations|chats)\b/,
    about: 'list conversations sessions',
    say: (live) => `There ${live.sessions === 1 ? 'is' : 'are'} ${count(live.sessions, 'session')} in the database.`,
  },
  {
    asked:
      /\bhow many (runs|jobs)\b(?!.*\b(can|may|could|at once|parallel|concurrent))|\b(is|are) (anything|something|any runs?|runs|you) (running|busy|queued|working)\b|\bhow busy\b/,
    about: 'queue of runs',
    say: (live) => `At this moment: ${sayRuns(live)}.`,
  },
  {
    asked: /\bhow many (clients|connections|sockets)\b(?!.*\b(can|may))|\b(who|what) is connected\b/,
    about: 'is the gateway up and healthy',
    say: (live) => `${count(live.connections, 'client connection')} at this moment.`,
  },
  {
    asked: /\b(which|what|any|list|how many) (chat )?channels\b/,
    about: 'chat networks',
    say: (live) =>
      live.channels.length > 0 ? `Connected channels: ${live.channels.join(', ')}.` : 'No channel is connected.',
  },
];

const sayConfigFile = ({ configPath, configExists }: GuideLive) =>
  configExists ? configPath : `${configPath} (not there yet: the gateway runs with its defaults)`;
const sayRuns = ({ runs }: GuideLive) => `${count(runs.active, 'run')} working and ${runs.queued} waiting`;
const toMegabytes = ({ memory }: GuideLive) => `${Math.round(memory.rss / 1_000_000)} MB`;
const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`;

function toDuration(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return count(Math.floor(ms / 1000), 'second');
  if (minutes < 60) return count(minutes, 'minute');
  if (minutes < 48 * 60) return `${count(Math.floor(minutes / 60), 'hour')} ${count(minutes % 60, 'minute')}`;
  return count(Math.floor(minutes / 1440), 'day');
}
