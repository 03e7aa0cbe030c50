import type { RunInput } from '../../agent/runs.ts';
import type { AgentSpec } from '../../config/agents.ts';
import type { HttpDeps } from '../deps.ts';
import type { Call } from '../route.ts';
import { chooseModel } from './agent.ts';
import type { ChatInput } from './chat-input.ts';
import type { ChosenSession } from './session.ts';
import { interpretNewest } from './typed.ts';

/** What a body comes to, whichever API it is of. */
export interface AskedRun {
  runId: string;
  agent: AgentSpec;
  session: ChosenSession;
  told: ChatInput;
  /** How the run goes on in its session (continuation.ts), and whether anything of it is kept. */
  goesOn: Pick<RunInput, 'history' | 'follows' | 'name' | 'unkept'>;
  /** True for a request about a conversation, which asks a model and nothing else. */
  isAside: boolean;
}

/**
 * The run that a request asks for: one of the model that it names, or one that the gateway answers itself.
 * @throws GatewayError that leaves as 400 `model_not_found`, or as 403 for a model or a command that the caller may not have.
 */
export function toRunInput(deps: Pick<HttpDeps, 'models' | 'commands'>, call: Call, asked: AskedRun): RunInput {
  const { runId, agent, session, told, goesOn, isAside } = asked;
  const input: RunInput = {
    runId,
    agent,
    sessionKey: session.key,
    transient: session.transient,
    model: chooseModel(deps.models, call),
    ...told,
    ...goesOn,
    ...(isAside && { promptMode: 'none', withoutTools: true }),
  };
  return isAside ? input : interpretNewest(input, deps, call);
}
