import { GatewayError } from '../../sdk/protocol/errors.ts';

/** Why a member of a message is refused, and what to do instead. */
type Refusals<Input> = { [Member in keyof Input]?: { unless?: Input[Member]; because: string } };

const internal = 'it belongs to the inside of another gateway: leave it out';

/** What `agent` cannot do. */
export const agentRefusals = {
  cwd: { because: 'tools work in the workspace of the agent: set agents.entries.<id>.workspace' },
  sourceReplyDeliveryMode: { unless: 'automatic', because: 'replies are told as events: leave it out' },
  suppressPromptPersistence: {
    unless: false,
    because: 'every accepted message is kept in its transcript: leave it out',
  },
  sessionEffects: { unless: 'visible', because: 'every run shows in its session: leave it out' },
  forceCodeModeTools: { unless: false, because: 'there are no such tools: leave it out' },
  swarmCollector: { unless: false, because: 'there are no swarms: leave it out' },
  swarmOutputSchema: { because: 'there are no swarms: leave it out' },
  internalEvents: { because: internal },
  internalRuntimeHandoffId: { because: internal },
  internalExecutionIdentityRetry: { unless: false, because: internal },
  internalExecutionIdentityRecoveryAttempt: { because: internal },
} as const;

/** What `chat.send` cannot do. */
export const chatRefusals = {
  intent: { because: 'there are no goals: send the message without' },
  toolBindings: { because: 'tools are those of the agent: set tools.allow' },
} as const;

/**
 * Refuses members that would change what is done in a way that this gateway does not have; a message that is answered
 * differently than its sender asked would be worse.
 * @throws GatewayError INVALID_REQUEST, `details.code: 'NOT_SUPPORTED'`.
 */
export function refuseUnsupported<Input extends object>(input: Input, refusals: Refusals<Input>): void {
  for (const [member, refusal] of Object.entries(refusals) as [string, { unless?: unknown; because: string }][]) {
    const value = (input as Record<string, unknown>)[member];
    if (value === undefined || value === refusal.unless || isEmpty(value)) continue;
    throw new GatewayError('INVALID_REQUEST', `cannot do what "${member}" asks for: ${refusal.because}`, {
      details: { code: 'NOT_SUPPORTED', member },
    });
  }
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
