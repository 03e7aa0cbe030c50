import { readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConfigReloadState } from '../../sdk/protocol/config-reload.ts';
import type { Dice } from './dice.ts';
import { ask, openLine } from './line.ts';

/** Somebody who edits the configuration file by hand while the gateway works, badly and well. */
export interface Editor {
  /** Edits until the signal fires; the file may be broken then. */
  work(signal: AbortSignal): Promise<void>;
  /** Leaves the file whole. */
  mend(): Promise<void>;
  mendIfBroken(): Promise<void>;
  /** True while the file is one that no gateway starts with. */
  readonly isBroken: boolean;
  /** What the file says, to see whether somebody else writes it; undefined when it is not there. */
  text(): Promise<string | undefined>;
  /** Whether the gateway has taken what the file says. @returns what is wrong. */
  faults(url: string): Promise<string[]>;
  /** Times that the file was broken and mended. */
  readonly edits: number;
}

/** Milliseconds in which a gateway, perhaps just starting anew, has taken a file that is whole. */
const patienceMs = 20_000;

export function startEditor(stateDir: string, dice: Dice): Editor {
  const path = join(stateDir, 'openclaw.json');
  let isBroken = false;
  let edits = 0;
  /** The last file that was whole. */
  let whole: File | undefined;

  const text = () => readFile(path, 'utf8').catch(() => undefined);
  const inPlace = (next: string) => writeFile(path, next);
  const over = async (next: string) => {
    await writeFile(`${path}.new`, next);
    await rename(`${path}.new`, path);
  };
  const byLink = async (next: string) => {
    const target = join(stateDir, `linked-${edits}.json`);
    await writeFile(target, next);
    await symlink(target, `${path}.new`);
    await rename(`${path}.new`, path);
  };
  const put = async (next: string) => {
    // What is not there is not written in place, and a link that leads elsewhere stays one.
    await dice.pick([inPlace, over, byLink])(next);
  };

  const mend = async () => {
    whole ??= JSON.parse((await text()) ?? '{}') as File;
    whole = { ...whole, agents: { ...whole.agents, defaults: { model: dice.pick(['up/one', 'up/two']) } } };
    // Now and then a key that takes a restart.
    if (dice.below(6) === 0) whole = { ...whole, discovery: { mdns: { mode: dice.pick(['off', 'minimal', 'full']) } } };
    await put(JSON.stringify(whole));
    isBroken = false;
  };
  const spoil = async () => {
    whole ??= JSON.parse((await text()) ?? '{}') as File;
    const good = JSON.stringify(whole);
    isBroken = true;
    await dice.pick([
      () => put(good.slice(0, good.length / 2)),
      () => put(JSON.stringify({ ...whole, nonsense: true })),
      () => put(JSON.stringify({ ...whole, agents: 'none' })),
      () => rm(path, { force: true }),
    ])();
  };

  return {
    mend,
    async mendIfBroken() {
      if (isBroken) await mend();
    },
    text,
    get isBroken() {
      return isBroken;
    },
    get edits() {
      return edits;
    },
    async work(signal) {
      // Somebody else may have written it since.
      if (!isBroken) whole = JSON.parse((await text()) ?? '{}') as File;
      while (!signal.aborted) {
        await (dice.below(2) === 0 ? spoil : mend)();
        edits++;
        // Now within one burst, now after the gateway has looked.
        await sleep(dice.pick([5, 50, 450]));
      }
    },
    async faults(url) {
      const wanted = whole?.agents.defaults.model;
      const until = performance.now() + patienceMs;
      let seen: unknown;
      do {
        seen = await look(url).catch((error: Error) => error.message);
        const { fault, model } = seen as Partial<Seen>;
        if (typeof seen === 'object' && fault === undefined && model === wanted) return [];
        await sleep(50);
      } while (performance.now() < until);
      return [`the file says ${wanted}, and the gateway does not take it: ${JSON.stringify(seen)}`];
    },
  };
}

// --- internal ---

interface File {
  agents: { defaults: { model: string } };
  [section: string]: unknown;
}

interface Seen {
  fault: ConfigReloadState['fault'];
  model: string | undefined;
}

async function look(url: string): Promise<Seen> {
  const line = await openLine(url);
  try {
    const { configReload } = await ask<{ configReload: ConfigReloadState }>(line, 'status');
    const { runtimeConfig } = await ask<{ runtimeConfig: File }>(line, 'config.get');
    return { fault: configReload.fault, model: runtimeConfig.agents.defaults.model };
  } finally {
    line.close();
  }
}
