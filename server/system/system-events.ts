import type { Beacon } from '../../sdk/protocol/presence.ts';

/** What happened outside of the gateway, as somebody told it. */
export interface SystemEvent extends Beacon {
  text: string;
}

export interface SystemEvents {
  add(event: SystemEvent): void;
  /** The newest, oldest first. */
  list(): string[];
}

/** Events that are kept. */
const maxQueued = 20;

const presenceFields = [
  'deviceId',
  'instanceId',
  'host',
  'ip',
  'mode',
  'version',
  'platform',
  'deviceFamily',
  'modelIdentifier',
  'lastInputSeconds',
  'reason',
  'roles',
  'scopes',
  'tags',
] as const satisfies (keyof Beacon)[];

/** @param hear is told who is present. */
export function createSystemEvents(hear: (beacon: Beacon) => void): SystemEvents {
  const queued: string[] = [];
  return {
    add(event) {
      const { text } = event;
      const told = presenceFields.filter((field) => event[field] !== undefined);
      if (told.length > 0) hear({ text, ...Object.fromEntries(told.map((field) => [field, event[field]])) });
      // A beacon that says the same every minute is one event.
      if (queued.at(-1) === text) return;
      queued.push(text);
      if (queued.length > maxQueued) queued.shift();
    },
    list: () => [...queued],
  };
}
