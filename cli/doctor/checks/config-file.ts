import { formatKey } from '../../../server/config/key-path.ts';
import { findLegacyKeys, moveLegacyKeys } from '../../../server/config/legacy-keys.ts';
import { repairFile } from '../../../server/config/repair.ts';
import type { Check, Found } from '../check.ts';
import type { DoctorContext } from '../context.ts';

/** Whether the file is there and can be used, and what of it cannot. */
export const configFile: Check = {
  number: 1,
  id: 'core/doctor/config-file',
  title: 'Configuration file',
  async run({ reading, command, shell }) {
    const { path, exists, issues } = reading;
    if (!exists)
      return [
        {
          severity: 'warning',
          message: `there is no configuration file, so a gateway starts only with --allow-unconfigured`,
          evidence: path,
          path,
          requirement: 'a configuration file with gateway.mode',
          fixHint: `${command} setup`,
        },
      ];
    const legacy = listLegacyPaths(reading);
    const repairs = reading.parsed ? repairFile(reading.parsed, shell.env).repairs : [];
    return issues
      .filter(({ path: key }) => !legacy.some((old) => key === old || key.startsWith(`${old}.`)))
      .map(({ path: key, message, line, column, file }): Found => {
        const repair = file === path ? repairs.find((one) => one.path === key) : undefined;
        return {
          severity: 'error',
          message: key ? `${key}: ${message}` : message,
          evidence: `${file}:${line}:${column}`,
          path: key || file,
          requirement: key ? 'a key and a value that the gateway knows' : 'an object in JSON5',
          fixHint: repair ? `${command} doctor --fix (${repair.change})` : toHint(reading, { key, file, command }),
          remedy: repair && {
            kind: 'edit',
            what: `${key}: ${repair.change}`,
            edit: (tree) => repairFile(tree, shell.env).file,
          },
        };
      });
  },
};

/** Keys of older versions, which can be moved to where they are read today. */
export const legacyConfig: Check = {
  number: 2,
  id: 'core/doctor/legacy-config',
  title: 'Keys of older versions',
  async run({ reading, command }) {
    return findLegacyKeys(reading.parsed ?? {}).map(({ path, to, message }) => ({
      severity: 'error',
      message,
      evidence: reading.path,
      path: formatKey(path),
      requirement: to ? `${formatKey(to)} in its place` : 'no such key',
      fixHint: `${command} doctor --fix (${to ? `moves it to ${formatKey(to)}` : 'removes it'})`,
      remedy: {
        kind: 'edit',
        what: `${formatKey(path)}: ${to ? `moves it to ${formatKey(to)}` : 'removes it'}`,
        edit: moveLegacyKeys,
      },
    }));
  },
};

/** Variables that are not set, and keys that are accepted without an effect. */
export const configValues: Check = {
  number: 3,
  id: 'core/doctor/config-values',
  title: 'Values of the configuration',
  async run({ reading, here }) {
    const unread = new Set(reading.loaded?.unread.map(({ path }) => path));
    return (reading.loaded?.warnings ?? [])
      .filter(({ path }) => !unread.has(path))
      .map(({ path, message }) => ({
        severity: message.includes('does not act on it') ? 'info' : 'warning',
        message: `${path}: ${message}`,
        evidence: here.config.path,
        path,
      }));
  },
};

// --- internal ---

function listLegacyPaths({ parsed }: DoctorContext['reading']): string[] {
  return findLegacyKeys(parsed ?? {}).map(({ path }) => formatKey(path));
}

function toHint(
  { path, parsed }: DoctorContext['reading'],
  { key, file, command }: { key: string; file: string; command: string },
): string {
  if (file !== path) return `correct ${file}, which ${path} includes`;
  if (parsed)
    return key ? `correct ${key} in ${path}; ${command} config explain ${key} tells what it may be` : `correct ${path}`;
  return `correct ${path} at this place, or take back the configuration that worked last: ${command} doctor --fix --restore-last-good`;
}
