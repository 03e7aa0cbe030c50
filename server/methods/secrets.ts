import { secrets } from '../../sdk/protocol/secrets.ts';
import { implement } from './implement.ts';

export const secretsMethods = implement(secrets, {
  async reload({ ctx }) {
    const { warnings, recovered } = await ctx.configFile.reloadSecrets();
    const log = ctx.log.child('secrets');
    if (warnings.length > 0) log.warn('SECRETS_RELOADER_DEGRADED', { warnings });
    if (recovered) log.info('SECRETS_RELOADER_RECOVERED');
    return { ok: true, warningCount: warnings.length };
  },
  resolve({ input, ctx }) {
    const resolved = ctx.configFile.resolveSecrets(input);
    const paths = resolved.assignments.map(({ path }) => path);
    ctx.log.child('secrets').info('resolved', { command: input.commandName.slice(0, 100), paths });
    return { ok: true, ...resolved, inactiveRefPaths: [] };
  },
});
