import { createHmac } from 'node:crypto';
import { isPlainObject } from './key-path.ts';

/** Names states of the configuration, so that two can be compared without being seen. */
export interface Fingerprint {
  /** Of a file's text. */
  text(raw: string): string;
  /** Of the texts of a configuration with included files; of one file alone, the same as its text's. */
  files(sources: readonly { path: string; raw: string }[]): string;
  /** Of a configuration with its references filled in; the order of its keys does not matter. */
  config(config: unknown): string;
}

/** @param key a secret of this gateway: without it nobody can try out what a hash stands for. */
export function createFingerprint(key: string): Fingerprint {
  const sign = (kind: string, content: string) =>
    `hmac-sha256:v1:${createHmac('sha256', key).update(`${kind}\n${content}`).digest('base64url')}`;
  return {
    text: (raw) => sign('text', raw),
    files: (sources) =>
      sources.length === 1
        ? sign('text', sources[0]?.raw ?? '')
        : sign('files', JSON.stringify(sources.map(({ path, raw }) => [path, raw]))),
    config: (config) => sign('config', JSON.stringify(sorted(config)) ?? ''),
  };
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isPlainObject(value)) return value;
  const names = Object.keys(value).sort();
  return names.map((name) => [name, sorted(value[name])]);
}
