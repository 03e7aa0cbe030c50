import { GatewayError } from '../../sdk/protocol/errors.ts';
import { formatKey, isPlainObject, type KeyPath } from './key-path.ts';
import { redactConfig, redacted } from './redact.ts';

/**
 * What somebody who saw the configuration with its secrets hidden wants it to be: every redaction mark is replaced by what
 * the file holds there, as it is written there. Items of lists are found by their `id`, else by their place.
 * @param stored what the file says now.
 * @throws GatewayError INVALID_REQUEST for a mark where the file holds no secret that it could stand for.
 */
export function restoreSecrets<T>(wanted: T, stored: unknown): T {
  const shown = redactConfig(stored);
  return restore(wanted, { stored, shown }, []) as T;
}

/** The same place of the file, as it is and as it was shown. */
interface Place {
  stored: unknown;
  shown: unknown;
}

function restore(wanted: unknown, place: Place, path: KeyPath): unknown {
  if (typeof wanted === 'string') {
    if (!wanted.includes(redacted)) return wanted;
    if (typeof place.stored === 'string' && place.shown === wanted) return place.stored;
    throw unknownMark(path);
  }
  if (Array.isArray(wanted))
    return wanted.map((item, index) => restore(item, itemOf(place, item, index), [...path, index]));
  if (!isPlainObject(wanted)) return wanted;
  return Object.fromEntries(
    Object.entries(wanted).map(([name, member]) => {
      if (name.includes(redacted)) throw unknownMark([...path, name]);
      return [name, restore(member, memberOf(place, name), [...path, name])];
    }),
  );
}

function memberOf({ stored, shown }: Place, name: string): Place {
  const of = (value: unknown) => (isPlainObject(value) && Object.hasOwn(value, name) ? value[name] : undefined);
  return { stored: of(stored), shown: of(shown) };
}

function itemOf({ stored, shown }: Place, item: unknown, index: number): Place {
  if (!Array.isArray(stored) || !Array.isArray(shown)) return { stored: undefined, shown: undefined };
  const id = idOf(item);
  const at = id === undefined ? index : stored.findIndex((other) => idOf(other) === id);
  return { stored: stored[at], shown: shown[at] };
}

function idOf(item: unknown): unknown {
  return isPlainObject(item) ? item.id : undefined;
}

function unknownMark(path: KeyPath): GatewayError {
  const key = formatKey(path);
  return new GatewayError(
    'INVALID_REQUEST',
    `${key} is the mark ${redacted}, and the file holds no secret there that it could stand for: put the secret itself, or a reference such as \${VAR}`,
    {
      details: { code: 'REDACTED_VALUE', path: key, issues: [{ path: key, message: 'a redaction mark is no value' }] },
    },
  );
}
