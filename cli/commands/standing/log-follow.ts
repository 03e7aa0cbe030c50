import { setTimeout as sleep } from 'node:timers/promises';
import { findGatewayError, GatewayError } from '../../../sdk/protocol/errors.ts';
import type { LogTail } from '../../../server/log/tail.ts';
import { span } from '../../render/time.ts';
import { type FilePlace, findNewest, findRotated, placeOf, readTail, type TailRequest } from './log-file.ts';

// ask the gateway ─► lines ─► wait ─► ask ...
//        └─ it is away: read its file, if it is one of this machine ─► try again after 1, 2, 4 ... 30 s, eight times

/** Where lines come from. */
export type SourceKind = 'gateway' | 'file';

/** What is read, told as it comes. */
export interface LogReader {
  /** The source or the file is another one, or lines were left out. */
  meta(tail: LogTail, source: SourceKind): void;
  lines(lines: readonly string[]): void;
  /** For people who wonder what happens. */
  notice(text: string): void;
}

export interface Following {
  /** Asks the gateway. */
  ask(request: TailRequest): Promise<LogTail>;
  /** The log file, when the gateway is one of this machine. */
  localFile: string | undefined;
  limits: { limit: number; maxBytes: number };
  intervalMs: number;
  reader: LogReader;
  signal: AbortSignal;
  /** How often a gateway that is away is tried again. Default eight times, after 1, 2, 4 ... 30 s. */
  retry?: Retry | undefined;
}

export interface Retry {
  tries: number;
  firstDelayMs: number;
  maxDelayMs: number;
}

/** Reads the end of the log once: from the gateway, or from its file when it is down and was to be found on this machine. */
export async function readOnce({ ask, localFile, limits, reader }: Following): Promise<void> {
  const place = createPlace(reader, limits);
  try {
    await place.advance(ask, 'gateway', false);
  } catch (error) {
    const file = isAway(error) && localFile !== undefined ? await findNewest(localFile) : undefined;
    if (file === undefined) throw withFile(error, localFile);
    reader.notice(`the gateway does not answer (${reasonOf(error)}): these lines are from its file ${file}`);
    await place.advance((request) => readTail(file, request), 'file', true);
  }
}

/**
 * Reads on until the signal. Restarts of the gateway and rotations of its log lose no line of a log on this machine.
 * @throws GatewayError when the gateway refuses, or does not come back.
 */
export async function followLog(following: Following): Promise<void> {
  const { ask, localFile, limits, intervalMs, reader, signal, retry = patient } = following;
  const place = createPlace(reader, limits);
  const isLocal = localFile !== undefined;
  for (let failures = 0; !signal.aborted; ) {
    try {
      await place.advance(ask, 'gateway', isLocal);
      if (failures > 0) reader.notice('gateway reconnected');
      failures = 0;
      await pause(intervalMs, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!isAway(error)) throw error;
      if (++failures > retry.tries) throw gaveUp(error, retry);
      const delayMs = Math.min(retry.maxDelayMs, retry.firstDelayMs * 2 ** (failures - 1));
      reader.notice(`gateway disconnected (${reasonOf(error)}); try ${failures} of ${retry.tries} in ${span(delayMs)}`);
      await readMeanwhile(place, { ...following, delayMs });
    }
  }
}

// --- internal ---

const patient: Retry = { tries: 8, firstDelayMs: 1_000, maxDelayMs: 30_000 };
/** What `logs.tail` gives at once, so that a burst between two looks is not cut. */
const burst = { limit: 5_000, maxBytes: 1_000_000 };

type Read = (request: TailRequest) => Promise<LogTail>;
type Place = ReturnType<typeof createPlace>;

/** How far the log has been read. */
function createPlace(reader: LogReader, limits: Following['limits']) {
  let source: SourceKind | undefined;
  let file: string | undefined;
  let cursor: number | undefined;
  let place: FilePlace | undefined;

  /** What was written to the files of before, after the last look. */
  const finish = async (paths: readonly string[]) => {
    for (const path of paths) {
      reader.lines((await readTail(path, { ...burst, cursor: cursor ?? 0 })).lines);
      cursor = 0;
    }
  };
  const isAnother = (tail: LogTail) => file !== undefined && tail.file !== file;

  return {
    file: () => file,
    /** Reads what is new. @param isLocal whether the files are of this machine. */
    async advance(read: Read, kind: SourceKind, isLocal: boolean): Promise<void> {
      let tail = await read(cursor === undefined ? limits : { ...burst, cursor });
      const rotated = place && !isAnother(tail) ? await findRotated(place) : [];
      if (isAnother(tail) || rotated.length > 0) {
        // The cursor was one of the file before, so this answer is about the wrong place.
        await finish(rotated.length > 0 || !isLocal || file === undefined ? rotated : [file]);
        tail = await read({ ...burst, cursor: 0 });
      }
      if (source !== kind || file !== tail.file || tail.reset || tail.skippedBytes) reader.meta(tail, kind);
      reader.lines(tail.lines);
      source = kind;
      ({ file, cursor } = tail);
      place = isLocal ? await placeOf(tail.file) : undefined;
    },
  };
}

/** While the gateway is away, what it or its successor writes is read from the file. */
async function readMeanwhile(
  place: Place,
  { localFile, intervalMs, signal, delayMs }: Following & { delayMs: number },
): Promise<void> {
  const until = performance.now() + delayMs;
  while (!signal.aborted) {
    const file = localFile === undefined ? undefined : await findNewest(place.file() ?? localFile);
    if (file !== undefined) await place.advance((request) => readTail(file, request), 'file', true);
    const leftMs = until - performance.now();
    if (leftMs <= 0) return;
    await pause(Math.min(intervalMs, leftMs), signal);
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {
    // Whoever waits looks at the signal next.
  });
}

/** True when the gateway may come back; a refusal stays one. */
function isAway(error: unknown): boolean {
  const known = findGatewayError(error);
  return (
    known !== undefined && ['UNREACHABLE', 'CONNECTION_LOST', 'TIMEOUT', 'CLOSED', 'UNAVAILABLE'].includes(known.code)
  );
}

function reasonOf(error: unknown): string {
  const known = findGatewayError(error);
  return String(known?.details?.why ?? known?.message ?? error);
}

function gaveUp(error: unknown, { tries }: Retry): GatewayError {
  const { details, message } = findGatewayError(error) as GatewayError;
  return new GatewayError('UNREACHABLE', `the gateway has not come back after ${tries} tries: ${message}`, {
    details,
  });
}

function withFile(error: unknown, localFile: string | undefined): unknown {
  const known = findGatewayError(error);
  if (!known || localFile === undefined || !isAway(error)) return error;
  return new GatewayError(known.code, `${known.message}; there is no log file ${localFile} either`, {
    details: known.details,
    cause: error,
  });
}
