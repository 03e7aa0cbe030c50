/** Makes one call out of many changes. */
export interface Coalesced {
  /** Something has changed: the call comes at the end of this turn, or when the pause after the last call is over. */
  touch(): void;
  close(): void;
}

/**
 * Calls back soon after the first change, then not before the pause that the call asked for is over.
 * @param call gives the milliseconds until it may be called again; it costs what it costs only so often.
 */
export function coalesce(call: () => number): Coalesced {
  let isTouched = false;
  let soon: NodeJS.Immediate | undefined;
  let pause: NodeJS.Timeout | undefined;

  const run = () => {
    soon = undefined;
    isTouched = false;
    pause = setTimeout(() => {
      pause = undefined;
      if (isTouched) run();
    }, call()).unref();
  };

  return {
    touch() {
      isTouched = true;
      if (!soon && !pause) soon = setImmediate(run);
    },
    close() {
      clearImmediate(soon);
      clearTimeout(pause);
      isTouched = false;
    },
  };
}
