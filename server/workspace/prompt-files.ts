import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type AgentFileName, type AgentFiles, agentFileNames } from './agent-files.ts';

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

/** Reads the files that say who an agent is, before each run; a file that did not change is not read again. */
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

type Remembered = Map<string, { stamp: string; text: string }>;

export function createPromptFiles(files: Pick<AgentFiles, 'text'>): PromptFiles {
  const remembered = new Map<string, Remembered>();

  const memoryOf = (workspace: string): Remembered => {
    const known = remembered.get(workspace) ?? new Map();
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
    const known = memoryOf(workspace);
    const stamp = await toStamp(join(workspace, name));
    const held = known.get(name);
    if (held && held.stamp === stamp) return held.text;
    const text = await files.text(workspace, name);
    if (text === undefined) known.delete(name);
    else known.set(name, { stamp, text });
    return text;
  };

  return {
    async read(workspace, limits, isPrivate) {
      const present = new Set<string>(await readdir(workspace).catch(() => []));
      const names = agentFileNames.filter(
        (name) => present.has(name) && !notInPrompts.has(name) && (isPrivate || name !== 'MEMORY.md'),
      );
      const texts = await Promise.all(names.map((name) => readOne(workspace, name).catch(() => undefined)));
      return cutToFit(
        names.map((name, index) => ({ name, text: texts[index]?.trim() ?? '' })),
        limits,
      );
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
