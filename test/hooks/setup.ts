import type { HooksConfig } from '../../server/config/hooks-config.ts';
import { startTestGateway, type TestGatewayOptions } from '../gateway.ts';
import type { Respond, UpstreamRequest } from '../upstream.ts';

export const hookToken = 'a-token-that-only-senders-of-hooks-know';

export interface SendOptions {
  headers?: Record<string, string>;
  method?: string;
  /** False leaves the bearer out. */
  bearer?: boolean;
}

/** A whole gateway with hooks, and a sender. */
export async function openHooks(hooks: HooksConfig = {}, options: TestGatewayOptions = {}) {
  const gateway = await startTestGateway({
    ...options,
    config: { ...options.config, hooks: { enabled: true, token: hookToken, ...hooks } },
  });

  /** Sends a hook; an object as body goes as JSON. */
  const send = async (path: string, body?: unknown, { headers, method = 'POST', bearer = true }: SendOptions = {}) => {
    const answer = await fetch(`${gateway.http}${path}`, {
      method,
      headers: { ...(bearer && { authorization: `Bearer ${hookToken}` }), ...headers },
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(20_000),
    });
    const text = await answer.text();
    // biome-ignore lint/suspicious/noExplicitAny: tests look into all kinds of answers
    return { status: answer.status, headers: answer.headers, body: (text ? JSON.parse(text) : undefined) as any };
  };

  return { ...gateway, send };
}

/** The texts of what a model was given in a request, one for each message, by role. */
export function wordsOf({ body }: UpstreamRequest): { role: string; text: string }[] {
  return (body.messages as { role: string; content: string | { text?: string }[] }[]).map(({ role, content }) => ({
    role,
    text: typeof content === 'string' ? content : content.map(({ text = '' }) => text).join('\n'),
  }));
}

/** What the user said last in a request, all parts. */
export function lastUserWords(request: UpstreamRequest): string {
  return wordsOf(request).findLast(({ role }) => role === 'user')?.text ?? '';
}

/** A refusal of the provider with this status. */
export const failWith =
  (status: number): Respond =>
  (_request, res) =>
    void res.writeHead(status, { 'content-type': 'application/json' }).end('{"error":{"message":"no"}}');
