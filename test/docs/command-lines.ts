/** Cuts a shell line into its commands, each a list of words. Knows quotes, comments, pipes and `$(...)`; no more. */
export function toCommands(line: string): string[][] {
  const commands: string[][] = [[]];
  const nested = [...line.matchAll(/\$\(([^()]*)\)/g)].flatMap(([, inner = '']) => toCommands(inner));
  for (const [token] of line.replace(/\$\([^()]*\)/g, 'value').matchAll(tokens)) {
    if (token.startsWith('#')) break;
    if (/^(?:[|;&]+|[<>]+)$/.test(token)) commands.push([]);
    else commands.at(-1)?.push(unquote(token));
  }
  return [...commands.map(withoutVariables), ...nested].filter((words) => words.length > 0);
}

/** What follows `openclaw`, for each command of a line that calls it, directly, by npx or by `npm start`. */
export function openclawArguments(line: string): string[][] {
  return toCommands(line).flatMap((words) => {
    const [first, second, third, ...rest] = words;
    if (first === 'openclaw') return [words.slice(1)];
    if (first === 'npx' && second === 'openclaw') return [words.slice(2)];
    if (first === 'node' && second === 'dist/openclaw.mjs') return [words.slice(2)];
    if (first === 'npm' && second === 'start' && third === '--') return [['gateway', '--allow-unconfigured', ...rest]];
    return [];
  });
}

const tokens = /#.*|&&|\|\|?|;|[<>](?=\s)|(?:"(?:[^"\\]|\\.)*"|'[^']*'|<[\w -]+>|[^\s"'|;])+/g;

const unquote = (token: string) => token.replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'/g, (_, a, b) => a ?? b ?? '');

/** `NAME=value` before a command is not part of it. */
function withoutVariables(words: string[]): string[] {
  const at = words.findIndex((word) => !/^[A-Z_][A-Z0-9_]*=/.test(word));
  return at < 0 ? [] : words.slice(at);
}
