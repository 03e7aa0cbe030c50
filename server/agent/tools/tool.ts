import { z } from 'zod';
import type { ToolDeclaration } from '../../models/provider.ts';

/** On whose behalf a tool works. */
export interface ToolCaller {
  agentId: string;
  /** Canonical. */
  sessionKey: string;
}

/** Something a model or a client may call that runs inside the gateway. */
export interface Tool<Input = never> {
  name: string;
  /** For people, in a list: two words or so. */
  label: string;
  /** For the model: what it does and when to use it. The first sentence is what people see in a list. */
  description: string;
  /** Which group of the catalog shows it, for example `sessions`. */
  group: 'fs' | 'sessions' | 'agents';
  /** What a wrong call can spoil: `low` reads, `medium` changes what an agent owns. */
  risk: 'low' | 'medium';
  input: z.ZodType<Input>;
  /**
   * Contract: answers JSON-able material of a bounded size; throws a GatewayError for faults that the caller should read.
   * Any other error stays in the log.
   */
  execute(input: Input, caller: ToolCaller, signal: AbortSignal): unknown;
}

/** Declares a tool with its arguments typed by the schema. */
export const defineTool = <Input>(tool: Tool<Input>): Tool => tool as unknown as Tool;

/** A tool as a model is told of it. */
export function toDeclaration({ name, description, input }: Tool): ToolDeclaration {
  const { $schema: _, ...parameters } = z.toJSONSchema(input, { io: 'input' });
  return { name, description, parameters };
}
