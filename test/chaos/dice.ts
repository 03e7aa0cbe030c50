/** Chance that can be had again: the same seed throws the same numbers. */
export interface Dice {
  /** A whole number from 0 to below `sides`. */
  below(sides: number): number;
  /** One of these. */
  pick<T>(items: readonly T[]): T;
}

/** Mulberry32, which is good enough for choosing what to do next. */
export function throwDice(seed: number): Dice {
  let state = seed >>> 0;
  const below = (sides: number) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * sides);
  };
  return { below, pick: (items) => items[below(items.length)] as never };
}
