import { performance } from 'node:perf_hooks';
import type { ModelFailure } from '../models/provider.ts';
import type { Model } from '../models/registry.ts';
import type { SpentCall } from '../usage/ledger.ts';
import type { LoopStep } from './loop.ts';
import type { RunEnd } from './runs.ts';

/** Who is told how runs go, once for each thing that is over and never for a piece of a stream. Contract: does not throw. */
export interface RunObserver {
  /** A run has ended that was no chat command. */
  runEnded(run: { agentId: string; status: RunEnd['status']; ms: number }): void;
  /** A model was called and has counted tokens. */
  called(agentId: string, call: SpentCall): void;
  /** A model has begun to answer, so long after it was called. */
  firstToken(model: Pick<Model, 'provider' | 'id'>, ms: number): void;
  /** A call of a model has failed. */
  failed(failure: ModelFailure): void;
  /** After a failure another model is tried. */
  fellBack(failure: ModelFailure): void;
}

/** Tells an observer what the steps of one run's loop amount to. */
export function observeSteps(observer: RunObserver, agentId: string): (step: LoopStep) => void {
  let model: Model | undefined;
  let askedAt = 0;

  const noteFirst = () => {
    if (model) observer.firstToken(model, performance.now() - askedAt);
    model = undefined;
  };

  return (step) => {
    switch (step.type) {
      case 'text':
      case 'reasoning':
        if (model) noteFirst();
        break;
      case 'model':
        model = step.model;
        askedAt = performance.now();
        break;
      case 'called': {
        // A call of a tool is told only when it is complete.
        if (step.hasSpoken) noteFirst();
        model = undefined;
        const { provider, id } = step.model;
        observer.called(agentId, { provider, model: id, usage: step.usage, at: Date.now() });
        break;
      }
      case 'fallback':
        observer.failed(step.failure);
        observer.fellBack(step.failure);
    }
  };
}
