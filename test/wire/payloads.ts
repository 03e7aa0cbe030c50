/** Payloads of events of one run. */
const run = { runId: 'r', sessionKey: 'agent:main:main', agentId: 'main' };
export const chat = (seq: number, deltaText = 'x') => ({
  ...run,
  seq,
  state: 'delta' as const,
  deltaText,
  message: { role: 'assistant' as const, content: [{ type: 'text' as const, text: deltaText }], timestamp: 1 },
});
export const step = (seq: number, stream: string) => ({ ...run, seq, stream, ts: 1, data: {} });
