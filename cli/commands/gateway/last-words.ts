import type { FileLog } from '../../../server/log/file-log.ts';

/**
 * Has the log tell of an error that nobody caught, before Node ends the process for it with exit code 1, as it does in any
 * case: what state the gateway is in then is not known. Its supervisor starts it anew.
 * @param log the log that is open now, if any.
 * @returns how to stop.
 */
export function writeLastWords(log: () => FileLog | undefined): () => void {
  const onError = (error: Error, origin: NodeJS.UncaughtExceptionOrigin) => {
    const what =
      origin === 'unhandledRejection' ? 'a rejection that nobody handled' : 'an exception that nobody caught';
    log()?.lastWords(`the gateway ends because of ${what}`, { error: String(error?.stack ?? error), origin });
  };
  process.on('uncaughtExceptionMonitor', onError);
  return () => void process.off('uncaughtExceptionMonitor', onError);
}
