import { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generate } from 'selfsigned';

export interface TestCertificate {
  cert: string;
  key: string;
  fingerprint: string;
}

/** A certificate as an operator brings one; by default for 127.0.0.1 and a day. */
export async function makeCertificate({ name = 'operator', days = 1 } = {}): Promise<TestCertificate> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - 86_400_000),
    notAfterDate: new Date(Date.now() + days * 86_400_000),
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  });
  return { cert, key, fingerprint: new X509Certificate(cert).fingerprint256 };
}

/** Writes a pair, key first. */
export async function putCertificate(folder: string, { cert, key }: Pick<TestCertificate, 'cert' | 'key'>) {
  const [certPath, keyPath] = [join(folder, 'server.crt'), join(folder, 'server.key')];
  await writeFile(keyPath, key, { mode: 0o600 });
  await writeFile(certPath, cert);
  return { certPath, keyPath };
}
