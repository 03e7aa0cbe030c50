import type { Ran, RunProgram } from '../../cli/service/run-program.ts';

/** What a recorded program answers: text for a success, else as given. */
export type Recorded = string | Partial<Ran>;

/**
 * Programs of another operating system as they were recorded: the answer of the first entry with which a command line begins,
 * the last one of a list for all later calls; one that is not there fails the test.
 */
export function recordedPrograms(answers: Record<string, Recorded | Recorded[]>) {
  const calls: string[] = [];
  const run: RunProgram = async (program, args) => {
    const line = [program, ...args].join(' ');
    calls.push(line);
    const key = Object.keys(answers).find((start) => line.startsWith(start));
    if (key === undefined) throw new Error(`nobody has recorded what "${line}" answers`);
    const listed = answers[key] as Recorded | Recorded[];
    const next = Array.isArray(listed) ? ((listed.length > 1 ? listed.shift() : listed[0]) as Recorded) : listed;
    return { code: 0, stdout: '', stderr: '', ...(typeof next === 'string' ? { stdout: next } : next) };
  };
  return { run, calls };
}
