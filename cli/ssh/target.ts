import { misuse } from '../misuse.ts';

/** A machine as people write it for SSH. */
export interface SshTarget {
  /** `user@host` or `host`: what the client is given. */
  destination: string;
  /** Of the SSH server; undefined: what the client's own settings say. */
  port: number | undefined;
}

/**
 * Reads `[user@]host[:port]`. What the client could take for an option is refused, and so is what no host is called.
 * @throws GatewayError bad usage.
 */
export function readSshTarget(text: string): SshTarget {
  const found = /^(?:([^@\s]+)@)?(\[[0-9a-f:.]+(?:%[\w.]+)?\]|[^@:\s[\]]+)(?::(\d{1,5}))?$/i.exec(text.trim());
  const [, user, host = '', portText] = found ?? [];
  const port = portText === undefined ? undefined : Number(portText);
  const isNamed = found !== null && isWord(host.replace(/^\[|\]$/g, '')) && (user === undefined || isWord(user));
  if (!isNamed || port === 0 || (port ?? 1) > 65_535)
    throw misuse(`--ssh "${text}" names no machine: write it like user@host or user@host:22`);
  const bare = host.replace(/^\[|\]$/g, '');
  return { destination: user === undefined ? bare : `${user}@${bare}`, port };
}

// --- internal ---

/** No option, no shell, no path. */
const isWord = (text: string) => /^[\p{L}\p{N}_][\p{L}\p{N}_.:%+-]*$/u.test(text);
