/**
 * True when a pattern, in which `*` stands for any text, means a name as a whole. Takes time in proportion to both: a name
 * may come from outside, and a regular expression of many stars would be tried in every way.
 */
export function isWildcardMatch(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return pattern === name;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}
