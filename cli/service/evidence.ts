import { readEnd } from '../local/file-text.ts';

/** What to look at when a gateway does not come up or go down: the last lines of its log, and where there is more. */
export async function readEvidence(logFile: string, more: readonly string[] = []): Promise<string[]> {
  const lines = ((await readEnd(logFile, endBytes)) ?? '').split('\n').filter(Boolean).slice(-lastLines).map(toPlain);
  const where = lines.length > 0 ? [`The end of ${logFile}:`, ...lines.map((line) => `  ${line}`)] : [];
  const next = ['openclaw gateway status --deep', 'openclaw doctor', ...more];
  return [...where, `Look at: ${next.join(', ')}`];
}

// --- internal ---

const lastLines = 6;
const endBytes = 16_384;

/** Lines of the log are JSON; the log has redacted them. */
function toPlain(line: string): string {
  try {
    const { time, message, level, _meta } = JSON.parse(line);
    const name = level ?? _meta?.logLevelName ?? '';
    return [time, name, message].filter(Boolean).join(' ').slice(0, 300);
  } catch {
    return line.slice(0, 300);
  }
}
