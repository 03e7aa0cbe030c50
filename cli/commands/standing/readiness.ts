/** What `/readyz` says. */
export interface Readiness {
  ready: boolean;
  /** Parts that are not ready. */
  failing: string[];
}

/** Milliseconds that the answer may take; it reads no disk. */
const patienceMs = 1_000;

/** Asks the gateway at a WebSocket url; undefined when it does not answer. */
export async function askReadiness(url: string): Promise<Readiness | undefined> {
  const probe = new URL('/readyz', url.replace(/^ws/, 'http'));
  try {
    const answer = await fetch(probe, { signal: AbortSignal.timeout(patienceMs) });
    const { ready, failing = [] } = (await answer.json()) as { ready: boolean; failing?: string[] };
    return { ready, failing };
  } catch {
    return undefined; // A certificate that only its pin knows, or a proxy between: who asks has been let in all the same.
  }
}
