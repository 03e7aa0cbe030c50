/** A setting of an installed service, as a name and what it is. */
export interface Setting {
  name: string;
  value: string;
}

/**
 * How an installed service differs from the expected one, a sentence each, in the order of the expected one. A variable with a
 * secret in it is reported by its name alone.
 */
export function compareSettings(installed: readonly Setting[], expected: readonly Setting[]): string[] {
  const secrets = installed.filter(holdsSecret);
  const open = installed.filter((one) => !holdsSecret(one));
  const names = [...new Set([...expected, ...open].map(({ name }) => name))];
  return [
    ...names.flatMap((name) => compareOne(name, valuesOf(open, name), valuesOf(expected, name))),
    ...secrets.map(({ name }) => `${name} holds a secret, which everybody may read who reads the file`),
  ];
}

// --- internal ---

/** By its name, as the log redacts variables. */
function holdsSecret({ name, value }: Setting): boolean {
  return /^Environment\b.*(_|\.)(API_KEY|TOKEN|PASSWORD|SECRET)$/.test(name) && value !== '';
}

const valuesOf = (settings: readonly Setting[], name: string) =>
  settings.filter((one) => one.name === name).map(({ value }) => value);

function compareOne(name: string, is: readonly string[], wanted: readonly string[]): string[] {
  if (is.join('\n') === wanted.join('\n')) return [];
  if (is.length === 0) return [`${name} is missing: ${wanted.join(' ')}`];
  if (wanted.length === 0) return [`${name} is not one of ours: ${is.join(' ')}`];
  return [`${name} is ${is.join(' ') || 'empty'}, now it would be ${wanted.join(' ') || 'empty'}`];
}
