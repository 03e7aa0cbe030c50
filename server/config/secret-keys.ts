/** Keys that hold a secret by their name, wherever they stand: `apiKey`, `botToken`, `webhookSecret`, ... */
const secretName = /(?:^|[a-z])(?:api[-_]?key|token|secret|password|passphrase)$/i;

/** Maps whose every value is a secret. */
const secretMaps: readonly string[] = ['headers', 'edgeAuth'];

/** Maps whose values are hidden too, although they are plain text by type. */
const environments: readonly string[] = ['env', 'vars'];

/**
 * True for a key whose value is a secret: it is never shown, and it accepts a reference `{ source, provider, id }` as well.
 * @param path the steps of a key, as in the key table or as in a file.
 */
export function isSecretKey(path: readonly PropertyKey[]): boolean {
  const [name = '', parent = '', grandparent = ''] = path.slice(-3).reverse().map(String);
  if (secretName.test(name) || secretMaps.includes(parent)) return true;
  if (parent === 'auth' && grandparent === 'request') return name === 'value';
  if (parent === 'tls') return ['ca', 'cert', 'key'].includes(name);
  return parent === 'ssh' && name.endsWith('Data');
}

/** True for a key whose text is hidden when the configuration is shown: secrets, and environment variables for children. */
export function isHiddenKey(path: readonly PropertyKey[]): boolean {
  return isSecretKey(path) || environments.includes(String(path.at(-2)));
}
