import type { ModelMessage } from '../models/provider.ts';
import type { FindCommand } from './interpret.ts';

/**
 * A conversation that a caller brings along, as models are to read it: commands and what the gateway answered to them are left
 * out, and what was said before a fresh start is forgotten here as it is in the session.
 */
export function leaveOutCommands(history: readonly ModelMessage[], find: FindCommand): ModelMessage[] {
  let told: ModelMessage[] = [];
  let isAnswerOfCommand = false;
  for (const message of history) {
    if (message.role !== 'user') {
      if (!isAnswerOfCommand) told.push(message);
      continue;
    }
    const [first] = message.content;
    const found = first?.type === 'text' ? find(first.text) : undefined;
    if (found?.command.afresh) told = [];
    const rest = found?.command.afresh ? toFirstMessage(message.content.slice(1), found.argument) : [];
    isAnswerOfCommand = found !== undefined && rest.length === 0;
    if (!found) told.push(message);
    else if (rest.length > 0) told.push({ role: 'user', content: rest });
  }
  return told;
}

/** What stood behind the name of the command is the first message of the fresh conversation. */
function toFirstMessage(others: Extract<ModelMessage, { role: 'user' }>['content'], argument: string) {
  return argument === '' ? others : [{ type: 'text' as const, text: argument }, ...others];
}
