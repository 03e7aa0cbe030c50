import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { scratch } from '../scratch.ts';
import { chunk, openStream, type Respond, startUpstream } from '../upstream.ts';
import { findFreePort, spawnGateway, withUpstream } from '../whole/process.ts';
import { type Conversation, startConversation } from './conversation.ts';
import { type Dice, throwDice } from './dice.ts';
import { type Editor, startEditor } from './editor.ts';
import { type Line, openLine } from './line.ts';
import { keepConfig, keepDevices, keepSessions, type Records } from './records.ts';

export interface ChaosOptions {
  /** How often the gateway is killed. */
  kills: number;
  seed: number;
  /** True to have the configuration file edited in each round. Default every other one, by chance. */
  edits?: boolean;
  progress?: (line: string) => void;
}

export interface ChaosReport {
  kills: number;
  /** Messages that were accepted, over all kills. */
  accepted: number;
  /** How often the configuration file was broken or mended under load. */
  edits: number;
  /** What was lost, doubled or damaged; empty when all is well. */
  faults: string[];
}

const conversationCount = 6;
/** Most messages that are accepted before a kill, and milliseconds after the last of them; the load of a slow machine is cut off. */
const mostMessages = 25;
const mostMs = 60;
const longestMs = 5_000;
/** Milliseconds for which the configuration file is edited at most, before the end comes near. */
const mostEditMs = 1_500;

/**
 * Kills, stops and restarts a gateway under load while somebody edits its configuration, again and again, and compares what is
 * there afterwards with what was told.
 */
export async function chaos({ kills, seed, edits, progress }: ChaosOptions): Promise<ChaosReport> {
  const dice = throwDice(seed);
  await using folder = await scratch();
  await using upstream = await startUpstream(stutter(dice));
  const config = withUpstream(upstream.url);
  const start = { stateDir: folder.path, port: await findFreePort(), config };
  const conversations = Array.from({ length: conversationCount }, (_, n) => startConversation(`c${n}`, dice));
  const records = [keepSessions(dice), keepDevices(dice)];
  const configRecord = keepConfig(dice);
  const all = [...conversations, ...records, configRecord];
  const editor = startEditor(folder.path, dice);
  const faults: string[] = [];
  let round = 0;
  for (; round < kills && faults.length === 0; round++) {
    // The file is the gateway's once it has been written.
    await using gateway = await spawnGateway({ ...start, keepConfig: round > 0 });
    faults.push(...(await look(gateway.url, all)));
    if (faults.length > 0) faults.push(gateway.output().slice(-2_000));
    // Who edits by hand does not see what others have written meanwhile, so that only one of both writes the file.
    const isEdited = edits ?? dice.below(2) === 0;
    const load = work(gateway.url, conversations, isEdited ? records : [...records, configRecord]);
    const editing = isEdited ? edit(editor, gateway.url, dice) : undefined;
    await busy(conversations, dice);
    faults.push(...((await editing?.wellBefore) ?? []));
    // Stopped as a supervisor does, restarted in its process and then killed, or killed outright.
    const end = dice.pick(['kill', 'stop', 'restart'] as const);
    if (end === 'stop') gateway.signal('SIGTERM');
    if (end === 'restart') {
      gateway.signal('SIGUSR2');
      await sleep(dice.below(mostMs * 10));
    }
    if (end === 'stop') faults.push(...toStopFault(await gateway.exited));
    else await gateway.kill();
    await editing?.end();
    faults.push(...(await load), ...(await damage(folder.path)), ...(await refusal(editor, start)));
    await editor.mendIfBroken();
    if (round % 10 === 9)
      progress?.(`${round + 1} kills, ${count(conversations)} messages accepted, ${editor.edits} edits`);
  }
  await using gateway = await spawnGateway({ ...start, keepConfig: true });
  if (faults.length === 0) faults.push(...(await look(gateway.url, all)));
  return { kills: round, accepted: count(conversations), edits: editor.edits, faults };
}

// --- internal ---

const count = (conversations: readonly Conversation[]) =>
  conversations.reduce((sum, { accepted }) => sum + accepted, 0);

/** Has the file edited. Half of the time the gateway is given a whole one before its end, and has to take it. */
function edit(editor: Editor, url: string, dice: Dice) {
  const ending = new AbortController();
  let working = editor.work(ending.signal);
  const end = () => {
    ending.abort();
    return working;
  };
  const settle = async () => {
    await sleep(dice.below(mostEditMs));
    if (dice.below(2) === 0) return [];
    await end();
    await editor.mend();
    const faults = await editor.faults(url);
    // And it is broken once more before the end.
    const again = new AbortController();
    setTimeout(() => again.abort(), dice.below(mostMs));
    working = editor.work(again.signal);
    return faults;
  };
  return { wellBefore: settle(), end };
}

/** A gateway does not start with a file that is broken, and leaves it as it is. */
async function refusal(editor: Editor, start: Parameters<typeof spawnGateway>[0]): Promise<string[]> {
  if (!editor.isBroken) return [];
  const before = await editor.text();
  await using gateway = await spawnGateway({ ...start, keepConfig: true });
  gateway.signal('SIGKILL');
  const { code, signal } = await gateway.exited;
  const isSame = (await editor.text()) === before;
  return [
    ...(code === 78 ? [] : [`with a broken file a start ended with ${code ?? signal}: ${before}`]),
    ...(isSame ? [] : ['a start has changed the file that it refused']),
  ];
}

/** Resolves at some moment at which messages come in. */
async function busy(conversations: readonly Conversation[], dice: Dice): Promise<void> {
  const enough = count(conversations) + dice.below(mostMessages);
  const until = performance.now() + longestMs;
  while (count(conversations) < enough && performance.now() < until) await sleep(2);
  await sleep(dice.below(mostMs));
}

/** A model that takes its time, a little more or less of it. */
const stutter =
  (dice: Dice): Respond =>
  async ({ body }, res) => {
    const send = openStream(res);
    const asked: unknown[] = body.messages.filter(({ role }: { role: string }) => role === 'user');
    const [key = ''] = JSON.stringify(asked.at(-1)).match(/\[c\d+-\d+\](?!.*\[c\d+-\d+\])/) ?? [];
    for (let pieces = 1 + dice.below(6); pieces > 0; pieces--) {
      send(chunk({ content: 'word ' }));
      await sleep(dice.below(15));
    }
    // Only an answer that is whole has it.
    send(chunk({ content: `answered ${key}` }));
    send(chunk({}, { finish_reason: 'stop' }));
    send('[DONE]');
    res.end();
  };

/** What is not as it was told. */
async function look(url: string, all: readonly Pick<Records, 'faults'>[]): Promise<string[]> {
  const line = await openLine(url);
  try {
    return (await Promise.all(all.map((one) => one.faults(line)))).flat();
  } finally {
    line.close();
  }
}

/** Everybody works until the gateway is gone. @returns what cannot be. */
async function work(
  url: string,
  conversations: readonly Conversation[],
  records: readonly Records[],
): Promise<string[]> {
  const faults: string[] = [];
  const note = (error: Error) => {
    if (!isGone(error)) faults.push(error.message);
  };
  await Promise.all([
    ...conversations.map(async (conversation) => conversation.talk(await openLine(url)).catch(note)),
    ...records.map((record) => repeat(url, record).catch(note)),
  ]).catch(note);
  return faults;
}

async function repeat(url: string, record: Records): Promise<void> {
  const line: Line = await openLine(url);
  while (await line.call('health')) await record.work(line, url);
}

/** What somebody hears who asks a gateway while it is killed. */
const isGone = ({ message }: Error) =>
  /server response: 503|gateway (?:stopping|starting)|ECONNREFUSED|ECONNRESET|EPIPE|closed|socket hang up|in time/.test(
    message,
  );

/** A stop ends with 0, whatever was at work. */
const toStopFault = ({ code, signal }: { code: number | null; signal: string | null }) =>
  code === 0 ? [] : [`a stop ended with ${code ?? signal}`];

/** What SQLite finds wrong with the database as the kill has left it, in a copy of it. */
async function damage(stateDir: string): Promise<string[]> {
  await using copy = await scratch();
  const files = (await readdir(stateDir)).filter((file) => /^openclaw\.db(-wal)?$/.test(file));
  for (const file of files) await copyFile(join(stateDir, file), join(copy.path, file));
  if (files.length === 0) return [];
  const database = new DatabaseSync(join(copy.path, 'openclaw.db'));
  try {
    const rows = database.prepare('PRAGMA integrity_check').all() as { integrity_check: string }[];
    return rows.flatMap(({ integrity_check: found }) => (found === 'ok' ? [] : [`the database is damaged: ${found}`]));
  } finally {
    database.close();
  }
}
