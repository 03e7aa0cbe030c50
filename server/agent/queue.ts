import { maxTimerMs } from './waits.ts';

/** Items that wait for their turn: one at a time for each key, a limited number in all. */
export interface Queue<T> {
  /** Puts an item at the end of its line, or before the first that `before` names. It begins when key and place are free. */
  add(item: T, before?: (waiting: T) => boolean): void;
  /** Takes an item out that has not begun. @returns false when it is not waiting. */
  remove(item: T): boolean;
  /** What waits under a key, next first. */
  waiting(key: string): readonly T[];
  /** What is worked on under a key. */
  active(key: string): T | undefined;
  /** How many wait, over all keys. */
  readonly size: number;
}

export interface QueueOptions<T> {
  /** How many may be worked on at the same time; asked whenever a place comes free. */
  maxActive(): number;
  keyOf(item: T): string;
  /** Milliseconds since the epoch before which the head of a line does not begin. */
  readyAt(head: T, line: readonly T[]): number;
  /** Contract: does not reject. */
  work(item: T): Promise<void>;
}

interface Line<T> {
  active: T | undefined;
  waiting: T[];
  /** True while the line stands among those that may begin. */
  isReady: boolean;
  timer: NodeJS.Timeout | undefined;
}

export function createQueue<T>({ maxActive, keyOf, readyAt, work }: QueueOptions<T>): Queue<T> {
  const lines = new Map<string, Line<T>>();
  const ready: string[] = [];
  let active = 0;
  let size = 0;

  /** Lets the head of a line begin as soon as there is a place, in order of arrival. */
  const offer = (key: string, line: Line<T>): void => {
    clearTimeout(line.timer);
    line.timer = undefined;
    if (line.active !== undefined || line.isReady) return;
    const [head] = line.waiting;
    if (head === undefined) {
      lines.delete(key);
      return;
    }
    const delayMs = readyAt(head, line.waiting) - Date.now();
    if (delayMs > 0) {
      line.timer = setTimeout(
        () => {
          offer(key, line);
          advance();
        },
        Math.min(delayMs, maxTimerMs),
      ).unref();
      return;
    }
    line.isReady = true;
    ready.push(key);
  };

  const begin = (key: string, line: Line<T>, item: T): void => {
    active++;
    size--;
    line.active = item;
    void work(item).finally(() => {
      active--;
      line.active = undefined;
      offer(key, line);
      advance();
    });
  };

  const advance = (): void => {
    while (active < maxActive()) {
      const key = ready.shift();
      if (key === undefined) return;
      const line = lines.get(key);
      if (!line) continue;
      line.isReady = false;
      const item = line.waiting.shift();
      if (item === undefined) offer(key, line);
      else begin(key, line, item);
    }
  };

  const open = (key: string): Line<T> => {
    const line = lines.get(key) ?? { active: undefined, waiting: [], isReady: false, timer: undefined };
    lines.set(key, line);
    return line;
  };

  return {
    add(item, before = () => false) {
      const key = keyOf(item);
      const line = open(key);
      const at = line.waiting.findIndex(before);
      line.waiting.splice(at < 0 ? line.waiting.length : at, 0, item);
      size++;
      offer(key, line);
      advance();
    },
    remove(item) {
      const key = keyOf(item);
      const line = lines.get(key);
      const at = line?.waiting.indexOf(item) ?? -1;
      if (!line || at < 0) return false;
      line.waiting.splice(at, 1);
      size--;
      // The next may be ready before the one that has left, or be none.
      offer(key, line);
      advance();
      return true;
    },
    waiting: (key) => lines.get(key)?.waiting ?? [],
    active: (key) => lines.get(key)?.active,
    get size() {
      return size;
    },
  };
}
