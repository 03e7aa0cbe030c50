import { scopeOfMessage } from '../../../sdk/protocol/commands.ts';
import { isGranted } from '../../../sdk/protocol/scopes.ts';
import type { RunInput } from '../../agent/runs.ts';
import type { HttpDeps } from '../deps.ts';
import { refuse } from '../failure.ts';
import type { Call } from '../route.ts';

/**
 * The run that the newest message asks for: one that the gateway answers itself when it is a chat command.
 * @throws GatewayError that leaves as 403 when the caller may not give that command.
 */
export function interpretNewest(input: RunInput, { commands }: Pick<HttpDeps, 'commands'>, call: Call): RunInput {
  const [first] = input.content;
  if (first?.type !== 'text' || input.toolResults) return input;
  const { principal } = call;
  const scope = scopeOfMessage(first.text);
  if (scope && !isGranted(principal.scopes, scope))
    throw refuse(403, `this command needs ${scope}`, { code: 'missing_scope', param: 'messages' });
  return commands.interpret({ input, message: first.text, principal });
}
