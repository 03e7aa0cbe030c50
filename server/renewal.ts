import type { AuthPolicy } from './auth/authenticate.ts';
import type { LivingAuthentication } from './auth/follow-policy.ts';
import type { Prepared } from './config/config-file.ts';
import { type GatewaySettings, requireOwnHookToken, resolveGateway } from './config/gateway.ts';
import type { LoadedConfig } from './config/load.ts';
import { toLogSettings } from './config/log-settings.ts';
import type { Paths } from './config/paths.ts';
import { type RuntimeFile, toShareableSecret } from './config/state-dir.ts';
import { ensureToken } from './config/token.ts';
import type { GatewayOptions } from './gateway.ts';
import type { Wire } from './wire/wire.ts';

export interface RenewalDeps {
  authentication(): LivingAuthentication;
  wire(): Pick<Wire, 'closeOutdated'>;
  /** Tells clients on this machine how they get in from now on. */
  tellWhere(secret: Pick<RuntimeFile, 'token' | 'password'>): Promise<void>;
}

/** Milliseconds for which clients with an old secret stay, so that who changed it has the answer. */
const farewellMs = 250;

/**
 * Makes ready what a configuration changes while the gateway runs besides itself: the secret that clients show, and the log.
 * What is read at a start only stays as it is.
 * @throws GatewayError INVALID_CONFIG when the gateway could not start with it.
 */
export function createRenewal(options: GatewayOptions, { authentication, wire, tellWhere }: RenewalDeps) {
  const { paths, env } = options;
  const log = options.log.child('config');

  const follow = (loaded: LoadedConfig, settings: GatewaySettings, next: AuthPolicy) => {
    const { mode, token, password } = authentication().policy();
    if (next.mode !== mode || (next.token === token && next.password === password)) return;
    authentication().follow(next);
    for (const secret of [next.token, next.password]) if (secret) options.log.learn(secret);
    log.info('the secret of clients is another one: those with the old one are cut');
    const shared = { token: undefined, password: undefined, ...toShareableSecret(next, { loaded, settings }) };
    tellWhere(shared).catch((error: unknown) => log.error('clients here may not find the secret', { error }));
    setTimeout(() => wire().closeOutdated(authentication().holds), farewellMs).unref();
  };

  return async (loaded: LoadedConfig): Promise<Prepared> => {
    const { settings, commit, discard } = options.renew?.(loaded) ?? {
      settings: resolveGateway({ ...loaded, env }),
      commit: () => undefined,
      discard: () => undefined,
    };
    try {
      const next = await readPolicy(settings, paths);
      requireOwnHookToken(loaded.config, next);
      await options.log.judge((options.toLogSettings ?? ((config) => toLogSettings(config, env)))(loaded.config));
      return {
        commit() {
          commit();
          follow(loaded, settings, next);
        },
        discard,
      };
    } catch (error) {
      discard();
      throw error;
    }
  };
}

/** The secret in effect: the configured one, or the gateway's own, made on the first start. */
export async function readPolicy({ auth }: GatewaySettings, { tokenPath }: Paths): Promise<AuthPolicy> {
  if (auth.mode !== 'token' || auth.token !== undefined) return auth;
  return { ...auth, token: await ensureToken(tokenPath), source: tokenPath };
}
