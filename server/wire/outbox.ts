import { performance } from 'node:perf_hooks';

/** What is written to a socket while it is corked leaves in one call of the system. */
export interface Corkable {
  cork(): void;
  uncork(): void;
}

/** Lets frames leave together: the calls of the system are what a crowd of sockets costs. */
export interface Outbox {
  /**
   * Keeps what is written to the socket from now on until it is flushed: at the end of this turn of the event loop when
   * something is urgent. Otherwise at its end, too, unless the last round to all sockets took long: then after as long a pause,
   * so that a crowd that is told many things one after the other gets them in a few rounds.
   */
  hold(socket: Corkable, isUrgent: boolean): void;
}

/** A round that took less is not worth a pause, milliseconds. */
const shortMs = 2;
/** Nobody waits longer for an event, milliseconds. */
const maxPauseMs = 100;

/** Makes the one outbox that all connections share. */
export function createOutbox(now: () => number = () => performance.now()): Outbox {
  const urgent = new Set<Corkable>();
  const patient = new Set<Corkable>();
  let isUrgentDue = false;
  let isPatientDue = false;
  let pausedUntil = 0;

  const flush = (sockets: Set<Corkable>) => {
    for (const socket of sockets) socket.uncork();
    sockets.clear();
  };

  const flushUrgent = () => {
    isUrgentDue = false;
    flush(urgent);
  };

  const flushPatient = () => {
    isPatientDue = false;
    const startedAt = now();
    flush(patient);
    const tookMs = now() - startedAt;
    pausedUntil = tookMs < shortMs ? 0 : startedAt + tookMs + Math.min(tookMs, maxPauseMs);
  };

  const schedulePatient = () => {
    if (isPatientDue) return;
    isPatientDue = true;
    const pauseMs = pausedUntil === 0 ? 0 : pausedUntil - now();
    if (pauseMs > 0) setTimeout(flushPatient, pauseMs);
    else setImmediate(flushPatient);
  };

  return {
    hold(socket, isUrgent) {
      if (urgent.has(socket)) return;
      if (!patient.has(socket)) socket.cork();
      else if (isUrgent) patient.delete(socket);
      (isUrgent ? urgent : patient).add(socket);
      if (!isUrgent) schedulePatient();
      else if (!isUrgentDue) {
        isUrgentDue = true;
        setImmediate(flushUrgent);
      }
    },
  };
}
