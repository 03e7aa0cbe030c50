import { oneLine } from '../render/text.ts';
import { createShell } from '../shell.ts';
import { complete } from './candidates.ts';
import { behindBreak, splitLine } from './words.ts';

/** Characters of what a candidate is that a list has room for. */
const widest = 70;

/**
 * What a shell's script asks, hidden from people: `__complete words <word>...`, or `__complete line <text> <word breaks>`
 * of bash, whose words are parted at `:` and `=` as well. Answers a line for each candidate, its text and what it is with
 * a tab between, or the one line `:files`.
 */
export async function answerShell([form, ...given]: readonly string[]): Promise<void> {
  const shell = createShell({ dev: false, json: false, color: false, help: false, version: false });
  const words = form === 'line' ? splitLine(given[0] ?? '').slice(1) : given;
  const current = words.at(-1) ?? '';
  const found = await complete(words.length > 0 ? words : [''], shell);
  if ('files' in found) return shell.out(':files\n');
  // A name with a line break in it would be two, and one that speaks to the terminal is none that anybody types.
  const lines = found.candidates
    .filter(({ value }) => value === oneLine(value))
    .map(({ value, about }) => {
      const put = form === 'line' ? behindBreak(value, current, given[1] ?? '') : value;
      const words = oneLine(about ?? '').slice(0, widest);
      return words && form !== 'line' ? `${put}\t${words}\n` : `${put}\n`;
    });
  shell.out(lines.join(''));
}
