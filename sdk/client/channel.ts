/** How a channel stays small. */
export interface ChannelOptions<T> {
  /** Joins a value to the last one, when that loses nothing; undefined leaves them apart. Asked when many values wait. */
  join?(last: T, next: T): T | undefined;
  /** Called once, when nobody listens any more: the loop was left, or the channel has ended. */
  onRelease(): void;
  /** Called instead of keeping a value that does not fit any more. */
  onOverflow(channel: Channel<T>): void;
}

/** Values that may wait for a slow loop. */
const maxWaiting = 10_000;
/** Values that may wait before they are joined. */
const maxApart = 64;

type End = { failed: false } | { failed: true; reason: unknown };

/** Values on their way to one loop. Leaving the loop releases the source. */
export class Channel<T> implements AsyncIterableIterator<T> {
  #options: ChannelOptions<T>;
  #values: T[] = [];
  #readers: { resolve(result: IteratorResult<T>): void; reject(reason: unknown): void }[] = [];
  #end: End | undefined;
  #released = false;

  constructor(options: ChannelOptions<T>) {
    this.#options = options;
  }

  push(value: T): void {
    if (this.#end) return;
    const reader = this.#readers.shift();
    const last = this.#values.length < maxApart ? undefined : this.#values.at(-1);
    const joined = last === undefined ? undefined : this.#options.join?.(last, value);
    if (reader) reader.resolve({ done: false, value });
    else if (joined !== undefined) this.#values[this.#values.length - 1] = joined;
    else if (this.#values.length >= maxWaiting) this.#options.onOverflow(this);
    else this.#values.push(value);
  }

  /** Ends the loop after what waits. */
  end(): void {
    this.#finish({ failed: false });
  }

  /** Ends the loop with an error, after what waits. */
  fail(reason: unknown): void {
    this.#finish({ failed: true, reason });
  }

  /** Forgets what waits. @returns how much that was. */
  clear(): number {
    return this.#values.splice(0).length;
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#values.length > 0) return Promise.resolve({ done: false, value: this.#values.shift() as T });
    if (!this.#end) return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
    const end = this.#end;
    this.#end = { failed: false };
    return end.failed ? Promise.reject(end.reason) : Promise.resolve({ done: true, value: undefined });
  }

  return(): Promise<IteratorResult<T>> {
    this.clear();
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #finish(end: End): void {
    if (this.#end) return;
    this.#end = end;
    for (const reader of this.#readers.splice(0)) {
      if (end.failed) reader.reject(end.reason);
      else reader.resolve({ done: true, value: undefined });
    }
    if (this.#released) return;
    this.#released = true;
    this.#options.onRelease();
  }
}
