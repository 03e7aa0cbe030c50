import { printable } from '../render/text.ts';
import type { Shell } from '../shell.ts';

/** What the agent is asked: the guide, which no model stands behind, answers questions about the gateway only. */
const questions = { model: 'Say hello to me in one sentence.', guide: 'How do I plug in a language model?' };

/** Seconds that the first reply may take; a model on this machine is loaded first. */
const replySeconds = 45;

/** The agent's reply, or what kept it from replying. */
export type FirstWords = { ok: true; question: string; reply: string } | { ok: false; question: string; fault: string };

/** Asks the agent once, in a conversation of its own. Never throws: a model that fails is an answer, too. */
export async function askFirstQuestion(shell: Shell, hasModel: boolean): Promise<FirstWords> {
  const question = hasModel ? questions.model : questions.guide;
  const { withGateway } = await import('../request.ts');
  try {
    return await withGateway(shell, async (client): Promise<FirstWords> => {
      const run = await client.agents
        .get(undefined)
        .run(question, { sessionKey: 'setup', runTimeoutSeconds: replySeconds });
      const { status, text, error } = await run.wait();
      if (status !== 'ok' || !text.trim())
        return { ok: false, question, fault: printable(error?.message ?? `the run ended with status ${status}`) };
      return { ok: true, question, reply: printable(text.trim()) };
    });
  } catch (error) {
    return { ok: false, question, fault: printable(error instanceof Error ? error.message : String(error)) };
  }
}
