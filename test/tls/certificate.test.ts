import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type Certificate, openCertificate } from '../../server/tls/certificate.ts';
import { readTlsSettings } from '../../server/tls/settings.ts';
import { scratch } from '../scratch.ts';
import { makeCertificate, putCertificate, type TestCertificate } from './certificates.ts';

let root: Awaited<ReturnType<typeof scratch>>;
let given: TestCertificate;
beforeAll(async () => {
  root = await scratch();
  given = await makeCertificate();
});
afterAll(() => root[Symbol.asyncDispose]());

let folder = '';
let tests = 0;
beforeEach(async () => {
  folder = join(root.path, `test-${++tests}`);
  await mkdir(folder);
});

const settings = (tls = {}) => {
  const read = readTlsSettings(
    { enabled: true, ...tls },
    { stateDir: folder, configPath: join(folder, 'openclaw.json') },
  );
  if (!read) throw new Error('TLS is not enabled');
  return read;
};
/** Opens one, and tells each renewal. */
async function open(tls = {}, isPaused = () => false) {
  const warnings: string[] = [];
  const renewals: string[] = [];
  const waiting = new Set<() => void>();
  const tell = () => {
    for (const look of waiting) look();
  };
  const note = (message: string) => {
    warnings.push(message);
    tell();
  };
  const log = { warn: note, info() {}, debug() {}, error: note } as never;
  const certificate: Certificate = await openCertificate(settings(tls), {
    log,
    isPaused,
    lookMs: 20,
    async renewed({ fingerprint }) {
      renewals.push(fingerprint);
      tell();
    },
  });
  onTestFinished(() => certificate.close());
  const until = (holds: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!holds()) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  return { certificate, warnings, renewals, until };
}

describe('a certificate of the gateway’s own', () => {
  it('is made on first use, for this machine and nobody else’s eyes, and stays', async () => {
    const { certificate } = await open();
    const { certPath, keyPath } = settings();
    expect((await stat(keyPath)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'gateway', 'tls'))).mode & 0o777).toBe(0o700);
    const made = new X509Certificate(await readFile(certPath));
    expect(made.fingerprint256).toBe(certificate.fingerprint);
    for (const host of ['localhost', hostname()]) expect(made.checkHost(host), host).toBeTruthy();
    for (const ip of ['127.0.0.1', '::1']) expect(made.checkIP(ip), ip).toBeTruthy();
    expect(made.validToDate.getTime()).toBeGreaterThan(Date.now() + 9 * 365 * 86_400_000);
    expect((await open()).certificate.fingerprint).toBe(certificate.fingerprint);
  });

  it('is the same for two gateways that start at once', async () => {
    const opened = await Promise.all([open(), open(), open()]);
    expect(new Set(opened.map(({ certificate }) => certificate.fingerprint)).size).toBe(1);
  });

  it('is finished when a killed gateway left only its key', async () => {
    const { certificate } = await open();
    const { fingerprint, material } = certificate;
    // It would follow the new file.
    certificate.close();
    await rm(settings().certPath);
    const again = (await open()).certificate;
    expect(again.fingerprint).not.toBe(fingerprint);
    expect(again.material.key).toBe(material.key);
  });

  it('is renewed before it ends, with the key it had', async () => {
    const old = await makeCertificate({ name: 'OpenClaw Gateway', days: 20 });
    await mkdir(join(folder, 'gateway', 'tls'), { recursive: true });
    await writeFile(settings().certPath, old.cert);
    await writeFile(settings().keyPath, old.key);
    const { certificate, warnings } = await open();
    expect(certificate.fingerprint).not.toBe(old.fingerprint);
    expect(certificate.material.key.trim()).toBe(old.key.trim());
    expect(warnings).toEqual([expect.stringContaining('was renewed')]);
  });

  it('is made where the operator wants it, when neither file is there', async () => {
    const { certificate } = await open({ certPath: 'tls/a.crt', keyPath: 'tls/a.key' });
    expect(new X509Certificate(await readFile(join(folder, 'tls', 'a.crt'))).fingerprint256).toBe(
      certificate.fingerprint,
    );
  });
});

describe('a certificate of the operator', () => {
  it('is used as it is, also behind a description and with an authority', async () => {
    const paths = await putCertificate(folder, { ...given, cert: `Bag Attributes\n${given.cert}` });
    const { certificate } = await open({ ...paths, caPath: paths.certPath });
    expect(certificate.fingerprint).toBe(given.fingerprint);
  });

  it('is never replaced by one of ours, and said to have ended', async () => {
    const ended = await makeCertificate({ days: -0.5 });
    const { certificate, warnings } = await open(await putCertificate(folder, ended));
    expect(certificate.fingerprint).toBe(ended.fingerprint);
    expect(warnings).toEqual([expect.stringContaining('server.crt ended on')]);
  });

  const refused: [string, () => Promise<object>, RegExp][] = [
    ['half a pair of names', async () => ({ certPath: '/x.crt' }), /gateway\.tls\.keyPath is not set/],
    [
      'a missing pair that may not be made',
      async () => ({ autoGenerate: false }),
      /gateway-cert\.pem is missing.*autoGenerate/,
    ],
    [
      'a pair of which one is missing',
      async () => {
        const paths = await putCertificate(folder, given);
        await rm(paths.keyPath);
        return paths;
      },
      /server\.key is missing, and .*server\.crt is there/,
    ],
    ['what is no certificate', () => putCertificate(folder, { ...given, cert: 'hello' }), /server\.crt is no PEM file/],
    [
      'a damaged certificate',
      () => putCertificate(folder, { ...given, cert: given.cert.replace(/\n.{20}/, '\nAAAA') }),
      /server\.crt is no PEM certificate/,
    ],
    [
      'what is no key',
      () => putCertificate(folder, { ...given, key: given.cert }),
      /server\.key is no PEM private key/,
    ],
    [
      'a key of another certificate',
      async () => putCertificate(folder, { ...given, key: (await makeCertificate()).key }),
      /server\.key does not belong to the certificate .*server\.crt/,
    ],
    [
      'an authority that is not there',
      async () => ({ ...(await putCertificate(folder, given)), caPath: 'ca.crt' }),
      /the CA bundle .*ca\.crt cannot be read \(ENOENT\).*gateway\.tls\.caPath/,
    ],
  ];
  it.each(refused)('is refused: %s', async (_, arrange, message) => {
    const tls = await arrange();
    const error = await (async () => open(tls))().catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'INVALID_CONFIG', message: expect.stringMatching(message) });
    expect(error.message).not.toContain('PRIVATE KEY');
  });
});

describe('files that are replaced while the gateway runs', () => {
  it('are used once they fit, however they are put in place', async () => {
    const paths = await putCertificate(folder, given);
    const { renewals, until, certificate } = await open(paths);
    const second = await makeCertificate();
    await putCertificate(folder, second);
    await until(() => renewals.includes(second.fingerprint));
    const third = await makeCertificate();
    for (const [path, text] of [
      [paths.keyPath, third.key],
      [paths.certPath, third.cert],
    ] as const) {
      await writeFile(`${path}.new`, text);
      await rename(`${path}.new`, path);
    }
    await until(() => renewals.includes(third.fingerprint));
    expect(certificate.fingerprint).toBe(third.fingerprint);
  });

  it('are found behind a link that is moved on', async () => {
    const [a, b] = [join(folder, 'a'), join(folder, 'b')];
    await Promise.all([mkdir(a), mkdir(b)]);
    await putCertificate(a, given);
    const next = await makeCertificate();
    await putCertificate(b, next);
    await symlink(a, join(folder, 'live'));
    const { renewals, until } = await open({ certPath: 'live/server.crt', keyPath: 'live/server.key' });
    await symlink(b, join(folder, 'next'));
    await rename(join(folder, 'next'), join(folder, 'live'));
    await until(() => renewals.includes(next.fingerprint));
  });

  it('change nothing when they are of no use, and are followed on', async () => {
    const paths = await putCertificate(folder, given);
    const { certificate, warnings, renewals, until } = await open(paths);
    await writeFile(paths.certPath, 'half');
    await until(() => warnings.some((text) => text.includes('cannot be used')));
    expect(certificate.fingerprint).toBe(given.fingerprint);
    expect(renewals).toEqual([]);
    const next = await makeCertificate();
    await putCertificate(folder, next);
    await until(() => renewals.includes(next.fingerprint));
  });
});
