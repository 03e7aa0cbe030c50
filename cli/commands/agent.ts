import type { OpenClaw, Run, RunResult } from '../../sdk/index.node.ts';
import { fileFlag } from '../args.ts';
import type { Command } from '../command.ts';
import { readPositiveInteger } from '../globals.ts';
import { listenForInterrupts } from '../interrupts.ts';
import { readLongText } from '../long-text.ts';
import { exitCodes, misuse } from '../misuse.ts';
import { oneLine, printable } from '../render/text.ts';
import type { Shell } from '../shell.ts';

/** `openclaw agent`: sends a message and prints the reply as it is written. */
export function agentCommand(shell: Shell): Command {
  const run: Command = {
    meta: { name: 'agent', description: 'Send a message to an agent and print the reply as it is written.' },
    args: {
      message: {
        type: 'string',
        alias: 'm',
        required: true,
        valueHint: 'text',
        description: 'What to say; "-" reads it from stdin',
      },
      'message-file': fileFlag('message'),
      agent: { type: 'string', valueHint: 'id', description: 'Which agent; the default one when absent' },
      'session-key': {
        type: 'string',
        valueHint: 'key',
        description: "Which conversation; the agent's main one when absent",
      },
      thinking: {
        type: 'string',
        valueHint: 'level',
        description: 'off, minimal, low, medium, high, or a level of the provider',
      },
      model: { type: 'string', valueHint: 'provider/model', description: 'Model for this run only' },
      timeout: {
        type: 'string',
        valueHint: 's',
        description: 'Seconds the run may take; the configured limit when absent',
      },
    },
    examples: [
      'openclaw agent --message "How do I bind to my LAN?"',
      'openclaw agent --agent writer --session-key novel -m "Go on." --json',
      'git diff | openclaw agent -m -',
    ],
    run: ({ args }) => send(shell, args as AgentArgs),
  };
  return { meta: run.meta, otherwise: run };
}

// --- internal ---

interface AgentArgs {
  message?: string;
  'message-file'?: string;
  agent?: string;
  'session-key'?: string;
  thinking?: string;
  model?: string;
}

async function send(shell: Shell, args: AgentArgs): Promise<number> {
  const timeoutSeconds = readPositiveInteger(shell.globals.timeout, 'seconds');
  const given = { value: args.message, path: args['message-file'], flag: '--message-file' };
  const message = String((await readLongText(given)) ?? '');
  if (!message.trim()) throw misuse('the message is empty');
  const { withGateway } = await import('../request.ts');
  // The seconds are the run's, not the connection's.
  const quiet = { ...shell, globals: { ...shell.globals, timeout: undefined } };
  return withGateway(quiet, async (client) => {
    const run = await start(client, message, { ...args, timeoutSeconds });
    const stops = [abortOnInterrupt(shell, run), tellOfLoss(shell, client)];
    try {
      return await show(shell, run);
    } finally {
      for (const stop of stops) stop();
    }
  });
}

function start(
  client: OpenClaw,
  message: string,
  args: AgentArgs & { timeoutSeconds: number | undefined },
): Promise<Run> {
  const { agent, thinking, model, timeoutSeconds } = args;
  const sessionKey = args['session-key'];
  return client.agents.get(agent).run(message, { sessionKey, thinking, model, runTimeoutSeconds: timeoutSeconds });
}

function abortOnInterrupt(shell: Shell, run: Run): () => void {
  return listenForInterrupts(['SIGINT', 'SIGTERM'], {
    onFirst: () => {
      shell.note('Aborting the run; once more to leave at once.');
      // A lost connection is told by the run itself.
      run.abort().catch(() => {});
    },
    onSecond: () => process.exit(130),
  });
}

/** The run outlives the connection: there is something to wait for. */
function tellOfLoss(shell: Shell, client: OpenClaw): () => void {
  return client.onState((state) => {
    if (state.status === 'reconnecting' && state.attempt === 1)
      shell.note('The connection was lost; waiting for the gateway to come back (Ctrl-C twice leaves).');
  });
}

async function show(shell: Shell, run: Run): Promise<number> {
  const { json } = shell.globals;
  const result = json ? await run.wait() : await printReply(shell, run);
  if (json) shell.out(`${JSON.stringify(toAnswer(result), null, 2)}\n`);
  if (result.status === 'ok') return exitCodes.ok;
  if (result.status === 'aborted')
    shell.note(`Aborted${result.text ? '; the text so far is kept in the session' : ''}.`);
  else shell.note(printable(result.error?.message ?? `the run ended with status ${result.status}`));
  return exitCodes.failed;
}

/** Prints text as it comes, one message of the run below the other; tools are told on stderr. */
async function printReply(shell: Shell, run: Run): Promise<RunResult> {
  const safe = shell.interactive ? printable : (text: string) => text;
  let message: string | undefined;
  let ended = true;
  for await (const step of run) {
    if (step.type === 'tool' && step.phase === 'start') shell.note(shell.paint('dim', `[${oneLine(step.name)}]`));
    if (step.type !== 'text') continue;
    if (!ended && (step.replace || step.itemId !== message)) shell.out('\n');
    message = step.itemId;
    shell.out(safe(step.delta));
    ended = step.delta.endsWith('\n');
  }
  if (!ended) shell.out('\n');
  return run.wait();
}

/** The one object that `--json` prints. */
function toAnswer({ error, complete: _, ...result }: RunResult): object {
  return { schemaVersion: 1, ...result, ...(error && { error: { code: error.code, message: error.message } }) };
}
