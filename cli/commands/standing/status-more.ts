import type { OpenClaw } from '../../../sdk/index.node.ts';
import { findGatewayError } from '../../../sdk/protocol/errors.ts';
import type { ProviderLimits } from '../../../sdk/protocol/provider-limits.ts';
import { patienceMs } from '../../local/target.ts';
import { withProgress } from '../../progress.ts';
import { withGateway } from '../../request.ts';
import type { Shell } from '../../shell.ts';
import { findNewest, readTail } from './log-file.ts';
import { type LogLine, toLogLine } from './log-line.ts';
import { askReadiness, type Readiness } from './readiness.ts';
import type { Standing } from './standing.ts';

/** What is asked for beyond the usual. */
export interface Extras {
  all: boolean;
  deep: boolean;
  usage: boolean;
}

/** What was found; undefined where it was not asked for, null where it could not be had. */
export interface More {
  readiness?: Readiness | null;
  providers?: Provider[] | null;
  limits?: ProviderLimits[] | null;
  /** The newest errors of the log, oldest first. */
  errors?: LogLine[];
  /** True with `--all`. */
  all: boolean;
}

/** A model provider and whether the gateway has what it takes to use it. */
export interface Provider {
  provider: string;
  /** `static`: there is a key; `missing`: it needs one; `ok`: it needs none. */
  status: string;
  problem: string | null;
}

/** Asks what the flags want: the gateway, when it answers, and the log file of this machine. */
export async function askMore(shell: Shell, standing: Standing, { all, deep, usage }: Extras): Promise<More> {
  const { probe, target } = standing;
  const answers = probe?.connect.rpcOk === true;
  const work = Promise.all([
    deep && answers ? askReadiness(target.url) : undefined,
    (deep || usage) && answers ? askGateway(shell, { deep, usage }) : undefined,
    all && standing.isLocal ? readErrors(standing.here.logFile) : undefined,
  ]);
  const [readiness, told, errors] = await withProgress(shell, { what: `Asking ${target.url} for more`, work });
  return {
    all,
    ...(deep && { readiness: readiness ?? null, providers: told?.providers ?? null }),
    ...(usage && { limits: told?.limits ?? null }),
    ...(errors && { errors }),
  };
}

// --- internal ---

async function askGateway(shell: Shell, { deep, usage }: Pick<Extras, 'deep' | 'usage'>) {
  const options = { timeoutMs: patienceMs };
  return withGateway(
    shell,
    async (client: OpenClaw) => {
      const [auth, limits] = await Promise.all([
        deep ? client.rpc.models.authStatus.query({}, options).catch(toNothing) : undefined,
        usage ? client.rpc.usage.status.query({}, options).catch(toNothing) : undefined,
      ]);
      const providers = auth?.providers.map(({ provider, status, problem = null }) => ({ provider, status, problem }));
      return { providers, limits: limits?.providers };
    },
    { patienceMs },
  ).catch(toNothing);
}

/** One answer less is no reason to give none of them: the report says that it is missing. */
function toNothing(error: unknown): undefined {
  if (findGatewayError(error)) return undefined;
  throw error;
}

const looked = { limit: 2_000, maxBytes: 500_000 };
const shown = 3;

async function readErrors(logFile: string): Promise<LogLine[]> {
  const file = await findNewest(logFile);
  if (file === undefined) return [];
  // Somebody else's file is one that says nothing to us.
  const lines = await readTail(file, looked).then(
    (tail) => tail.lines,
    () => [],
  );
  return lines
    .map(toLogLine)
    .filter(({ level }) => level === 'error' || level === 'fatal')
    .slice(-shown);
}
