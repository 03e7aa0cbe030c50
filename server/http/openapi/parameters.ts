import type { Parameter } from './operation.ts';

/** Headers that requests may have, by the name under which operations refer to them. */
export const parameters: Readonly<Record<string, Parameter>> = Object.fromEntries(
  Object.entries({
    'x-openclaw-agent-id': 'The agent that answers; wins over `model`.',
    'x-openclaw-model': "`provider/model`, in place of the agent's own.",
    'x-openclaw-session-key': 'The conversation that this belongs to.',
    'x-openwebui-chat-id': 'A chat of Open WebUI: one conversation.',
  }).map(([name, description]) => [name, { name, in: 'header' as const, description, schema: { type: 'string' } }]),
);

const header = (description: string, required = true) => ({ description, required, schema: { type: 'string' } });

/** Headers of answers; those that are not required come when there is something to say. */
export const headers = {
  'x-request-id': header("The request's own id, if it had one that fits in a log; else a new one."),
  'x-content-type-options': header('`nosniff`.'),
  'x-openclaw-session-key': header('The conversation that the request belongs to.'),
  'x-openclaw-model': header('What made the vectors.'),
  'www-authenticate': header('`Bearer`.'),
  'retry-after': header('Seconds.', false),
  allow: header('The methods that are answered.'),
  'cache-control': header('`no-store`.'),
};
