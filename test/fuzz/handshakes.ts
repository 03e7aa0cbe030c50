import fc from 'fast-check';
import { toJsonSchema } from '../../scripts/json-schema.ts';
import { ConnectParams, clientIds, clientModes } from '../../sdk/protocol/hello.ts';
import { makeDevice, prove } from '../auth/device.ts';
import { token } from '../gateway.ts';
import { frameText, toJson } from './frames.ts';
import { anything, broken, shapedAs, text } from './values.ts';

/** What a socket sends before it is through: texts, some of which can only be made from the challenge's nonce. */
export type Handshake = ((nonce: string) => string)[];

const scopes = fc.uniqueArray(
  fc.constantFrom('operator.read', 'operator.write', 'operator.admin', 'operator.pairing', 'no.such'),
);
const secret = fc.oneof({ weight: 3, arbitrary: fc.constant(token) }, { weight: 1, arbitrary: text });
const auth = fc.record(
  { token: secret, password: secret, deviceToken: text, bootstrapToken: text },
  { requiredKeys: [] },
);

/** A connect that a client could send, by chance right in everything or wrong somewhere. */
const honest = fc.record({
  minProtocol: fc.constantFrom(3, 4, 4, 4, 5),
  maxProtocol: fc.constantFrom(3, 4, 4, 4, 5, 9),
  client: fc.record({
    id: fc.constantFrom(...clientIds),
    mode: fc.constantFrom(...clientModes),
    version: fc.constant('1'),
    platform: fc.constantFrom('linux', 'İOS', ' macOS '),
    deviceFamily: fc.constantFrom('Desk', 'ſ'),
  }),
  role: fc.constantFrom('operator', 'operator', 'node', 'worker', 'viewer'),
  scopes,
  auth,
});

/** How a proof is made, and what is then changed in it. */
const proof = fc.record({
  signed: fc.record(
    {
      version: fc.constantFrom('v2' as const, 'v3' as const),
      signedAt: fc.constantFrom(0, -1, 1.5, Number.MAX_SAFE_INTEGER),
      nonce: text,
      token: text,
    },
    { requiredKeys: [] },
  ),
  sent: fc.record(
    { id: text, publicKey: text, signature: text, signedAt: anything, nonce: text },
    { requiredKeys: [] },
  ),
  exact: fc.boolean(),
});

const device = makeDevice();
const connectOf = (params: unknown) => ({ type: 'req', id: 'hello', method: 'connect', params });

const withProof = fc.tuple(honest, proof).map(([params, { signed, sent, exact }]) => (nonce: string) => {
  const { client, role, scopes, auth } = params;
  const presented = auth.token ?? auth.deviceToken ?? auth.bootstrapToken;
  const right = { device, nonce, token: presented, client, role, scopes };
  const made = prove(exact ? right : { ...right, ...signed });
  return toJson(connectOf({ ...params, device: exact ? made : { ...made, ...sent } }));
});
const plain = (connect: fc.Arbitrary<unknown>) => connect.map((params) => () => toJson(connectOf(params)));
const shaped = shapedAs(toJsonSchema(ConnectParams, 'input'));
const brokenConnect = honest.chain((params) => broken(toJson(connectOf(params)))).map((json) => () => json);

const connect = fc.oneof(
  { weight: 4, arbitrary: plain(honest) },
  { weight: 4, arbitrary: withProof },
  { weight: 2, arbitrary: plain(shaped) },
  { weight: 2, arbitrary: brokenConnect },
  { weight: 1, arbitrary: plain(anything) },
);
const behind = fc.array(
  frameText.map((json) => () => json),
  { maxLength: 18 },
);

/** Handshakes in every order: connect first, late, twice or never, with requests behind it. */
export const handshake: fc.Arbitrary<Handshake> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(connect, behind).map(([first, rest]) => [first, ...rest]) },
  { weight: 1, arbitrary: fc.array(connect, { minLength: 1, maxLength: 3 }) },
  { weight: 1, arbitrary: fc.tuple(behind, connect).map(([rest, last]) => [...rest, last]) },
);
