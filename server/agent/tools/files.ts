import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { GatewayError } from '../../../sdk/protocol/errors.ts';
import type { Roster } from '../../config/agents.ts';
import { type ConfinedFile, type ConfinedFolder, confine } from '../../workspace/confined.ts';
import { defineTool, type Tool, type ToolCaller } from './tool.ts';

/** Lines and characters that one `read` answers. */
const maxLines = 2000;
const maxChars = 48_000;
/** Replacements of one `edit`. */
const maxEdits = 100;

/** Half a character would be written as another one. */
const text = z.string().refine((value) => value.isWellFormed(), 'expected text that can be written as UTF-8');
const path = z.string().min(1).max(1024).describe('Path of the file, relative to your workspace.');

/** Tools that work on the files of the agent's workspace, and on nothing outside it. */
export function createFileTools(deps: {
  agents: Pick<Roster, 'list' | 'find'>;
  /** Folders and files that stay closed, even when a workspace holds them. */
  forbidden: readonly string[];
}): Tool[] {
  const folderOf = ({ agentId }: ToolCaller): ConfinedFolder => {
    const agent = deps.agents.find(agentId);
    if (!agent) throw new GatewayError('INVALID_REQUEST', `there is no agent "${agentId}"`);
    return confine(agent.workspace, deps.forbidden);
  };

  return [
    defineTool({
      name: 'read',
      label: 'Read a file',
      group: 'fs',
      risk: 'low',
      description:
        'Read a text file of your workspace. Long files come in parts: go on with the offset that the answer names.',
      input: z.strictObject({
        path,
        offset: z.number().int().min(1).default(1).describe('First line, from 1.'),
        limit: z.number().int().min(1).max(maxLines).default(maxLines).describe('Number of lines.'),
      }),
      async execute({ path, offset, limit }, caller) {
        const file = await folderOf(caller).read(path);
        if (!file) throw missing(path);
        return toPart(toText(file, path), offset, limit);
      },
    }),
    defineTool({
      name: 'write',
      label: 'Write a file',
      group: 'fs',
      risk: 'medium',
      description: 'Write a text file of your workspace, whole. What stood there is replaced; folders are made.',
      input: z.strictObject({ path, content: text.describe('Everything that is to stand in the file.') }),
      async execute({ path, content }, caller, signal) {
        const { size, created } = await folderOf(caller).write(path, () => {
          signal.throwIfAborted();
          return content;
        });
        return `${created ? 'created' : 'replaced'} ${path}: ${size} bytes`;
      },
    }),
    defineTool({
      name: 'edit',
      label: 'Edit a file',
      group: 'fs',
      risk: 'medium',
      description:
        'Replace parts of a text file of your workspace. Every oldText has to stand in the file exactly once; all replacements are made, or none.',
      input: z.strictObject({
        path,
        edits: z
          .array(
            z.strictObject({
              oldText: text.min(1).describe('What stands in the file, exactly once.'),
              newText: text.describe('What is to stand there.'),
            }),
          )
          .min(1)
          .max(maxEdits)
          .describe('Replacements, made one after the other.'),
      }),
      async execute({ path, edits }, caller, signal) {
        const { size } = await folderOf(caller).write(path, (file) => {
          signal.throwIfAborted();
          if (!file) throw missing(path);
          return replaceAll(toText(file, path), edits, path);
        });
        return `made ${edits.length} replacement(s) in ${path}: ${size} bytes`;
      },
    }),
  ];
}

// --- internal ---

function toText({ bytes }: ConfinedFile, path: string): string {
  // No text has a NUL in it, though UTF-8 has one.
  if (isUtf8(bytes) && !bytes.includes(0)) return bytes.toString();
  throw new GatewayError('INVALID_REQUEST', `${path} is not text`);
}

/** The asked lines, with a note on what is left. */
function toPart(text: string, offset: number, limit: number): string {
  const lines = text.split('\n');
  if (offset > lines.length)
    throw new GatewayError('INVALID_REQUEST', `offset ${offset} is behind the end: the file has ${lines.length} lines`);
  const asked = lines.slice(offset - 1, offset - 1 + limit);
  let end = 0;
  for (let chars = 0; end < asked.length; end++) {
    chars += (asked[end]?.length ?? 0) + 1;
    if (chars > maxChars && end > 0) break;
  }
  const part = asked.slice(0, end).join('\n').slice(0, maxChars);
  const next = offset + end;
  return next > lines.length
    ? part
    : `${part}\n\n[lines ${offset} to ${next - 1} of ${lines.length}; go on with offset ${next}]`;
}

function replaceAll(text: string, edits: readonly { oldText: string; newText: string }[], path: string): string {
  let result = text;
  for (const { oldText, newText } of edits) {
    const at = result.indexOf(oldText);
    const shown = JSON.stringify(oldText.slice(0, 80));
    if (at < 0) throw new GatewayError('INVALID_REQUEST', `${path} does not hold ${shown}: read it again`);
    if (result.includes(oldText, at + 1))
      throw new GatewayError('INVALID_REQUEST', `${path} holds ${shown} more than once: give more of its surroundings`);
    result = result.slice(0, at) + newText + result.slice(at + oldText.length);
  }
  if (result === text) throw new GatewayError('INVALID_REQUEST', `the edits leave ${path} as it is`);
  return result;
}

function missing(path: string): GatewayError {
  return new GatewayError('INVALID_REQUEST', `there is no file ${path}`);
}
