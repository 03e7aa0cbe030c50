import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { CallContext } from '../sdk/protocol/method.ts';
import type { Principal } from '../sdk/protocol/scopes.ts';
import { limitAttempts } from './auth/attempts.ts';
import { type AuthPolicy, defineAuthentication } from './auth/authenticate.ts';
import type { Caller } from './auth/caller.ts';
import { followPolicy } from './auth/follow-policy.ts';
import { scopesOf, toProxySettings } from './auth/persons.ts';
import type { House } from './domains.ts';
import type { GatewayOptions, Life } from './gateway.ts';
import { createHelloFacts } from './health/hello.ts';
import { createHttpApp } from './http/app.ts';
import { tailLog } from './log/tail.ts';
import { createCallBudget } from './methods/call-budget.ts';
import { createMethods } from './methods/table.ts';
import { describeMachine } from './system/machine.ts';
import { createWhois } from './tailscale/whois.ts';
import { limitsFrom } from './wire/limits.ts';
import { tellTraffic } from './wire/traffic.ts';
import { createWire } from './wire/wire.ts';

export interface FrontDeps {
  house: House;
  policy: AuthPolicy;
  life: Life;
}

/** The two ways in, sockets and HTTP, with one authentication and the same methods. */
export function openFronts(options: GatewayOptions, { house, policy, life }: FrontDeps) {
  const { paths, env, version, buildId, log } = options;
  const { domains, health } = house;
  const { config, devices, diagnostics } = domains;
  const { startedAt } = life;
  const attempts = limitAttempts(() => config.current().gateway?.auth?.rateLimit ?? {});
  const askTailscale = createWhois({ env, log: log.child('tailscale') });
  const whois = () => {
    const { allowTailscale = options.settings.tailscale === 'serve' } = config.current().gateway?.auth ?? {};
    return allowTailscale ? askTailscale : undefined;
  };
  const authentication = followPolicy(policy, (next) =>
    defineAuthentication(next, attempts, { tokens: devices, whois }),
  );
  const origins = () => config.current().gateway?.controlUi?.allowedOrigins ?? [];
  const proxies = () => toProxySettings(config.current().gateway, authentication.policy());
  const bootId = randomUUID();
  const budget = createCallBudget();
  const port = () => Number(new URL(life.url).port);
  const methods = createMethods({
    ...domains,
    log,
    machine: () => describeMachine({ stateDir: paths.stateDir, bootId, startedAt, port }),
    presence: () => wire.presence(),
    health: health.takeHealth,
    status: health.sumUp,
    tailLog: (page) => tailLog(log.currentFile(), page),
  });
  const wire = createWire({
    authentication,
    devices,
    get allowedOrigins() {
      return origins();
    },
    get proxies() {
      return proxies();
    },
    scopesOf: (user) => scopesOf(config.current().gateway?.auth?.identityScopes, user),
    handle: methods.handle,
    hello: createHelloFacts({
      ...domains,
      appliedConfigHash: domains.configFile.appliedHash,
      server: { version, bootId, buildId },
      health,
      startedAt,
      isDraining: () => life.phase === 'draining',
      admin: { configPath: paths.configPath, stateDir: paths.stateDir, authMode: policy.mode },
    }),
    health: health.takeHealth,
    self: { host: hostname(), version, platform: process.platform },
    isStarting: () => life.phase === 'starting',
    budget,
    answered: (call) => house.meters.answeredCall({ transport: 'socket', ...call }),
    traffic: options.wsLog && tellTraffic(options.wsLog, log.child('ws')),
    record: diagnostics.record,
    limits: limitsFrom(env, log.child('wire').warn),
    log,
  });
  const callContext = (principal: Principal, { address }: Caller): CallContext => ({
    principal,
    spend: (method, limit) => budget.spend({ method, address }, limit),
    handle: (path, input, { signal, context }) =>
      methods.handle(path, input, {
        signal,
        principal: context.principal,
        subscriptions: undefined,
        follow: undefined,
      }),
    listen: wire.listen,
  });
  const http = createHttpApp({
    ...domains,
    authentication,
    get allowedOrigins() {
      return origins();
    },
    get proxies() {
      return proxies();
    },
    probes: {
      phase: () => life.phase,
      failing: house.readiness.failing,
      startedAt,
    },
    metrics: { ...house.meters, expose: house.expose },
    callContext,
    version,
    log: log.child('http'),
    limits: options.httpLimits,
  });
  return { wire, http, authentication };
}
