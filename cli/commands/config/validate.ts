import type { Command } from '../../command.ts';
import { exitCodes } from '../../misuse.ts';
import { oneLine, printable } from '../../render/text.ts';
import { answer, type Shell } from '../../shell.ts';

/** `openclaw config file`: which file is read; asks no gateway. `--json`: `{ schemaVersion, path, exists }`. */
export function fileCommand(shell: Shell): Command {
  return {
    meta: { name: 'file', description: 'Print the path of the configuration file.' },
    examples: ['openclaw config file', 'openclaw --profile work config file --json'],
    run: async () => {
      const { stat } = await import('node:fs/promises');
      const { findPaths } = await import('../../local/gateway-here.ts');
      const { configPath: path } = findPaths(shell.env, shell.globals);
      const exists = await stat(path).then(
        () => true,
        () => false,
      );
      answer(shell, { schemaVersion: 1, path, exists }, () => `${printable(path)}\n`);
      return exitCodes.ok;
    },
  };
}

/**
 * `openclaw config validate`: checks the file on this machine as a start does; asks no gateway, reads no secret.
 * `--json`: `{ schemaVersion, path, exists, valid, files, issues, warnings, faults }`. Exit code 78 for a file that no gateway starts with.
 */
export function validateCommand(shell: Shell): Command {
  return {
    meta: { name: 'validate', description: 'Check the configuration file and those that it includes.' },
    examples: ['openclaw config validate', 'openclaw config validate --json'],
    run: async () => {
      const { readGatewayHere } = await import('../../local/gateway-here.ts');
      const { config, faults } = await readGatewayHere(shell);
      const { path, exists, issues, warnings, files } = config;
      const valid = config.valid && faults.length === 0;
      const payload = { schemaVersion: 1, path, exists, valid, files, issues, warnings, faults };
      answer(shell, payload, ({ paint }) => {
        if (config.fault !== undefined) return `${printable(config.fault)}\n`;
        if (!exists)
          return `${printable(path)}: no such file; a gateway runs with the defaults (--allow-unconfigured).\n`;
        const state = valid ? 'valid' : paint('red', 'no gateway starts with it');
        const remarks = [...faults, ...warnings.map((one) => `${one.path || 'file'}: ${one.message}`)];
        return `${[`${path}: ${state}`, ...remarks.map((remark) => `- ${remark}`)].map(oneLine).join('\n')}\n`;
      });
      return valid ? exitCodes.ok : exitCodes.misconfigured;
    },
  };
}
