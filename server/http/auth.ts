import type { IncomingMessage } from 'node:http';
import { isGranted, operatorScopes, type Principal } from '../../sdk/protocol/scopes.ts';
import { isLoopbackAddress } from '../auth/addresses.ts';
import type { Authentication, Verdict } from '../auth/authenticate.ts';
import { type Caller, toCaller } from '../auth/caller.ts';
import { isAllowedHost, refuseOrigin } from '../auth/origin.ts';
import type { ProxySettings } from '../auth/proxies.ts';
import type { Refusal } from '../auth/refusal.ts';
import { refuse, retryAfter } from './failure.ts';

/** Who may call, and from which pages. */
export interface Access {
  authentication: Authentication;
  /** `gateway.controlUi.allowedOrigins`; read anew for each request. */
  allowedOrigins: readonly string[];
  /** Who may pass requests on; read anew for each request. Default nobody. */
  proxies?: ProxySettings | undefined;
}

/**
 * Recognises the sender of a request by its bearer, which is the token or the password.
 * @throws GatewayError that leaves as 401, 403 or 429.
 */
export async function authenticateRequest(access: Access, req: IncomingMessage, id: string): Promise<Principal> {
  const caller = toCaller(req, access.proxies);
  checkPage(access, caller, req);
  const { principal, refusal } = await judge(access, { caller, req, id });
  if (principal) return principal;
  throw toHttpRefusal(refusal);
}

/**
 * Lets programs on this machine in without a secret, and everybody else with one who may read.
 * @throws GatewayError that leaves as 401, 403 or 429.
 */
export async function authenticateReader(access: Access, req: IncomingMessage, id: string): Promise<void> {
  checkPage(access, toCaller(req, access.proxies), req);
  if (isProgramHere(access, req)) return;
  const { scopes } = await authenticateRequest(access, req, id);
  if (!isGranted(scopes, 'operator.read')) throw refuse(403, 'missing scope: operator.read', { code: 'missing_scope' });
}

/** True for callers on this machine and for those with a right bearer: they may know what is wrong. */
export async function isTrusted(access: Access, req: IncomingMessage, id: string): Promise<boolean> {
  const caller = toCaller(req, access.proxies);
  if (isProgramHere(access, req)) return true;
  const presents = toBearer(req.headers) !== undefined || caller.claim?.user !== undefined;
  return presents && !caller.unattributed && (await judge(access, { caller, req, id })).principal !== undefined;
}

/** True for a program on this machine: for no page in a browser, under whatever name, and for no proxy that serves others. */
function isProgramHere({ allowedOrigins, proxies }: Access, req: IncomingMessage): boolean {
  const caller = toCaller(req, proxies);
  // nginx, as it is set up when nobody says otherwise, passes on by HTTP/1.0 and says nothing of the client.
  const isOwn = caller.local && req.httpVersion === '1.1' && isAllowedHost(caller.host, allowedOrigins);
  const { 'sec-fetch-site': site = 'none' } = req.headers;
  return isOwn && /^(none|same-origin)$/.test(String(site)) && refuseOrigin(caller, { allowedOrigins }) === undefined;
}

/** The secret of `Authorization: Bearer`. */
export function toBearer({ authorization = '' }: IncomingMessage['headers']): string | undefined {
  return /^bearer +(\S.*)$/i.exec(authorization)?.[1]?.trim();
}

// --- internal ---

interface Request {
  caller: Caller;
  req: IncomingMessage;
  id: string;
}

function judge({ authentication }: Access, { caller, req, id }: Request): Promise<Verdict> {
  const token = toBearer(req.headers);
  const credentials = token === undefined ? undefined : { token };
  // A secret makes its holder the owner; without one, whoever stands in front of the gateway may ask for less.
  const isNarrowed = authentication.mode === 'none' || caller.claim?.user !== undefined;
  const scopes = isNarrowed
    ? caller.scopes && operatorScopes.filter((scope) => caller.scopes?.includes(scope))
    : undefined;
  return authentication.authenticate({ credentials, caller, id, ...(scopes && { scopes }) });
}

/**
 * Keeps web pages out that must not talk to the gateway. A page cannot know the secret, so where one is needed only the
 * name is checked, and not behind a proxy, which has names of its own.
 */
function checkPage({ authentication, allowedOrigins }: Access, caller: Caller, req: IncomingMessage): void {
  if (caller.unattributed) throw refuseUnattributed();
  const unguarded = authentication.mode === 'none';
  // Whom a proxy has signed in is signed in for every page of the browser.
  const isOpenToPages = unguarded || authentication.mode === 'trusted-proxy';
  const onLoopback = isLoopbackAddress(req.socket.localAddress ?? '');
  if (onLoopback && (unguarded || caller.local) && !isAllowedHost(caller.host, allowedOrigins))
    throw refuse(
      403,
      `host "${caller.host}" is not allowed: use 127.0.0.1, or add it to gateway.controlUi.allowedOrigins`,
    );
  const reason = isOpenToPages ? refuseOrigin(caller, { allowedOrigins }) : undefined;
  if (reason) throw refuse(403, `${reason}: add the page to gateway.controlUi.allowedOrigins`);
}

function refuseUnattributed() {
  return refuse(
    403,
    "proxy_attribution_required: a program on the gateway's machine passes this request on, and nobody knows for whom. " +
      'Add its address (127.0.0.1 or ::1) to gateway.trustedProxies, and let it overwrite X-Forwarded-For',
    { code: 'proxy_attribution_required' },
  );
}

function toHttpRefusal({ code, message, details, retryAfterMs = 0 }: Refusal) {
  if (details.authReason === 'proxy_attribution_required' || details.authReason === 'trusted_proxy_user_not_allowed')
    return refuse(403, message, { code: String(details.authReason) });
  if (code === 'AUTH_RATE_LIMITED')
    return refuse(429, message, { code: 'rate_limit_exceeded', headers: retryAfter(retryAfterMs) });
  return refuse(401, message, { code: 'invalid_api_key', headers: { 'www-authenticate': 'Bearer' } });
}
