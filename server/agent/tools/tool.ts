import { z } from 'zod';
import type { ToolDeclaration } from '../../models/provider.ts';
import type { ToolCall, ToolResult } from '../loop.ts';

/** On whose behalf a tool works. */
export interface ToolCaller {
  agentId: string;
  sessionKey: string;
}

/** Something a model may call that runs inside the gateway. */
export interface Tool<Input = never> {
  name: string;
  /** For the model: what it does and when to use it. */
  description: string;
  input: z.ZodType<Input>;
  /** Contract: answers JSON-able material; throws only for faults that the model should read. */
  execute(input: Input, caller: ToolCaller, signal: AbortSignal): unknown;
}

/** The tools an agent has. */
export interface Toolbox {
  declarations: readonly ToolDeclaration[];
  /** Contract: never rejects. */
  call(call: ToolCall, caller: ToolCaller, signal: AbortSignal): Promise<ToolResult>;
}

/** Declares a tool with its arguments typed by the schema. */
export const defineTool = <Input>(tool: Tool<Input>): Tool => tool as unknown as Tool;

/** Longer outputs are cut, so that one result cannot fill the model's window. Characters. */
const maxOutputChars = 50_000;

export function createToolbox(tools: readonly Tool[]): Toolbox {
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  let declarations: ToolDeclaration[] | undefined;
  return {
    get declarations() {
      // Made at the first run: JSON Schemas of all tools are not needed to start.
      declarations ??= tools.map(toDeclaration);
      return declarations;
    },
    async call({ name, arguments: given }, caller, signal) {
      const tool = byName.get(name);
      if (!tool) return refuse(`there is no tool "${name}"; there are: ${[...byName.keys()].join(', ')}`);
      const input = tool.input.safeParse(given);
      if (!input.success) return refuse(`invalid arguments: ${z.prettifyError(input.error)}`);
      try {
        const output = await tool.execute(input.data, caller, signal);
        return { output: cut(JSON.stringify(output)), isError: false };
      } catch (error) {
        // A tool's fault is told to the model, which can do something about it.
        return refuse(error instanceof Error ? error.message : String(error));
      }
    },
  };
}

function toDeclaration({ name, description, input }: Tool): ToolDeclaration {
  const { $schema: _, ...parameters } = z.toJSONSchema(input, { io: 'input' });
  return { name, description, parameters };
}

function refuse(message: string): ToolResult {
  return { output: message, isError: true };
}

function cut(output: string): string {
  return output.length <= maxOutputChars
    ? output
    : `${output.slice(0, maxOutputChars)}… (cut at ${maxOutputChars} characters)`;
}
