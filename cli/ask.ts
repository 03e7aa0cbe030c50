import type { Shell } from './shell.ts';

/** True where a question can be put to a person: both ends are a terminal, and no program reads the answer. */
export function canAsk({ interactive, globals }: Shell): boolean {
  return interactive && process.stdin.isTTY === true && !globals.json;
}

/** Asks for a yes on the terminal; Ctrl-C is a no. Contract: only where {@link canAsk}. */
export async function askForLeave(question: string): Promise<boolean> {
  const { confirm, isCancel } = await import('@clack/prompts');
  const answer = await confirm({ message: question, initialValue: false });
  return !isCancel(answer) && answer;
}
