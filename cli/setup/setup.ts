import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import { canAsk } from '../ask.ts';
import { readGatewayHere } from '../local/gateway-here.ts';
import { exitCodes, misuse } from '../misuse.ts';
import { answer, type Shell } from '../shell.ts';
import { findRunning, installHere, isServed, startDetachedHere, type Up } from './bring-up.ts';
import { keepVariables, type Written, writeFirstConfig } from './first-config.ts';
import { askFirstQuestion, type FirstWords } from './first-words.ts';
import { findModelChoices, guide, type ModelChoice } from './model-choices.ts';
import { findFreePort } from './next-port.ts';
import { type Answers, askPerson } from './questions.ts';
import { renderSetup } from './view.ts';

// look for models ─► ask, or take what the flags say ─► write ─► start ─► ask the agent

export interface SetupFlags {
  /** Asks nothing: takes what the flags say, and the first model that is there. */
  nonInteractive: boolean;
  /** Writes the configuration and makes the folders, and starts nothing. */
  baseline: boolean;
  /** `<provider>/<model>`. */
  model: string | undefined;
  port: number | undefined;
  workspace: string | undefined;
  installService: boolean;
  /** Puts the keys that were found into `.env` of the state directory. */
  keepKeys: boolean;
}

/** What `setup --json` answers. Holds no secret. */
export interface SetupReport {
  schemaVersion: 1;
  ok: boolean;
  config: Written;
  /** Null when nothing was chosen: then the gateway takes what it finds, or the guide answers. */
  model: { reference: string; reason: string } | null;
  /** Where keys were put; null when they stay where they are. */
  keysFile: string | null;
  /** Null after `--baseline`. */
  gateway: Up | null;
  /** Null after `--baseline`. */
  firstWords: FirstWords | null;
}

/** `openclaw setup`. @throws GatewayError INVALID_REQUEST without a terminal and without leave to ask nothing. */
export async function runSetup(shell: Shell, flags: SetupFlags): Promise<number> {
  if (shell.globals.url) throw misuse('setup is for a gateway on this machine: leave out --url');
  const isAsking = !flags.nonInteractive && !flags.baseline;
  if (isAsking && !canAsk(shell)) throw withoutTerminal();
  const here = await readGatewayHere(shell);
  const running = await findRunning(shell);
  const choices = await findModelChoices(shell.env);
  const port = flags.port ?? (here.config.exists || running ? here.port : await findFreePort(here.port));
  if (!here.config.exists && port !== (flags.port ?? here.port))
    shell.note(`Port ${here.port} is taken, so this gateway gets ${port}.`);
  const answers = isAsking
    ? await askPerson({ shell, flags, here, choices, isRunning: running !== undefined })
    : answerByFlags(flags, choices);
  if (!answers) return giveUp(shell);
  const report = await carryOut({ shell, flags, running, port, answers });
  answer(shell, report, (look) => renderSetup(report, look));
  return report.ok ? exitCodes.ok : exitCodes.failed;
}

// --- internal ---

function withoutTerminal(): GatewayError {
  return new GatewayError(
    'INVALID_REQUEST',
    'setup asks questions, and there is no terminal to ask them on: pass --non-interactive to take the first model that is found and start the gateway, or --baseline to write the configuration only',
  );
}

function answerByFlags({ model, installService, keepKeys }: SetupFlags, choices: readonly ModelChoice[]): Answers {
  const named =
    model === undefined ? undefined : choices.find(({ reference }) => reference?.split('/')[0] === model.split('/')[0]);
  const choice =
    model === undefined
      ? (choices[0] ?? guide)
      : { ...(named ?? guide), reference: model, reason: 'it was named with --model' };
  return { choice, installService, keepKeys };
}

function giveUp(shell: Shell): number {
  shell.note('Nothing was changed.');
  return exitCodes.failed;
}

interface Work {
  shell: Shell;
  flags: SetupFlags;
  running: Up | undefined;
  port: number;
  answers: Answers;
}

async function carryOut({ shell, flags, running, port, answers }: Work): Promise<SetupReport> {
  const { choice, keepKeys, installService } = answers;
  const here = await readGatewayHere(shell);
  const wishes = { port, model: choice.reference, workspace: flags.workspace };
  const config = await writeFirstConfig(here, wishes, shell.env);
  await makeFolders(shell);
  const isKept = keepKeys && choice.variables.length > 0;
  const keysFile = isKept ? await keepVariables(here.paths.stateDir, choice.variables, shell.env) : null;
  const model = choice.reference ? { reference: choice.reference, reason: choice.reason } : null;
  const done = { schemaVersion: 1 as const, config, model, keysFile };
  if (flags.baseline) return { ...done, ok: true, gateway: null, firstWords: null };
  if (running && installService && !(await isServed(shell, running.pid)))
    shell.note(
      'No service was installed, for a gateway runs already. Have it run as one: openclaw gateway stop, then openclaw gateway install',
    );
  const gateway = running ?? (installService ? await installHere(shell) : await startDetachedHere(shell));
  const firstWords = await askFirstQuestion(
    shell,
    model !== null || here.config.value.agents?.defaults?.model !== undefined,
  );
  return { ...done, ok: firstWords.ok, gateway, firstWords };
}

/** The folder of the agent that everybody has, unless its files are kept elsewhere. */
async function makeFolders(shell: Shell): Promise<void> {
  const { config, paths } = await readGatewayHere(shell);
  const workspace = config.value.agents?.defaults?.workspace;
  if (workspace === undefined) await mkdir(join(paths.stateDir, 'workspace', 'main'), { recursive: true, mode: 0o700 });
}
