import type { RunEvent } from '../../sdk/protocol/agent.ts';
import type { RunRow } from '../../sdk/protocol/runs.ts';
import { oneLine, pad } from './text.ts';
import type { Look } from './value.ts';

/** The event log of a run: one line for each event with its number, what it is about and what it says. */
export function renderRunEvents(payload: unknown, look: Look): string | undefined {
  const page = payload as { run?: RunRow; events?: RunEvent[]; hasMore?: boolean } | null;
  if (!page?.run || !Array.isArray(page.events)) return undefined;
  const { run, events, hasMore } = page;
  const state = [
    run.status,
    run.stopReason && `(${run.stopReason})`,
    run.answeredBy && `answered by ${run.answeredBy}`,
  ];
  const head = `${look.paint('bold', oneLine(`Run ${run.runId}`))} ${oneLine(state.filter(Boolean).join(' '))} in ${oneLine(run.sessionKey)}\n`;
  const width = String(events.at(-1)?.seq ?? 0).length;
  const lines = events.map((event) => `${toLine(event, width, look)}\n`).join('');
  const more = hasMore ? `${look.paint('dim', `More events: --after ${events.at(-1)?.seq}`)}\n` : '';
  return head + lines + more;
}

// --- internal ---

function toLine({ seq, ts, stream, data }: RunEvent, width: number, { paint }: Look): string {
  const time = new Date(ts).toISOString().slice(11, 23);
  const name = typeof data.phase === 'string' ? `${stream} ${data.phase}` : stream;
  const number = `${' '.repeat(Math.max(0, width - String(seq).length))}${seq}`;
  const failed = data.phase === 'error' || data.isError === true;
  const says = oneLine(toWords(stream, data));
  return `${paint('dim', `${number} ${time}`)} ${pad(oneLine(name), 20)} ${failed ? paint('red', says) : says}`.trimEnd();
}

/** What an event says besides its name; of text only what is new. */
function toWords(stream: string, { phase: _, ...data }: RunEvent['data']): string {
  if (stream === 'assistant' || stream === 'thinking') return JSON.stringify(data.delta ?? '');
  if (stream === 'tool') return [data.name, JSON.stringify(data.args ?? data.result ?? '')].join(' ');
  if (stream === 'item') return [data.name, data.status].join(' ');
  return Object.entries(data)
    .filter(([, value]) => value !== undefined && value !== false && typeof value !== 'object')
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}
