import { GatewayError } from '../../sdk/protocol/errors.ts';
import { actedOn } from './acted-on.ts';
import { enterAgentList } from './agent-list.ts';
import { formatKey, isPlainObject, type KeyPath, valueAt } from './key-path.ts';
import { findKey, takesSecret } from './key-tree.ts';
import type { LoadedConfig } from './load.ts';
import { listReferences } from './secret-refs.ts';
import { isUnresolved } from './substitute.ts';

/** A reference that was asked for, with the secret that it stands for. */
export interface SecretAssignment {
  path: string;
  pathSegments: string[];
  value: string;
}

/**
 * The secrets that references of a configuration stand for. Secrets that the file holds itself are not answered.
 * @throws GatewayError INVALID_REQUEST for a target that is no key with a secret.
 */
export function resolveTargets(
  { parsed, config, secrets }: LoadedConfig,
  { targetIds, allowedPaths }: { targetIds: readonly string[]; allowedPaths?: readonly string[] | undefined },
): { assignments: SecretAssignment[]; diagnostics: string[]; inactiveRefPaths: string[] } {
  const known = secretTargets();
  for (const id of targetIds) if (!known.has(id)) throw unknownTarget(id, known);
  const file = enterAgentList(isPlainObject(parsed) ? parsed : {});
  const paths = listReferences(file)
    .map(({ path }) => path)
    .filter((path) => targetIds.includes(toTarget(path)) && (!allowedPaths || allowedPaths.includes(formatKey(path))));
  const inactiveRefPaths = paths.map(formatKey).filter((path) => secrets.inactive.includes(path));
  const assignments: SecretAssignment[] = [];
  const diagnostics: string[] = [];
  for (const path of paths) {
    const value = valueAt(config, path);
    if (typeof value === 'string' && !isUnresolved(value))
      assignments.push({ path: formatKey(path), pathSegments: path.map(String), value });
    else if (!inactiveRefPaths.includes(formatKey(path)))
      diagnostics.push(`${formatKey(path)}: the secret is not available; the gateway's log says why`);
  }
  return { assignments, diagnostics, inactiveRefPaths };
}

/** Keys that may hold a reference, with `*` for names of the user's choice. */
function secretTargets(): ReadonlySet<string> {
  const keys = actedOn.filter((key) => {
    const node = findKey(key.split('.'));
    return node !== undefined && takesSecret(node);
  });
  return new Set(keys.map((key) => key.replaceAll('<id>', '*')));
}

function toTarget(path: KeyPath): string {
  return findKey(path)?.path.replaceAll('<id>', '*') ?? '';
}

function unknownTarget(id: string, known: ReadonlySet<string>): GatewayError {
  const message = `invalid secrets.resolve params: unknown target id "${id.slice(0, 200)}"; there are: ${[...known].join(', ')}`;
  return new GatewayError('INVALID_REQUEST', message, {
    details: { code: 'UNKNOWN_TARGET', targetId: id.slice(0, 200) },
  });
}
