/** Functions that want to hear of something. One that throws does not keep the others from hearing it. */
export class Listeners<Args extends unknown[]> {
  #listeners = new Set<(...args: Args) => void>();

  /** @returns how to stop listening. */
  add(listener: (...args: Args) => void): () => void {
    // The same function may listen twice; each registration ends on its own.
    const registration = (...args: Args) => listener(...args);
    this.#listeners.add(registration);
    return () => void this.#listeners.delete(registration);
  }

  tell(...args: Args): void {
    for (const listener of this.#listeners) {
      try {
        listener(...args);
      } catch (error) {
        // It is the application's error: it surfaces as uncaught, as it would from an EventTarget.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
