import type { AgentHealth, HealthSnapshot } from '../../../sdk/protocol/health.ts';
import type { Command } from '../../command.ts';
import { exitCodes } from '../../misuse.ts';
import { oneLine } from '../../render/text.ts';
import { ago, span } from '../../render/time.ts';
import type { Look } from '../../render/value.ts';
import { renderAnswer } from '../../render/views.ts';
import { answer, type Shell } from '../../shell.ts';

/** `openclaw health`: how the gateway is, by its own account. */
export function healthCommand(shell: Shell): Command {
  return {
    meta: { name: 'health', description: 'Show whether the gateway is well.' },
    args: {
      verbose: {
        type: 'boolean',
        description: 'Have it look anew, and show the connection, the load and every agent',
      },
      probe: { type: 'boolean', description: 'Have it look anew; otherwise the answer may be a second old' },
    },
    examples: ['openclaw health', 'openclaw health --verbose', 'openclaw health --json'],
    run: async ({ args }) => {
      const verbose = args.verbose === true;
      const asked = await ask(shell, verbose || args.probe === true);
      answer(shell, asked.health, (look) =>
        verbose ? renderVerbose(asked, look) : renderAnswer('health', asked.health, look),
      );
      return exitCodes.ok;
    },
  };
}

// --- internal ---

interface Asked {
  health: HealthSnapshot;
  /** Where it was asked, and as whom. */
  connection: string[];
}

async function ask(shell: Shell, probe: boolean): Promise<Asked> {
  const { withGateway } = await import('../../request.ts');
  const { findTarget, patienceMs } = await import('../../local/target.ts');
  const { withProgress } = await import('../../progress.ts');
  const { toTimeoutMs } = await import('../../globals.ts');
  const timeoutMs = toTimeoutMs(shell.globals) ?? patienceMs;
  const { url, from, credentialFrom } = await findTarget(shell);
  const work = withGateway(
    shell,
    async (client) => {
      const health = await client.rpc.health.query(probe ? { probe } : {}, { timeoutMs });
      const { server, auth, snapshot } = client.hello ?? {};
      const connection = [
        `Connection: ${url} (from ${from})`,
        `Credentials: ${credentialFrom ? `from ${credentialFrom}` : 'none'}, let in as ${auth?.role ?? '-'} with ${auth?.scopes.join(', ') || 'no scopes'}`,
        `Server: ${server?.version ?? '-'}, up ${span(snapshot?.uptimeMs ?? 0)}`,
      ];
      return { health: health as HealthSnapshot, connection };
    },
    { patienceMs },
  );
  return withProgress(shell, { what: `Asking ${url}`, work });
}

function renderVerbose({ health, connection }: Asked, look: Look): string {
  const { eventLoop, agents, durationMs, ts, channelOrder } = health;
  const { utilization, cpuCoreRatio, delayMaxMs, intervalMs } = eventLoop;
  return `${[
    ...connection.map(oneLine),
    `Taken: ${new Date(ts).toISOString()} in ${durationMs} ms`,
    renderAnswer('health', health, look).trimEnd(),
    `Load: event loop busy ${percent(utilization)}, CPU ${percent(cpuCoreRatio)} of a core, longest delay ${Math.round(delayMaxMs)} ms, in the last ${span(intervalMs)}`,
    `Channels: ${channelOrder.length > 0 ? channelOrder.map(oneLine).join(', ') : 'none run in this version'}`,
    ...agents.flatMap((agent) => renderAgent(agent, look)),
  ].join('\n')}\n`;
}

function renderAgent({ agentId, name, isDefault, sessions }: AgentHealth, { now }: Look): string[] {
  const title = `Agent ${agentId}${name ? ` (${name})` : ''}${isDefault ? ', the default one' : ''}`;
  return [
    oneLine(`${title}: ${sessions.count} sessions`),
    ...sessions.recent.map(({ key, updatedAt }) =>
      oneLine(`- ${key}${updatedAt === null ? '' : ` (${ago(updatedAt, now)})`}`),
    ),
  ];
}

const percent = (share: number) => `${Math.round(share * 100)}%`;
