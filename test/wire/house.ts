import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { HealthSnapshot } from '../../sdk/protocol/health.ts';
import type { SecondAnswer } from '../../sdk/protocol/method.ts';
import { limitAttempts } from '../../server/auth/attempts.ts';
import { type AuthPolicy, defineAuthentication } from '../../server/auth/authenticate.ts';
import { followPolicy, type LivingAuthentication } from '../../server/auth/follow-policy.ts';
import { openDatabase } from '../../server/database/database.ts';
import { createDevices, type Devices } from '../../server/devices/devices.ts';
import { createStability, type Stability } from '../../server/health/stability.ts';
import type { Log, LogFields } from '../../server/log/log.ts';
import { createCallBudget } from '../../server/methods/call-budget.ts';
import type { Context } from '../../server/methods/context.ts';
import { deviceMethods } from '../../server/methods/device.ts';
import { defaultLimits, type Limits } from '../../server/wire/limits.ts';
import { createWire, type Wire, type WireCall } from '../../server/wire/wire.ts';
import { scratch } from '../scratch.ts';

export const token = 'correct-horse-battery-staple';

export interface LogLine {
  level: keyof Omit<Log, 'child'>;
  message: string;
  fields: LogFields | undefined;
}

/** A log that can be read by the test. */
export function createMemoryLog(): Log & { lines: LogLine[] } {
  const lines: LogLine[] = [];
  const write = (level: LogLine['level']) => (message: string, fields?: LogFields) => {
    lines.push({ level, message, fields });
  };
  const log: Log & { lines: LogLine[] } = {
    lines,
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    redact: (text) => text,
    child: () => log,
  };
  return log;
}

const sessions = { path: ':memory:', count: 0, recent: [] };

export const healthSnapshot = (): HealthSnapshot => ({
  ok: true,
  ts: Date.now(),
  durationMs: 0,
  eventLoop: {
    degraded: false,
    reasons: [],
    intervalMs: 1000,
    delayP99Ms: 0,
    delayMaxMs: 0,
    utilization: 0,
    cpuCoreRatio: 0,
  },
  plugins: { loaded: [], errors: [] },
  channels: {},
  channelOrder: [],
  channelLabels: {},
  heartbeatSeconds: 0,
  defaultAgentId: 'main',
  agents: [],
  sessions,
  configReload: { hotReloadStatus: 'disabled' },
});

export type TestHandler = (input: never, call: WireCall) => unknown;

export interface House extends AsyncDisposable {
  wire: Wire;
  authentication: LivingAuthentication;
  server: Server;
  /** What has strained the wire. */
  stability: Stability;
  url: string;
  port: number;
  log: ReturnType<typeof createMemoryLog>;
  devices: Devices;
}

export interface HouseOptions {
  policy?: AuthPolicy;
  limits?: Partial<Limits>;
  handlers?: Record<string, TestHandler>;
  allowedOrigins?: string[];
  isStarting?: () => boolean;
  hello?: () => never;
  /** Default true, as in the configuration. */
  autoApproveLocal?: boolean;
  /** Milliseconds since the epoch, for devices. */
  now?: () => number;
  /** Awaited between the check of the credentials of a device and its admission. */
  beforeAdmission?: () => Promise<void>;
  /** Told to everybody who connects; nobody by default. */
  health?: () => HealthSnapshot;
}

/** A wire on a real listener, with the handlers that a test brings. */
export async function openHouse(options: HouseOptions = {}): Promise<House> {
  const log = createMemoryLog();
  const stability = createStability();
  const handlers: Record<string, TestHandler> = {
    health: () => healthSnapshot(),
    'system-presence': () => wire.presence(),
    ...deviceHandlers(() => devices),
    ...options.handlers,
  };
  const snapshot = {
    health: healthSnapshot(),
    uptimeMs: 1,
    configPath: '/etc/openclaw.json',
    stateDir: '/var/openclaw',
    authMode: 'token' as const,
  };
  const folder = await scratch();
  const database = await openDatabase(join(folder.path, 'openclaw.db'));
  const devices = createDevices({
    database,
    secret: 'what device tokens are derived from',
    publish: (event, payload, audience) => wire.publish(event, payload, audience),
    sockets: { close: (device) => wire.closeDevice(device) },
    autoApproveLocal: () => options.autoApproveLocal ?? true,
    now: options.now,
  });
  const authentication = followPolicy(options.policy ?? { mode: 'token', token }, (policy) =>
    defineAuthentication(policy, limitAttempts(), { tokens: devices }),
  );
  const wire = createWire({
    authentication,
    devices: {
      ...devices,
      async admit(arrival) {
        await options.beforeAdmission?.();
        return devices.admit(arrival);
      },
    },
    allowedOrigins: options.allowedOrigins,
    // The tests are a proxy when they pass on sockets of somebody elsewhere.
    proxies: { trusted: ['127.0.0.1'] },
    handle(path, input, call) {
      const handler = handlers[path];
      if (!handler) throw new Error(`the test has no handler for ${path}`);
      return handler(input as never, call);
    },
    hello: options.hello ?? (() => ({ server: { version: '0.1.0', bootId: 'boot' }, snapshot })),
    self: { host: 'here', version: '0.1.0', platform: 'linux' },
    isStarting: options.isStarting,
    budget: createCallBudget(),
    health: options.health,
    record: stability.record,
    limits: { ...defaultLimits, ...options.limits },
    log,
  });
  const server = createServer((_request, response) => response.end('http'));
  server.on('upgrade', wire.upgrade);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    wire,
    authentication,
    server,
    stability,
    url: `ws://127.0.0.1:${port}`,
    port,
    log,
    devices,
    async [Symbol.asyncDispose]() {
      await wire.close({ reason: 'gateway stopping' });
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      devices.close();
      await database.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** A promise with its handles outside, for handlers that a test steers. */
export const steered = <T = SecondAnswer>() => Promise.withResolvers<T>();

/** The methods of devices, as the gateway has them. */
const deviceHandlers = (devices: () => Devices): Record<string, TestHandler> =>
  Object.fromEntries(
    Object.entries(deviceMethods).map(([name, handler]) => [
      `device.${name}`,
      (input: never, call: WireCall) =>
        handler({ input, ctx: { devices: devices(), principal: call.principal } as Context, signal: undefined }),
    ]),
  );
