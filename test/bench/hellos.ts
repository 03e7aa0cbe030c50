import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import WebSocket from 'ws';
import { token } from './gateway-process.ts';
import { median } from './processes.ts';

/** A key pair that stays the same over its connects. */
export interface BenchDevice {
  id: string;
  publicKey: string;
  privateKey: KeyObject;
}

export function makeBenchDevice(): BenchDevice {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  return { id: createHash('sha256').update(raw).digest('hex'), publicKey: raw.toString('base64url'), privateKey };
}

const samples = 300;
const warmUp = 50;

/** Median milliseconds from opening a socket to hello-ok, one after the other; of all work, the client's included. */
export async function measureHello(port: number, device: BenchDevice | undefined): Promise<number> {
  const times: number[] = [];
  for (let index = 0; index < warmUp + samples; index++) {
    const started = performance.now();
    const socket = await sayHello(port, device);
    if (index >= warmUp) times.push(performance.now() - started);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.terminate();
    await closed;
  }
  return median(times);
}

const client = { id: 'gateway-client', mode: 'backend', version: '0', platform: 'bench' };
const scopes = ['operator.read'];

function sayHello(port: number, device: BenchDevice | undefined): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
    socket.once('error', reject);
    socket.on('message', (raw) => {
      const frame = JSON.parse(String(raw));
      if (frame.event === 'connect.challenge') {
        const params = {
          minProtocol: 4,
          maxProtocol: 4,
          client,
          role: 'operator',
          scopes,
          auth: { token },
          device: device && prove(device, frame.payload),
        };
        socket.send(JSON.stringify({ type: 'req', id: 'hello', method: 'connect', params }));
      } else if (frame.id === 'hello') {
        if (frame.ok) resolve(socket);
        else reject(new Error(frame.error?.message));
      }
    });
  });
}

function prove({ id, publicKey, privateKey }: BenchDevice, { nonce, ts }: { nonce: string; ts: number }) {
  const fields = [
    'v3',
    id,
    client.id,
    client.mode,
    'operator',
    scopes.join(','),
    ts,
    token,
    nonce,
    client.platform,
    '',
  ];
  const signature = sign(null, Buffer.from(fields.join('|')), privateKey).toString('base64url');
  return { id, publicKey, signature, signedAt: ts, nonce };
}
