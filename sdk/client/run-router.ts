import type { RunEvent } from '../protocol/agent.ts';
import type { ChatEvent } from '../protocol/chat-event.ts';
import type { EventFrame } from '../protocol/frames.ts';
import type { Connection } from './connection.ts';

/** Who wants the events of one run. */
export interface RunWatcher {
  agentOnEvent(event: RunEvent): void;
  chatOnEvent(event: ChatEvent): void;
  /** A connection is ready: events between the last one and this one were missed. */
  connectionOnReady(): void;
  /** Events were dropped on this connection. */
  connectionOnGap(): void;
  connectionOnClosed(): void;
}

/** Brings each run's events to those who watch it: one look-up per event, however many runs there are. */
export class RunRouter {
  #watchers = new Map<string, Set<RunWatcher>>();

  constructor(connection: Connection) {
    connection.events.add((frame) => this.#route(frame));
    connection.gaps.add(() => this.#each((watcher) => watcher.connectionOnGap()));
    connection.states.add(({ status }) => {
      if (status === 'ready') this.#each((watcher) => watcher.connectionOnReady());
      if (status === 'closed') this.#each((watcher) => watcher.connectionOnClosed());
    });
  }

  /** @returns how to stop watching. */
  watch(runId: string, watcher: RunWatcher): () => void {
    const watchers = this.#watchers.get(runId) ?? new Set();
    this.#watchers.set(runId, watchers.add(watcher));
    return () => {
      watchers.delete(watcher);
      if (watchers.size === 0 && this.#watchers.get(runId) === watchers) this.#watchers.delete(runId);
    };
  }

  #route({ event, payload }: EventFrame): void {
    if (event !== 'agent' && event !== 'chat') return;
    const { runId } = payload as { runId: string };
    for (const watcher of this.#watchers.get(runId) ?? []) {
      if (event === 'agent') watcher.agentOnEvent(payload as RunEvent);
      else watcher.chatOnEvent(payload as ChatEvent);
    }
  }

  #each(tell: (watcher: RunWatcher) => void): void {
    for (const watchers of [...this.#watchers.values()]) for (const watcher of [...watchers]) tell(watcher);
  }
}
