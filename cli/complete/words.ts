/** The words of an unfinished command line, as a shell would part them; the last one is being typed and may be empty. */
export function splitLine(line: string): string[] {
  const words: string[] = [];
  let word = '';
  let isOpen = false;
  let quote = '';
  for (let index = 0; index < line.length; index++) {
    const char = line[index] as string;
    if (quote !== '') {
      if (char === quote) quote = '';
      else if (char === '\\' && quote === '"' && /["\\$`]/.test(line[index + 1] ?? '')) word += line[++index];
      else word += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      isOpen = true;
    } else if (char === '\\') {
      word += line[++index] ?? '';
      isOpen = true;
    } else if (/\s/.test(char)) {
      if (isOpen || word !== '') words.push(word);
      word = '';
      isOpen = false;
    } else word += char;
  }
  return [...words, word];
}

/**
 * What of a candidate bash puts in: it replaces only what follows the last of its word breaks, which may be `:` or `=`.
 * @param current the word that is being typed.
 */
export function behindBreak(candidate: string, current: string, breaks: string): string {
  const at = Math.max(...[...':='].map((char) => (breaks.includes(char) ? current.lastIndexOf(char) : -1)));
  return candidate.slice(at + 1);
}
