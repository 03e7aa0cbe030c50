import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type AgentFileName, type AgentFiles, agentFileNames } from './agent-files.ts';
import { countWrites } from './confined.ts';

/** A file of the workspace, as a model reads it. */
export interface PromptFile {
  name: AgentFileName;
  /** Cut where a limit was reached. */
  text: string;
  /** Characters that were left out. */
  omitted: number;
}

export interface PromptLimits {
  /** Characters of one file. */
  maxChars: number;
  /** Characters of all files together. */
  totalMaxChars: number;
}

/**
 * Reads the files that say who an agent is, before each run; a file that did not change is not read again. Runs that begin
 * while a folder is looked at share what is found, unless this gateway has written since.
 */
export interface PromptFiles {
  /** Contract: never rejects; what cannot be read is left out. @param isPrivate true where the agent's memory may be told. */
  read(workspace: string, limits: PromptLimits, isPrivate: boolean): Promise<PromptFile[]>;
}

/** Read when a heartbeat wakes the agent, and not before every run. */
const notInPrompts: ReadonlySet<string> = new Set(['HEARTBEAT.md']);
/** What is known of the user may take so many characters, whatever the other limits are. */
const maxUserChars = 4000;
/** Workspaces whose files are remembered. */
const maxRemembered = 256;

interface Remembered {
  files: Map<string, { stamp: string; text: string }>;
  look?: Look | undefined;
}

/** A look at a folder that is going on. */
interface Look {
  /** Of {@link countWrites} when it began. */
  writes: number;
  texts: Promise<{ name: AgentFileName; text: string }[]>;
}

export function createPromptFiles(files: Pick<AgentFiles, 'text'>): PromptFiles {
  const remembered = new Map<string, Remembered>();

  const memoryOf = (workspace: string): Remembered => {
    const known = remembered.get(workspace) ?? { files: new Map() };
    // The one that was used last is forgotten last.
    remembered.delete(workspace);
    remembered.set(workspace, known);
    for (const oldest of remembered.keys()) {
      if (remembered.size <= maxRemembered) break;
      remembered.delete(oldest);
    }
    return known;
  };

  const readOne = async (workspace: string, name: AgentFileName): Promise<string | undefined> => {
    const known = memoryOf(workspace).files;
    const stamp = await toStamp(join(workspace, name));
    const held = known.get(name);
    if (held && held.stamp === stamp) return held.text;
    const text = await files.text(workspace, name);
    if (text === undefined) known.delete(name);
    else known.set(name, { stamp, text });
    return text;
  };

  const readAll = async (workspace: string): Promise<{ name: AgentFileName; text: string }[]> => {
    const present = new Set<string>(await readdir(workspace).catch(() => []));
    const names = agentFileNames.filter((name) => present.has(name) && !notInPrompts.has(name));
    const texts = await Promise.all(names.map((name) => readOne(workspace, name).catch(() => undefined)));
    return names.map((name, index) => ({ name, text: texts[index]?.trim() ?? '' }));
  };

  const lookAt = (workspace: string): Look['texts'] => {
    const memory = memoryOf(workspace);
    const writes = countWrites();
    if (memory.look?.writes === writes) return memory.look.texts;
    const look = { writes, texts: readAll(workspace) };
    memory.look = look;
    return look.texts.finally(() => {
      if (memory.look === look) memory.look = undefined;
    });
  };

  return {
    async read(workspace, limits, isPrivate) {
      const texts = await lookAt(workspace);
      return cutToFit(isPrivate ? texts : texts.filter(({ name }) => name !== 'MEMORY.md'), limits);
    },
  };
}

// --- internal ---

/** Tells one state of a file from another. */
async function toStamp(path: string): Promise<string> {
  const { ino, size, mtimeMs, ctimeMs } = await lstat(path);
  return [ino, size, mtimeMs, ctimeMs].join(' ');
}

function cutToFit(
  files: { name: AgentFileName; text: string }[],
  { maxChars, totalMaxChars }: PromptLimits,
): PromptFile[] {
  let left = totalMaxChars;
  return files.flatMap(({ name, text }) => {
    const room = Math.max(0, Math.min(left, maxChars, name === 'USER.md' ? maxUserChars : maxChars));
    if (text === '' || room === 0) return [];
    const kept = text.slice(0, room);
    left -= kept.length;
    return [{ name, text: kept, omitted: text.length - kept.length }];
  });
}
