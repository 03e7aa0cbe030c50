import fc from 'fast-check';
import { sendFrames, shakeHands, writeBytes } from './attack.ts';
import { frameTexts } from './frames.ts';
import { handshake } from './handshakes.ts';
import { httpBytes, socketBytes } from './requests.ts';
import { startTarget, type Target } from './target.ts';

export interface FuzzOptions {
  /** How long, seconds. */
  seconds: number;
  /** The same seed asks the same things. */
  seed: number;
  /** Called now and then with a line for people. */
  progress?: (line: string) => void;
}

export interface FuzzReport {
  /** How often each kind of thing was tried. */
  rounds: Record<string, number>;
  maxRssMb: number;
  /** What went wrong; with the seed and the path to it. Empty when all is well. */
  faults: string[];
}

/** Throws all kinds of things at a gateway until the time is over, or something goes wrong. */
export async function fuzz({ seconds, seed, progress }: FuzzOptions): Promise<FuzzReport> {
  await using target = await startTarget();
  const rounds: Record<string, number> = {};
  const faults: string[] = [];
  const until = performance.now() + seconds * 1_000;
  const attacks = attacksOn(target);
  const timer = setInterval(() => progress?.(`${JSON.stringify(rounds)}, ${target.maxRssMb().toFixed(0)} MB`), 10_000);
  try {
    const left = until - performance.now();
    await Promise.all(
      attacks.map(async ({ name, run }) => {
        const count = () => {
          rounds[name] = (rounds[name] ?? 0) + 1;
        };
        const report = await run(count, { seed, interruptAfterTimeLimit: left });
        if (report) faults.push(`${name}: ${report.slice(0, 4_000)}`);
      }),
    );
    await target.check().catch((error: Error) => faults.push(error.message));
    faults.push(...(await target.faults()).slice(0, 5));
  } finally {
    clearInterval(timer);
  }
  return { rounds, maxRssMb: target.maxRssMb(), faults };
}

// --- internal ---

function attacksOn(target: Target) {
  const cuts = fc.array(fc.nat({ max: 400 }), { maxLength: 8 });
  const attack = <T>(name: string, what: fc.Arbitrary<T>, act: (value: T) => Promise<void>) => ({
    name,
    /** @returns how to make it fail again, when it has failed. */
    async run(count: () => void, limits: fc.Parameters<[T]>): Promise<string | undefined> {
      const property = fc.asyncProperty(what, async (value) => {
        count();
        await act(value);
        await target.check();
      });
      const options = { numRuns: Number.MAX_SAFE_INTEGER, markInterruptAsFailure: false, ...limits };
      const result = await fc.check(property, options);
      return result.failed ? await fc.asyncDefaultReportMessage(result) : undefined;
    },
  });
  return [
    attack('frames', frameTexts, (texts) => sendFrames(target, texts)),
    attack('handshakes', handshake, (texts) => shakeHands(target, texts)),
    attack('http', fc.tuple(httpBytes, cuts), ([bytes, at]) => writeBytes(target, bytes, at)),
    attack('bytes', fc.tuple(socketBytes, cuts), ([bytes, at]) => writeBytes(target, bytes, at)),
  ];
}
