import { unwatchFile, watchFile } from 'node:fs';
import type { Log } from '../log/log.ts';
import { type CheckedMaterial, readMaterial, type TlsMaterial } from './material.ts';
import { ensureCertificate, isDue, renewCertificate } from './self-signed.ts';
import type { TlsSettings } from './settings.ts';

/** The certificate in use. */
export interface Certificate {
  readonly material: TlsMaterial;
  /** SHA-256 of the certificate, in pairs of hexadecimal digits with colons: what clients pin. */
  readonly fingerprint: string;
  close(): void;
}

export interface CertificateOptions {
  log: Log;
  /** True while changes of files are not to be followed (`gateway.reload.mode` `off`). */
  isPaused(): boolean;
  /** Called with each new certificate, with which new connections are to be answered. */
  renewed(certificate: Pick<Certificate, 'material' | 'fingerprint'>): Promise<void>;
  /** Milliseconds between two looks at the files. Default 2000. */
  lookMs?: number | undefined;
}

const dayMs = 86_400_000;

/**
 * Reads the certificate, after making one where there is none, and follows its files from then on: what is put in their
 * place, by any means, is checked whole and then used for new connections; what is of no use changes nothing and is logged.
 * @throws GatewayError INVALID_CONFIG that names the file.
 */
export async function openCertificate(settings: TlsSettings, options: CertificateOptions): Promise<Certificate> {
  const { log, lookMs = 2000 } = options;
  await ensureCertificate(settings);
  let current = await readCurrent(settings, log);
  tellOfValidity(current, settings, log);

  const look = async () => {
    if (options.isPaused()) return;
    try {
      const found = await readMaterial(settings);
      if (isSame(found, current)) return;
      current = found;
      tellOfValidity(found, settings, log);
      log.info('the certificate was renewed', { file: settings.certPath, fingerprint: toFingerprint(found) });
      await options.renewed({ material: found.material, fingerprint: toFingerprint(found) });
    } catch (error) {
      // Half written, or wrong: the one in use stays, and the next change is looked at again.
      log.warn('the certificate on disk cannot be used, the one from before stays', { error });
    }
  };
  const renewIfDue = async () => {
    try {
      if (settings.autoGenerate && isDue(current.certificate)) await renewCertificate(settings);
    } catch (error) {
      log.warn('the certificate ends soon, and a new one could not be written', { error });
    }
  };
  const files = [settings.certPath, settings.keyPath, ...(settings.caPath === undefined ? [] : [settings.caPath])];
  let looking: Promise<void> = Promise.resolve();
  const onChange = () => {
    looking = looking.then(look);
  };
  for (const file of files) watchFile(file, { interval: lookMs, persistent: false }, onChange);
  const timer = setInterval(() => void renewIfDue(), dayMs).unref();

  return {
    get material() {
      return current.material;
    },
    get fingerprint() {
      return toFingerprint(current);
    },
    close() {
      clearInterval(timer);
      for (const file of files) unwatchFile(file, onChange);
    },
  };
}

// --- internal ---

const toFingerprint = ({ certificate }: CheckedMaterial) => certificate.fingerprint256;

/** One of ours that ends soon is replaced at once: before anybody is answered with it. */
async function readCurrent(settings: TlsSettings, log: Log): Promise<CheckedMaterial> {
  const found = await readMaterial(settings);
  if (!settings.autoGenerate || !isDue(found.certificate)) return found;
  await renewCertificate(settings);
  const renewed = await readMaterial(settings);
  log.warn('the certificate of this gateway was renewed: clients elsewhere need the new fingerprint', {
    before: toFingerprint(found),
    fingerprint: toFingerprint(renewed),
  });
  return renewed;
}

function isSame(found: CheckedMaterial, current: CheckedMaterial): boolean {
  const [a, b] = [found.material, current.material];
  return a.cert === b.cert && a.key === b.key && a.ca === b.ca;
}

/** A certificate out of its time still serves those who pin it. */
function tellOfValidity({ certificate }: CheckedMaterial, { certPath }: TlsSettings, log: Log): void {
  const { validFromDate, validToDate, validTo, validFrom } = certificate;
  const now = Date.now();
  if (validToDate.getTime() < now)
    log.warn(`the certificate ${certPath} ended on ${validTo}: only clients that pin it accept it`);
  else if (validFromDate.getTime() > now) log.warn(`the certificate ${certPath} is valid from ${validFrom} on only`);
}
