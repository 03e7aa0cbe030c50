import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { checkSignature, type SignatureScheme } from '../../server/hooks/signature.ts';

const now = Date.UTC(2026, 10, 22);
const at = String(now / 1000);

interface Given {
  scheme: SignatureScheme;
  secret: string;
  headers: Record<string, string>;
  body: string;
  when?: number;
  payload?: unknown;
}

const check = ({ scheme, secret, headers, body, when = now, payload }: Given) =>
  checkSignature({ headers, body: Buffer.from(body), payload }, { scheme, secret, toleranceMs: 300_000, now: when });

describe('the published examples', () => {
  it('of GitHub', () => {
    // https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    const given: Given = {
      scheme: 'github',
      secret: "It's a Secret to Everybody",
      body: 'Hello, World!',
      headers: { 'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17' },
    };
    expect(check(given).deliveries).toHaveLength(1);
    expect(check({ ...given, body: 'Hello, World?' }).fault).toContain('the signature is wrong');
  });

  it('of Slack', () => {
    // https://docs.slack.dev/authentication/verifying-requests-from-slack
    const body =
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar' +
      '&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com' +
      '%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
    const given: Given = {
      scheme: 'slack',
      secret: '8f742231b10e8888abcd99yyyzzz85a5',
      body,
      when: 1_531_420_618_000,
      headers: {
        'x-slack-request-timestamp': '1531420618',
        'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
      },
    };
    expect(check(given).deliveries).toHaveLength(1);
    expect(check({ ...given, when: now }).fault).toContain('not of the last 300 seconds');
  });

  it('of Standard Webhooks', () => {
    // https://docs.svix.com/receiving/verifying-payloads/how-manual
    const given: Given = {
      scheme: 'standard-webhooks',
      secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      body: '{"test": 2432232314}',
      when: 1_614_265_330_000,
      headers: {
        'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
        'webhook-timestamp': '1614265330',
        'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
      },
    };
    expect(check(given).deliveries).toEqual(['id msg_p5jXN8AQM9LWM0D4loKWxJek']);
    const svix = Object.fromEntries(
      Object.entries(given.headers).map(([name, value]) => [name.replace('webhook', 'svix'), value]),
    );
    expect(check({ ...given, headers: svix }).deliveries).toEqual(['id msg_p5jXN8AQM9LWM0D4loKWxJek']);
  });
});

const hex = (secret: string, text: string) => createHmac('sha256', secret).update(text).digest('hex');
const base64 = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest('base64');
const key = Buffer.from('a key of twenty-four byte');
const body = '{"id":"evt_1","text":"hällo"}';

/** A right request of each scheme, signed here. */
const signed: Record<SignatureScheme, (stamp?: string) => Given> = {
  github: () => ({
    scheme: 'github',
    secret: 's',
    body,
    headers: { 'x-hub-signature-256': `sha256=${hex('s', body)}`, 'x-github-delivery': 'd1' },
  }),
  stripe: (stamp = at) => ({
    scheme: 'stripe',
    secret: 'whsec_s',
    body,
    headers: { 'stripe-signature': `t=${stamp},v1=${hex('whsec_s', `${stamp}.${body}`)},v0=old` },
  }),
  slack: (stamp = at) => ({
    scheme: 'slack',
    secret: 's',
    body,
    headers: { 'x-slack-request-timestamp': stamp, 'x-slack-signature': `v0=${hex('s', `v0:${stamp}:${body}`)}` },
  }),
  'standard-webhooks': (stamp = at) => ({
    scheme: 'standard-webhooks',
    secret: `whsec_${key.toString('base64')}`,
    body,
    headers: {
      'webhook-id': 'm1',
      'webhook-timestamp': stamp,
      'webhook-signature': `v1,${base64(key, `m1.${stamp}.${body}`)}`,
    },
  }),
};
const schemes = Object.keys(signed) as SignatureScheme[];
const timed = schemes.filter((scheme) => scheme !== 'github');

describe.each(schemes)('a signature of %s', (scheme) => {
  const given = () => signed[scheme]();

  it('is right over exactly these bytes, with this secret', () => {
    expect(check(given()).fault).toBeUndefined();
    expect(check({ ...given(), body: `${body} ` }).fault).toContain('the signature is wrong');
    expect(check({ ...given(), body: body.replace('ä', 'a') }).fault).toBeDefined();
    expect(check({ ...given(), secret: 'whsec_b3RoZXI=' }).fault).toBeDefined();
  });

  it('is wrong when any header is missing, empty or nonsense', () => {
    for (const name of Object.keys(given().headers).filter((header) => header !== 'x-github-delivery')) {
      const { [name]: _, ...without } = given().headers;
      expect([name, check({ ...given(), headers: without }).fault]).toEqual([name, expect.any(String)]);
      for (const value of ['', ' ', 'nonsense', '\0', 'v1', 'v1,', 't=,v1=', `${'9'.repeat(40)}`, 'x'.repeat(10_000)])
        expect([name, value.slice(0, 20), check({ ...given(), headers: { ...without, [name]: value } }).fault]).toEqual(
          [name, value.slice(0, 20), expect.any(String)],
        );
    }
  });
});

describe.each(timed)('the window of %s', (scheme) => {
  it.each([
    [-300, true],
    [300, true],
    [-301, false],
    [301, false],
  ])('%i seconds off: %s', (seconds, isRight) => {
    const given = signed[scheme](String(now / 1000 + seconds));
    expect(check(given).fault === undefined).toBe(isRight);
  });

  it('is signed: another time does not go with the signature', () => {
    const given = signed[scheme](String(now / 1000 - 400));
    const headers = Object.fromEntries(
      Object.entries(given.headers).map(([name, value]) => [name, value.replace(String(now / 1000 - 400), at)]),
    );
    expect(check({ ...given, headers }).fault).toContain('the signature is wrong');
  });
});

describe('several signatures', () => {
  it('are all looked at, of the version that is known', () => {
    const stripe = signed.stripe();
    const right = hex('whsec_s', `${at}.${body}`);
    const with_ = (value: string) => check({ ...stripe, headers: { 'stripe-signature': value } }).fault;
    expect(with_(`t=${at},v1=${'0'.repeat(64)},v1=${right}`)).toBeUndefined();
    expect(with_(`t=${at},v0=${right}`)).toBeDefined();
    expect(with_(`v1=${right}`)).toBeDefined();
    const standard = signed['standard-webhooks']();
    const own = standard.headers['webhook-signature'] ?? '';
    const and = (value: string) =>
      check({ ...standard, headers: { ...standard.headers, 'webhook-signature': value } }).fault;
    expect(and(`v1,AAAA v1a,xyz ${own}`)).toBeUndefined();
    expect(and(own.replace('v1,', 'v1a,'))).toBeDefined();
  });
});

describe('what makes a repetition', () => {
  it('is the id of the sender where it stands in what is signed', () => {
    const { stripe, slack } = signed;
    expect(check({ ...stripe(), payload: { id: 'evt_1' } }).deliveries).toEqual(['id evt_1']);
    expect(check({ ...slack(), payload: { event_id: 'Ev1' } }).deliveries).toEqual(['id Ev1']);
    expect(check(slack()).deliveries).toEqual([expect.stringMatching(/^v0=[0-9a-f]{64}$/)]);
  });

  it('is the signature for GitHub too, whose id is not signed', () => {
    const { deliveries } = check(signed.github());
    expect(deliveries).toEqual([`sha256=${hex('s', body)}`, 'id d1']);
  });
});
