import { prove, type Signed, type TestDevice } from './auth/device.ts';
import type { House } from './wire/house.ts';
import { type AnyFrame, type Closed, connectParams, type DialOptions, dial, type Raw } from './wire/raw.ts';

/** A client that is neither our own backend nor a page. */
export const plainClient = { id: 'openclaw-macos', mode: 'ui', version: '1', platform: 'macos' };

/** What makes a client one of another machine. */
export const elsewhere = { headers: { 'x-forwarded-for': '192.0.2.7' } };

export interface DeviceConnect extends DialOptions {
  /** Changes of the parameters of `connect`. */
  params?: Record<string, unknown>;
  /** Changes of the proof. */
  signed?: Partial<Signed>;
}

/** Opens a socket and sends `connect` with a device, once the challenge says what to sign. */
export async function connectDevice(
  house: Pick<House, 'url'>,
  device: TestDevice,
  { params: changes = {}, signed = {}, ...options }: DeviceConnect = {},
): Promise<Raw & { hello: AnyFrame }> {
  const raw = await dial(house, options);
  const challenge = await raw.event('connect.challenge');
  const params = { ...connectParams, client: plainClient, ...changes };
  const { auth, role, scopes, client } = params as typeof connectParams & { auth?: Record<string, string> };
  const token = auth?.token ?? auth?.deviceToken ?? auth?.bootstrapToken;
  const nonce = String(challenge.payload?.nonce);
  const proof = prove({ device, nonce, role, scopes, client, ...(token !== undefined && { token }), ...signed });
  const hello = await raw.request('connect', { ...params, device: proof }, 'hello');
  return Object.assign(raw, { hello });
}

/** What was told to a device that was let in. */
export function authOf({ hello }: { hello: AnyFrame }) {
  if (!hello.ok) throw new Error(`refused: ${JSON.stringify(hello.error)}`);
  return hello.payload?.auth as unknown as {
    role: string;
    scopes: string[];
    method: string;
    deviceToken?: string;
    issuedAtMs?: number;
    recoveryScope?: string;
    grantedAs?: string;
  };
}

/** The refusal of a device, and how its socket was closed after it. */
export async function refusalOf(raw: Raw & { hello: AnyFrame }) {
  const { hello } = raw;
  if (hello.ok) throw new Error('it was let in');
  const closed: Closed = await raw.closed;
  return { error: hello.error, details: hello.error?.details ?? {}, closed };
}
