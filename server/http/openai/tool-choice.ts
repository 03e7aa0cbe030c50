import { z } from 'zod';
import type { RunInput } from '../../agent/runs.ts';
import type { ToolDeclaration } from '../../models/provider.ts';
import { refuse } from '../failure.ts';
import { isNever, unsupported } from './fields.ts';

/** What `tool_choice` says, however the API spells it. */
export type ToolChoice = 'auto' | 'none' | 'required' | { name: string } | AllowedTools;

interface AllowedTools {
  mode: 'auto' | 'required';
  /** Names of tools of the request. */
  allowed: string[];
}

/** The words that `tool_choice` may be. */
export const choiceWord = z.enum(['auto', 'none', 'required']);

export const allowedMode = z.enum(['auto', 'required']);

/** Kinds of tools that OpenAI runs itself, or that have no schema; they cannot be chosen because they cannot be declared. */
export const foreignChoice = z.object({
  type: z
    .enum([
      ...(['custom', 'mcp', 'file_search', 'web_search', 'web_search_2025_08_26', 'web_search_preview'] as const),
      ...(['web_search_preview_2025_03_11', 'computer', 'computer_use', 'computer_use_preview'] as const),
      ...(['code_interpreter', 'image_generation', 'local_shell', 'shell', 'apply_patch', 'tool_search'] as const),
      'programmatic_tool_calling',
    ])
    .refine(isNever, unsupported('only function tools can be chosen; leave tool_choice out')),
});

/**
 * The caller's tools that a model is offered, and how it may choose. Where it must call one of them, those of the gateway are
 * left out: they would not be what the caller demands.
 * @throws GatewayError that leaves as 400 when the choice names no tool of the request.
 */
export function chooseTools(
  declared: ToolDeclaration[] | undefined,
  choice: ToolChoice | undefined,
): Pick<RunInput, 'clientTools' | 'withoutTools'> & {
  toolChoice: 'auto' | 'none' | 'required' | { name: string } | undefined;
} {
  const isDeclared = (name: string) => declared?.some((tool) => tool.name === name) ?? false;
  if (typeof choice === 'object' && 'allowed' in choice) {
    for (const name of choice.allowed) if (!isDeclared(name)) throw undeclared(`"${name}"`);
    const clientTools = declared?.filter(({ name }) => choice.allowed.includes(name));
    return chooseTools(clientTools, choice.mode);
  }
  if (choice === 'required' && !declared?.length) throw undeclared('a tool');
  if (typeof choice === 'object' && !isDeclared(choice.name)) throw undeclared(`"${choice.name}"`);
  const mustCall = choice === 'required' || typeof choice === 'object';
  return { clientTools: declared, toolChoice: choice, ...(mustCall && { withoutTools: true }) };
}

function undeclared(what: string) {
  return refuse(400, `tool_choice demands ${what}, but tools does not have it`, { param: 'tool_choice' });
}
