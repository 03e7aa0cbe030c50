import { execFile } from 'node:child_process';

/** How a program of the operating system ended. */
export interface Ran {
  /** Exit code, or the name of what kept the program from running, for example `ENOENT`. */
  code: number | string;
  stdout: string;
  stderr: string;
}

/** Runs a program with these arguments, never through a shell, and with more variables. Contract: does not reject. */
export type RunProgram = (program: string, args: readonly string[], more?: NodeJS.ProcessEnv) => Promise<Ran>;

/** Milliseconds that a program may take: a supervisor stops a service within 30 s. */
const programMs = 60_000;

/** Runs programs with this environment. */
export function programsIn(env: NodeJS.ProcessEnv): RunProgram {
  return (program, args, more) =>
    new Promise((resolve) => {
      // What is read from the answer is read in English.
      const options = { env: { ...env, ...more, LC_ALL: 'C' }, timeout: programMs, windowsHide: true };
      execFile(program, args, options, (error, stdout, stderr) => {
        // No code after a signal, which is how a program ends that took too long.
        resolve({ code: error ? (error.code ?? 'ETIMEDOUT') : 0, stdout, stderr });
      });
    });
}

/** What a program said last, in one line. */
export function lastWords({ code, stdout, stderr }: Ran): string {
  const said = `${stderr}\n${stdout}`
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  return said.slice(0, 3).join('; ') || (typeof code === 'number' ? `exit code ${code}` : code);
}
