/** Text of one message on its way to watchers, who get the whole text with every piece. */
export interface TextFlow {
  /** The text so far, also what has not been emitted yet. */
  readonly text: string;
  push(delta: string): void;
  /** Emits what is left. */
  flush(): void;
}

/**
 * Pieces are a 128th of the text or longer, so that all of them together, each with the whole text, are at most some
 * 128 times the text. Short answers are not joined at all; of a text that is longer than a page can show they are a 16th,
 * because 128 times a megabyte is more than may wait for a client.
 */
const shareOf = (chars: number) => (chars > 65_536 ? 16 : 128);
/** Milliseconds a piece may wait for company. */
const patienceMs = 100;

/**
 * Joins deltas as the text grows; the first goes out at once.
 * @param isPatient joins all that comes within a tenth of a second, the first as well: for a text whose reader has it from elsewhere.
 */
export function createTextFlow(emit: (delta: string, text: string) => void, isPatient = false): TextFlow {
  let emitted = '';
  let pending = '';
  let timer: NodeJS.Timeout | undefined;

  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (pending === '') return;
    const delta = pending;
    emitted += delta;
    pending = '';
    emit(delta, emitted);
  };

  return {
    get text() {
      return emitted + pending;
    },
    push(delta) {
      pending += delta;
      if (!isPatient && pending.length * shareOf(emitted.length) >= emitted.length) flush();
      else timer ??= setTimeout(flush, patienceMs).unref();
    },
    flush,
  };
}
