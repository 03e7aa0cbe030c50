import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** A program that stands in for one of the system's, and writes down how it is called. */
export interface FakeProgram {
  /** For the environment of what calls it. */
  PATH: string;
  /** The arguments of each call so far. */
  calls(): Promise<string[][]>;
}

/**
 * Puts a program first on the path.
 * @param script JavaScript (CommonJS) that runs after the call was written down; `args` are its arguments.
 */
export async function putFakeProgram(folder: string, name: string, script: string): Promise<FakeProgram> {
  const bin = join(folder, `bin-${name}`);
  const record = join(bin, 'calls.txt');
  await mkdir(bin, { recursive: true });
  const text = [
    `#!${process.execPath}`,
    'const args = process.argv.slice(2);',
    `require('node:fs').appendFileSync(${JSON.stringify(record)}, JSON.stringify(args) + '\\n');`,
    script,
    '',
  ].join('\n');
  await writeFile(join(bin, name), text);
  await chmod(join(bin, name), 0o755);
  return {
    PATH: `${bin}${delimiter}${process.env.PATH}`,
    async calls() {
      const lines = await readFile(record, 'utf8').catch(() => '');
      return lines
        .trim()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line));
    },
  };
}
