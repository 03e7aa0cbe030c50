import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../server/config/config.ts';
import { resolveGateway } from '../server/config/gateway.ts';
import { loadConfig } from '../server/config/load.ts';
import { resolvePaths } from '../server/config/paths.ts';
import { startGateway } from '../server/gateway.ts';
import type { HttpLimits } from '../server/http/deps.ts';
import { createLog } from '../server/log/file-log.ts';
import { scratch } from './scratch.ts';
import { reply, startUpstream } from './upstream.ts';

export const token = 'a-token-for-tests-only';
/** The upstream's key: must never be seen by a client. */
export const upstreamKey = 'sk-upstream-secret-0123456789';

export interface TestGatewayOptions {
  /** Merged over the test's configuration, namespace by namespace. */
  config?: Config;
  env?: Record<string, string>;
  /** State directory; a new one that goes away with the test by default. */
  folder?: string;
  /** As in GatewayOptions. Default 1000: a test that leaves a run behind does not wait for it. */
  drainMs?: number;
  /** As in GatewayOptions. */
  httpLimits?: Partial<HttpLimits>;
}

/**
 * A whole gateway in this process: real listener, real database, real log. Its default agent's model is `up/one`, a local
 * server whose answers the test scripts.
 */
export async function startTestGateway(options: TestGatewayOptions = {}) {
  const { config = {}, env = {}, folder, drainMs = 1000, httpLimits } = options;
  // Also of a gateway that does not start nothing is left.
  await using begun = new AsyncDisposableStack();
  const stateDir = folder ?? begun.use(await scratch()).path;
  const upstream = begun.use(await startUpstream(reply('Hello', ' from', ' upstream')));
  const environment = { OPENCLAW_STATE_DIR: stateDir, ...env };
  const paths = resolvePaths({ env: environment, homedir: stateDir });
  const file: Config = {
    ...config,
    // The tests are a proxy when they pass on requests of somebody elsewhere.
    gateway: { auth: { mode: 'token', token }, trustedProxies: ['127.0.0.1'], ...config.gateway },
    agents: { defaults: { model: 'up/one' }, ...config.agents },
    models: {
      providers: {
        ...config.models?.providers,
        up: {
          baseUrl: `${upstream.url}/v1`,
          apiKey: upstreamKey,
          api: 'openai-completions',
          models: [{ id: 'one', name: 'One' }],
          ...config.models?.providers?.up,
        },
      },
    },
  };
  await writeFile(paths.configPath, JSON.stringify(file, undefined, 2));
  const loaded = await loadConfig({ path: paths.configPath, env: environment });
  const settings = { ...resolveGateway({ config: loaded.config, env: environment }), port: 0 };
  const log = createLog({ file: join(stateDir, 'gateway.log'), level: 'debug', consoleLevel: 'silent' });
  const docsDir = join(import.meta.dirname, '..', 'docs');
  const gateway = await startGateway({
    paths,
    loaded,
    settings,
    env: environment,
    version: '0.0.0-test',
    docsDir,
    packageDir: join(import.meta.dirname, '..'),
    log,
    drainMs,
    httpLimits,
  });
  begun.defer(() => gateway.close());
  const held = begun.move();
  return {
    ...gateway,
    paths,
    upstream,
    /** `http://127.0.0.1:<port>`. */
    http: gateway.url.replace(/^ws/, 'http'),
    logFile: join(stateDir, 'gateway.log'),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

export type TestGateway = Awaited<ReturnType<typeof startTestGateway>>;
