import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { token } from '../gateway.ts';
import { connectParams } from '../wire/raw.ts';
import { toJson } from './frames.ts';
import type { Handshake } from './handshakes.ts';
import { faultsOfAnswer, type Target } from './target.ts';

/** Milliseconds until a socket that neither answers nor closes is a fault. */
const patienceMs = 20_000;
/** Reasons for which the gateway may end a socket that is through. */
const mayEnd = /^(repeated unauthorized calls|slow consumer|device removed)$/;
/** Codes with which it may end one that is not. */
const handshakeCodes = [1000, 1002, 1008, 1009, 1013];

/** Sends frames on a socket that is through; each that can be answered is, and the socket stays. */
export async function sendFrames({ url }: Target, texts: readonly string[]): Promise<void> {
  const params = { ...connectParams, auth: { token } };
  await converse(url, [
    () => toJson({ type: 'req', id: 'hello', method: 'connect', params }),
    ...texts.map((json) => () => json),
  ]);
}

/** Sends a handshake, whatever it is; the gateway lets it in or closes the socket. */
export async function shakeHands({ url }: Target, handshake: Handshake): Promise<void> {
  await converse(url, handshake);
}

/** Writes bytes in pieces and closes its half; the gateway closes the other, and what it says is HTTP or frames. */
export function writeBytes({ port }: Target, bytes: Buffer, cuts: readonly number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    const timer = setTimeout(() => socket.destroy(new Error(`still open, after ${answer.slice(0, 500)}`)), patienceMs);
    socket.setNoDelay(true);
    socket.on('connect', () => {
      let from = 0;
      for (const cut of [...cuts].sort((a, b) => a - b)) {
        socket.write(bytes.subarray(from, cut));
        from = Math.max(from, cut);
      }
      socket.end(bytes.subarray(from));
    });
    socket.on('data', (piece) => {
      answer += piece.toString('latin1').slice(0, 2_000);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // The gateway may hang up on what it does not want to read to the end.
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
    });
    socket.on('close', () => {
      clearTimeout(timer);
      if (answer !== '' && !/^HTTP\/1\.1 \d{3} /.test(answer)) reject(new Error(`no HTTP: ${answer.slice(0, 200)}`));
      else if (/^HTTP\/1\.1 500 /.test(answer)) reject(new Error(`a fault of the gateway: ${answer.slice(0, 500)}`));
      else resolve();
    });
  });
}

// --- internal ---

/** Sends everything at once, then asks for health: the answer, or a close, ends the conversation. */
function converse(url: string, texts: Handshake): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    const faults: string[] = [];
    let isIn = false;
    const timer = setTimeout(() => finish('neither answered nor closed'), patienceMs);
    const finish = (fault?: string) => {
      clearTimeout(timer);
      socket.terminate();
      const all = fault === undefined ? faults : [...faults, fault];
      if (all.length === 0) resolve();
      else reject(new Error(all.slice(0, 5).join('\n')));
    };
    socket.on('message', (data) => {
      const raw = String(data);
      faults.push(...faultsOfAnswer(raw));
      const frame = JSON.parse(raw) as { event?: string; id?: string; ok?: boolean; payload?: Record<string, string> };
      if (frame.event === 'connect.challenge') {
        for (const text of texts) socket.send(text(frame.payload?.nonce ?? ''));
      } else if (frame.payload?.type === 'hello-ok') {
        isIn = true;
        socket.send(toJson({ type: 'req', id: barrier, method: 'health', params: {} }));
      } else if (frame.id === barrier) finish(frame.ok ? undefined : 'health was refused');
    });
    socket.on('error', (error) => finish(error.message));
    socket.on('close', (code, reason) => {
      const expected = isIn ? code === 1008 && mayEnd.test(String(reason)) : handshakeCodes.includes(code);
      finish(expected ? undefined : `closed ${code} ${reason}${isIn ? ' after hello' : ''}`);
    });
  });
}

const barrier = 'the-last-request-of-the-fuzzer';
