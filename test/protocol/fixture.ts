import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../server/config/config.ts';

/** One frame exchange, as fixtures/README.md describes it. */
export interface Fixture {
  /** File name without its ending. */
  name: string;
  title: string;
  /** Heading of docs/protocol.md that it illustrates. */
  source: string;
  /** Rows of the tables of failures (rows.ts) that it proves. */
  rows?: string[];
  gateway?: GatewaySetup;
  /** Sockets that are through hello when the steps begin, each with its changes to the parameters of `connect`. */
  sockets?: Record<string, object>;
  steps: Step[];
  /** Why one side cannot play it, and which test proves it there. */
  not?: { gateway?: string; client?: string };
}

export interface GatewaySetup {
  config?: Config;
  env?: Record<string, string>;
  model?: ModelSetup;
}

/** What the agent's model does: says pieces, refuses, or says the first piece and waits for the step `release`. */
export type ModelSetup = { say: string[] } | { refuse: number } | { hold: string; then: string };

/** What happens on a socket, `a` unless `on` names another. */
export interface Step {
  on?: string;
  open?: { headers?: Record<string, string>; path?: string };
  /** A frame, with `$` places to fill in; `times` sends it often, with `$n` counting from 0. */
  send?: unknown;
  times?: number;
  /** Text that need not be a frame. */
  sendText?: string | { repeat: string; times: number };
  /** The next frame that has this id, or is this event. */
  expect?: Record<string, unknown>;
  /** True when earlier frames of the socket may be meant as well. */
  anywhere?: boolean;
  /** No frame so far is like this. */
  never?: unknown;
  closed?: { code: number; reason: unknown };
  /** Lets a held model go on. */
  release?: true;
}

const folder = join(import.meta.dirname, 'fixtures');

/** Every fixture, by name. */
export const fixtures: readonly Fixture[] = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .sort()
  .map((file) => ({
    ...(JSON.parse(readFileSync(join(folder, file), 'utf8')) as Omit<Fixture, 'name'>),
    name: file.slice(0, -'.json'.length),
  }));
