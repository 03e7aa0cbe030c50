/** Connections of one provider that may turn out to be stale in a row: they often are all at once. */
const maxStale = 8;

/**
 * Sends again, at once, what went out on a connection that the provider was just closing: it had served calls before, and was
 * gone before a byte of this answer. Providers close idle connections when they like.
 */
export async function pastStaleSocket<T>(send: () => Promise<T>): Promise<T> {
  for (let stale = 0; ; stale++) {
    try {
      return await send();
    } catch (error) {
      if (stale >= maxStale || !isStale(error)) throw error;
    }
  }
}

// --- internal ---

/** What undici says of a socket that the other side has closed; a fresh one has read nothing yet. */
function isStale(error: unknown): boolean {
  for (let link = error, depth = 0; link instanceof Error && depth < 4; link = link.cause, depth++) {
    const { code, socket } = link as { code?: unknown; socket?: { bytesRead?: number } | null };
    if (code === 'UND_ERR_SOCKET') return (socket?.bytesRead ?? 0) > 0;
  }
  return false;
}
