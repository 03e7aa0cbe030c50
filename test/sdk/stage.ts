import type { Run, RunStep } from '../../sdk/index.node.ts';
import { openClient } from './client.ts';
import {
  type ScriptedGateway,
  type ScriptedOptions,
  type ScriptedRun,
  startScriptedGateway,
} from './scripted-gateway.ts';

/** A gateway whose runs the test plays. */
export async function startStage(options: ScriptedOptions = {}) {
  const gateway = await startScriptedGateway(options);
  const started: ScriptedRun[] = [];
  gateway.answers.set('agent', ({ idempotencyKey }: { idempotencyKey: string }) => {
    const known = started.find(({ row }) => row.runId === idempotencyKey);
    const run = known ?? gateway.createRun(idempotencyKey);
    if (!known) started.push(run);
    const { runId, sessionKey, agentId } = run.row;
    return { runId, sessionKey, agentId, status: known ? 'in_flight' : 'accepted', acceptedAt: 1 };
  });
  const oc = openClient(gateway.url);
  return {
    gateway,
    oc,
    started,
    async start(): Promise<{ run: Run; play: ScriptedRun }> {
      const run = await oc.agents.get().run('hi');
      return { run, play: started.at(-1) as ScriptedRun };
    },
    async [Symbol.asyncDispose]() {
      await oc.close();
      await gateway[Symbol.asyncDispose]();
    },
  };
}

export async function collect(run: Run): Promise<RunStep[]> {
  const steps: RunStep[] = [];
  for await (const step of run) steps.push(step);
  return steps;
}

/** Resolves with the first step that fits; the loop is left. */
export async function seen(run: Run, fits: (step: RunStep) => boolean): Promise<RunStep> {
  for await (const step of run) if (fits(step)) return step;
  throw new Error('the run ended without it');
}

export const textOf = (steps: RunStep[]) => steps.map((step) => (step.type === 'text' ? step.delta : '')).join('');
export const kinds = (steps: RunStep[]) => steps.map((step) => (step.type === 'status' ? step.status : step.type));
export const asked = (gateway: ScriptedGateway, method: string) => gateway.asked(method).map(({ params }) => params);
