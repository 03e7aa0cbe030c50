/** Room that is shared: work that takes more than what is free waits, in the order in which it came. */
export interface Turns {
  /**
   * Resolves with how to give the room back once there is enough of it; with undefined when too many wait. Rejects with the
   * reason of `signal`. Work that takes more than there is gets all of it.
   */
  wait(signal: AbortSignal, weight?: number): Promise<(() => void) | undefined>;
}

/** `room` and the weights count in a unit of the caller's: bytes, threads. At most `maxWaiting` wait. */
export function createTurns({ room, maxWaiting }: { room: number; maxWaiting: number }): Turns {
  const line: { weight: number; come(): void }[] = [];
  let free = room;

  const take = (weight: number) => {
    free -= weight;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      free += weight;
      advance();
    };
  };
  const advance = () => {
    for (let next = line[0]; next && next.weight <= free; next = line[0]) {
      line.shift();
      next.come();
    }
  };

  return {
    async wait(signal, wanted = 1) {
      signal.throwIfAborted();
      const weight = Math.min(wanted, room);
      if (line.length === 0 && weight <= free) return take(weight);
      if (line.length >= maxWaiting) return undefined;
      const { promise, resolve, reject } = Promise.withResolvers<() => void>();
      const waiting = {
        weight,
        come() {
          signal.removeEventListener('abort', leave);
          resolve(take(weight));
        },
      };
      const leave = () => {
        line.splice(line.indexOf(waiting), 1);
        reject(signal.reason);
        // Those behind may need less.
        advance();
      };
      signal.addEventListener('abort', leave, { once: true });
      line.push(waiting);
      return promise;
    },
  };
}
