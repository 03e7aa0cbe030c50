import { isAddress } from './addresses.ts';

/**
 * Reads an address of the web as it may be fetched: `http:` or `https:`, a plain host, no name or password. Undefined for
 * everything else, also for other spellings of an IP address (`0x7f.1`, `2130706433`), which exist to get past a filter.
 */
export function parseRemoteUrl(text: string): URL | undefined {
  if (text.length > maxUrlChars || /[\s\\\p{C}]/u.test(text)) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) return undefined;
  if (url.username !== '' || url.password !== '' || url.hostname === '' || url.hostname.endsWith('.')) return undefined;
  return isAddress(toHost(url)) && !isSpelled(text, url) ? undefined : url;
}

/** Reads where an answer leads to; undefined as `parseRemoteUrl`, and for a way from `https:` to `http:`. */
export function parseRedirect(location: string, from: URL): URL | undefined {
  if (location.includes('\\')) return undefined;
  const isWhole = /^[a-z][a-z\d+.-]*:/i.test(location);
  const text = isWhole ? location : location.startsWith('//') ? `${from.protocol}${location}` : undefined;
  const isRelative = text === undefined && URL.canParse(location, from.href);
  const url = parseRemoteUrl(text ?? (isRelative ? new URL(location, from).href : ''));
  return url && from.protocol === 'https:' && url.protocol === 'http:' ? undefined : url;
}

/** The host of an address, without the brackets of IPv6. */
export function toHost({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}

/**
 * True when a list of hosts allows one: `cdn.example.com` is that host, `*.example.com` any below it, but not `example.com`.
 * An empty list allows all.
 */
export function isListedHost(host: string, list: readonly string[] = []): boolean {
  if (list.length === 0) return true;
  const wanted = host.toLowerCase();
  return list.some((entry) => {
    const pattern = entry.trim().toLowerCase();
    if (!pattern.startsWith('*.')) return pattern === wanted;
    return wanted.endsWith(pattern.slice(1)) && wanted.length > pattern.length - 1;
  });
}

// --- internal ---

const maxUrlChars = 8192;

/** True when the host of an address stands in its text as it was understood. */
function isSpelled(text: string, { hostname }: URL): boolean {
  const [, authority = ''] = /^[a-z]+:\/\/([^/?#]*)/i.exec(text) ?? [];
  return authority.replace(/:\d*$/, '').toLowerCase() === hostname;
}
