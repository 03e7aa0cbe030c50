import { noUsage } from './loop.ts';
import type { Ending, WorkingRun } from './run.ts';

/** What stands in the transcript, and in the run, as the model of what the gateway answered itself. */
export const ownModel = { provider: 'openclaw', id: 'gateway-command', api: 'openclaw' } as const;

/**
 * Answers a run without a model. @returns how it ended; undefined when it was aborted first.
 * @throws what the answer throws.
 */
export async function answerRun(
  run: WorkingRun,
  answer: (signal: AbortSignal) => string | Promise<string>,
): Promise<Ending | undefined> {
  const text = await untilAborted(Promise.resolve(answer(run.signal)), run.signal);
  if (text === undefined) return undefined;
  run.receive({ type: 'text', delta: text });
  const content = [{ type: 'text' as const, text }];
  run.receive({ type: 'message', content, model: ownModel, usage: noUsage, stopReason: 'stop' });
  return { status: 'ok', finish: 'stop', usage: noUsage, provider: ownModel.provider, model: ownModel.id };
}

/** The answer, or undefined once the signal has fired: what still works then is left alone. */
async function untilAborted(answer: Promise<string>, signal: AbortSignal): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const end = () => resolve(undefined);
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  // A rejection that comes after the abort has no one left to be told to.
  answer.catch(() => undefined);
  return Promise.race([answer, promise]).finally(() => signal.removeEventListener('abort', end));
}
