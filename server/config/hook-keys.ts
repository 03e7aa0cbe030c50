import type { KeyPath } from './key-path.ts';

/** Ready-made mappings that `hooks.presets` may name. */
export const hookPresets = ['gmail'] as const;

/** Where below `hooks` something is wrong, and what. */
export type Found = [steps: KeyPath, message: string];

/** `hooks.path` with a slash in front and none behind. */
export function toHooksPath(path = '/hooks'): string {
  return `/${path.trim().replace(/^\/+|\/+$/g, '')}`;
}

/** What `hooks.allowedSessionKeyPrefixes` asks of keys, in lower case; undefined when it leaves them free. */
export function toPrefixes(listed: unknown): string[] | undefined {
  const prefixes = listOf(listed).flatMap((prefix) =>
    typeof prefix === 'string' && prefix.trim() !== '' ? [prefix.trim().toLowerCase()] : [],
  );
  return prefixes.length > 0 ? prefixes : undefined;
}

/** A list of the configuration; empty for what is none. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
