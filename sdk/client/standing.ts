/** A subscription that the gateway keeps per connection and forgets with it. */
export interface StandingRequest {
  method: string;
  params: unknown;
}

/** Subscriptions one connection may hold. */
const maxStanding = 1000;

/** Remembers which subscriptions are on, so that a new connection can turn them on again. */
export class Standing {
  #requests = new Map<string, StandingRequest>();

  /** Looks at a request that the gateway has agreed to. */
  note(method: string, params: unknown): void {
    const topic = toTopic(method, params);
    if (topic === undefined) return;
    this.#requests.delete(topic);
    if (!method.endsWith('unsubscribe') && this.#requests.size < maxStanding)
      this.#requests.set(topic, { method, params });
  }

  /** Takes one out: the gateway does not agree to it any more. */
  forget({ method, params }: StandingRequest): void {
    this.#requests.delete(toTopic(method, params) ?? '');
  }

  all(): StandingRequest[] {
    return [...this.#requests.values()];
  }
}

/** What a request turns on or off. */
function toTopic(method: string, params: unknown): string | undefined {
  if (method === 'sessions.subscribe') return 'sessions';
  if (method !== 'sessions.messages.subscribe' && method !== 'sessions.messages.unsubscribe') return undefined;
  const { key, agentId } = (params ?? {}) as { key?: unknown; agentId?: unknown };
  return `messages ${String(agentId ?? '')} ${String(key)}`;
}
