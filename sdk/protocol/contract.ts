import type { TRPCBuiltRouter, TRPCDecorateCreateRouterOptions } from '@trpc/server';
import { agent, agentWait } from './agent.ts';
import { agentIdentityGet, agents } from './agents.ts';
import { chat } from './chat.ts';
import { commands } from './commands.ts';
import { config, configApply } from './config.ts';
import { device } from './device.ts';
import { diagnostics } from './diagnostics.ts';
import { events } from './events.ts';
import { gateway } from './gateway.ts';
import { health, status } from './health.ts';
import { logs } from './logs.ts';
import {
  type Declared,
  type DeclaredEvent,
  type EventMeta,
  type RootTypes,
  router,
  type Schema,
  type Spec,
} from './method.ts';
import { models } from './models.ts';
import { systemPresence } from './presence.ts';
import { runs } from './runs.ts';
import { secrets } from './secrets.ts';
import { sessions } from './sessions.ts';
import { system, systemEvent } from './system.ts';
import { tools } from './tools.ts';
import { update } from './update.ts';
import { usage } from './usage.ts';
import { users } from './users.ts';

/** Every namespace by reference: declarations name them instead of spelling them out, and keep their docs. */
export interface Namespaces {
  health: typeof health;
  status: typeof status;
  'system-presence': typeof systemPresence;
  'system-event': typeof systemEvent;
  system: typeof system;
  agent: typeof agent;
  'agent.wait': typeof agentWait;
  'agent.identity.get': typeof agentIdentityGet;
  agents: typeof agents;
  chat: typeof chat;
  commands: typeof commands;
  sessions: typeof sessions;
  runs: typeof runs;
  usage: typeof usage;
  models: typeof models;
  tools: typeof tools;
  logs: typeof logs;
  config: typeof config;
  'config.apply': typeof configApply;
  secrets: typeof secrets;
  gateway: typeof gateway;
  diagnostics: typeof diagnostics;
  device: typeof device;
  update: typeof update;
  users: typeof users;
  events: typeof events;
}

/** All that can be asked of a gateway, and all that it tells: methods and events, typed. */
export type Contract = TRPCBuiltRouter<
  RootTypes,
  TRPCDecorateCreateRouterOptions<{ [K in keyof Namespaces]: Namespaces[K] }>
>;

export const contract: Contract = router<{ [K in keyof Namespaces]: Namespaces[K] }>({
  health,
  status,
  'system-presence': systemPresence,
  'system-event': systemEvent,
  system,
  agent,
  'agent.wait': agentWait,
  'agent.identity.get': agentIdentityGet,
  agents,
  chat,
  commands,
  sessions,
  runs,
  usage,
  models,
  tools,
  logs,
  config,
  'config.apply': configApply,
  secrets,
  gateway,
  diagnostics,
  device,
  update,
  users,
  events,
});

/** Wire name of every method with what the CLI and the reference page need to know of it. */
export const methods: ReadonlyMap<string, Spec> = new Map(
  Object.entries(contract._def.procedures as unknown as Record<string, Declared<unknown, unknown>>)
    .filter(([, procedure]) => procedure.spec !== undefined)
    .map(([name, procedure]) => [name, procedure.spec]),
);

/** Name of every event with its scope and payload. */
export const eventSpecs: ReadonlyMap<string, EventMeta & { payload: Schema }> = new Map(
  Object.entries(events._def.record as unknown as Record<string, DeclaredEvent<unknown>>).map(([name, declared]) => [
    name,
    declared.event,
  ]),
);
