import type { Fault } from './faults.ts';
import { formatKey, isPlainObject, type KeyPath, valueAt } from './key-path.ts';

/** Lists of tools that contradict each other: `allow` names all that there is, `alsoAllow` adds to a profile. */
export function findToolFaults(file: Record<string, unknown>): Fault[] {
  const agents = ['entries', 'list'].flatMap((name): KeyPath[] => {
    const listed = valueAt(file, ['agents', name]);
    if (Array.isArray(listed)) return listed.map((_, index) => ['agents', name, index, 'tools']);
    return isPlainObject(listed) ? Object.keys(listed).map((id) => ['agents', name, id, 'tools']) : [];
  });
  return [['tools'], ...agents].flatMap((steps: KeyPath) => {
    const setting = valueAt(file, steps);
    if (!isPlainObject(setting) || setting.allow === undefined || setting.alsoAllow === undefined) return [];
    const place = [...steps, 'alsoAllow'];
    const message = `there is ${formatKey([...steps, 'allow'])} too, and only one of them can be: add these names to it`;
    return [{ steps: place, path: formatKey(place), message }];
  });
}
