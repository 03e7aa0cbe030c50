import { redactAnswer, redactError } from '../log/redact-answer.ts';
import { agentMethod, agentWaitMethod } from './agent.ts';
import { agentIdentityMethod, agentsMethods } from './agents.ts';
import { chatMethods } from './chat.ts';
import { commandsMethods } from './commands.ts';
import { configApplyMethod, configMethods } from './config.ts';
import type { Context, Domains } from './context.ts';
import { deviceMethods } from './device.ts';
import { diagnosticsMethods } from './diagnostics.ts';
import { gatewayMethods } from './gateway.ts';
import { healthMethod, statusMethod } from './health.ts';
import type { Handler } from './implement.ts';
import { logsMethods } from './logs.ts';
import { modelsMethods } from './models.ts';
import { systemPresenceMethod } from './presence.ts';
import { runsMethods } from './runs.ts';
import { secretsMethods } from './secrets.ts';
import { sessionsMethods } from './sessions.ts';
import { systemEventMethod, systemMethods } from './system.ts';
import { toolsMethods } from './tools.ts';
import { updateMethods } from './update.ts';
import { usageMethods } from './usage.ts';
import { usersMethods } from './users.ts';

/** Every namespace with its handlers; the contract's shape, checked by the test that holds both against each other. */
const namespaces = {
  agents: agentsMethods,
  chat: chatMethods,
  commands: commandsMethods,
  config: configMethods,
  diagnostics: diagnosticsMethods,
  gateway: gatewayMethods,
  device: deviceMethods,
  logs: logsMethods,
  models: modelsMethods,
  runs: runsMethods,
  secrets: secretsMethods,
  sessions: sessionsMethods,
  tools: toolsMethods,
  update: updateMethods,
  users: usersMethods,
  system: systemMethods,
  usage: usageMethods,
};

const handlers: ReadonlyMap<string, Handler<unknown, unknown>> = new Map(
  Object.entries({
    health: healthMethod,
    status: statusMethod,
    'system-presence': systemPresenceMethod,
    'system-event': systemEventMethod,
    agent: agentMethod,
    'agent.wait': agentWaitMethod,
    'agent.identity.get': agentIdentityMethod,
    'config.apply': configApplyMethod,
    ...Object.fromEntries(
      Object.entries(namespaces).flatMap(([namespace, methods]) =>
        Object.entries(methods).map(([name, handler]) => [`${namespace}.${name}`, handler]),
      ),
    ),
  }) as [string, Handler<unknown, unknown>][],
);

/** Methods that tell of the gateway itself. What people wrote, and secrets that are given on purpose, are answered as they are. */
const tellsOfGateway = /^(?:config|health|status|logs|diagnostics|system|models|gateway|update|commands|tools)\b/;

/** Wire names of the methods that have a handler. */
export const handledMethods: readonly string[] = [...handlers.keys()];

/** Answers the calls that the contract lets through. */
export function createMethods(domains: Domains) {
  return {
    /** Contract: the input has been validated, the scope checked. */
    async handle(path: string, input: unknown, { signal, ...call }: HandledCall): Promise<unknown> {
      const handler = handlers.get(path);
      if (!handler) throw new Error(`the contract declares ${path}, but nothing handles it`);
      try {
        const answer = await handler({ input, ctx: { ...domains, ...call }, signal });
        return tellsOfGateway.test(path) ? redactAnswer(answer, domains.log.redact) : answer;
      } catch (error) {
        throw redactError(error, domains.log.redact);
      }
    },
  };
}

/** What a transport says of a call. */
export type HandledCall = Pick<Context, 'principal' | 'subscriptions' | 'follow'> & { signal: AbortSignal | undefined };
