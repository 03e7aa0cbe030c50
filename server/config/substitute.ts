import type { ConfigIssue } from '../../sdk/protocol/config-state.ts';
import { isActedOn } from './acted-on.ts';
import { formatKey, type KeyPath, mapTree } from './key-path.ts';
import { findKey, takesSecret } from './key-tree.ts';

export type Environment = Record<string, string | undefined>;

/** A configuration with its references filled in, and what could not be. */
export interface Substituted<T> {
  value: T;
  warnings: ConfigIssue[];
}

/**
 * Replaces `${VAR}` in every string; on a secret key `$VAR` alone does the same. Where this version acts on a secret key,
 * a text that is nothing but a variable is a reference, and stays as it is for secret-refs.ts. Names are upper case, digits and `_`.
 * `$${VAR}` stands for the text `${VAR}`. A variable that is missing or empty stays visible as `${VAR}`, with a warning.
 */
export function substituteVariables<T>(file: T, env: Environment): Substituted<T> {
  const warnings: ConfigIssue[] = [];
  const read = (name: string, path: KeyPath) => {
    if (env[name]) return env[name];
    const message = `the environment variable ${name} is not set, so the value stays \${${name}}: set it, then start again`;
    warnings.push({ path: formatKey(path), message });
    return `\${${name}}`;
  };
  const value = mapTree(file, (text, path) => {
    if (typeof text !== 'string') return text;
    // A reference to a secret, which secret-refs.ts reads.
    if (isReference.test(text) && isActedOn(path) && takesSecretAt(path)) return text;
    const [, alone] = takesSecretAt(path) ? (/^\$([A-Z_][A-Z0-9_]*)$/.exec(text) ?? []) : [];
    if (alone) return read(alone, path);
    return text.replace(
      /\$(\$\{[A-Z_][A-Z0-9_]*\})|\$\{([A-Z_][A-Z0-9_]*)\}/g,
      (_, literal?: string, name = '') => literal ?? read(name, path),
    );
  });
  return { value, warnings };
}

/** True for a secret that is still a reference: whatever needs it has to say that it is not available. */
export function isUnresolved(secret: string): boolean {
  return /\$\{(?:[A-Z_][A-Z0-9_]*|(?:env|file|exec|store):[^}]*)\}/.test(secret);
}

const isReference = /^\$(?:[A-Z][A-Z0-9_]{0,127}|\{[A-Z][A-Z0-9_]{0,127}\})$/;

function takesSecretAt(path: KeyPath): boolean {
  const node = findKey(path);
  return node !== undefined && takesSecret(node);
}
