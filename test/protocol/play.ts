import { WebSocket } from 'ws';
import type { ConnectParams } from '../../sdk/protocol/hello.ts';
import { makeDevice, prove, type TestDevice } from '../auth/device.ts';
import { startTestGateway, type TestGateway, token } from '../gateway.ts';
import { begin, chunk, refuse, reply } from '../upstream.ts';
import { connectParams } from '../wire/raw.ts';
import type { Fixture, GatewaySetup, Step } from './fixture.ts';
import { differences, fill, isRecord, type Known } from './matchers.ts';

type Frame = Record<string, unknown>;

/** One socket of a fixture, and the place in what it got up to which frames were expected. */
interface Line {
  socket: WebSocket;
  frames: Frame[];
  taken: number;
  end: { code: number; reason: string } | undefined;
  nonce: string;
}

const patienceMs = 15_000;

/** Plays a fixture against a gateway of our own. @throws when the gateway does anything else than the fixture says. */
export async function playAgainstGateway(fixture: Fixture): Promise<void> {
  const { config, env, model } = fixture.gateway ?? {};
  await using gateway = await startTestGateway({ config, env });
  const held = scriptModel(gateway, model);
  const stage: Stage = { gateway, lines: new Map(), known: new Map([['token', token]]), devices: new Map(), held };
  try {
    for (const [name, changes] of Object.entries(fixture.sockets ?? {})) await enter(stage, name, changes);
    for (const [index, step] of fixture.steps.entries()) {
      const place = `step ${index + 1}, ${JSON.stringify(step).slice(0, 200)}`;
      await act(stage, step).catch((error: Error) => Promise.reject(new Error(`${place}\n${error.message}`)));
    }
  } finally {
    held.release();
    for (const { socket } of stage.lines.values()) socket.terminate();
  }
}

// --- internal ---

interface Stage {
  gateway: TestGateway;
  lines: Map<string, Line>;
  known: Known;
  devices: Map<string, TestDevice>;
  held: { release(): void };
}

function scriptModel(gateway: TestGateway, model: GatewaySetup['model']): { release(): void } {
  if (!model) return { release: () => undefined };
  if ('say' in model) gateway.upstream.answer(reply(...model.say));
  else if ('refuse' in model) gateway.upstream.answer(refuse(model.refuse, 'the provider says no'));
  else {
    const gate = Promise.withResolvers<void>();
    gateway.upstream.answer(
      begin(model.hold, async (send, res) => {
        await gate.promise;
        send(chunk({ content: model.then }));
        send(chunk({}, { finish_reason: 'stop' }));
        send('[DONE]');
        res.end();
      }),
    );
    return { release: gate.resolve };
  }
  return { release: () => undefined };
}

/** Opens a socket and gets it through hello. */
async function enter(stage: Stage, name: string, changes: object): Promise<void> {
  const line = await open(stage, name, {});
  const params = { ...connectParams, auth: { token: '$token' }, ...changes };
  send(stage, line, { type: 'req', id: 'hello', method: 'connect', params });
  await expectFrame(stage, line, { expect: { type: 'res', id: 'hello', ok: true } });
}

async function open(stage: Stage, name: string, { headers, path = '/' }: NonNullable<Step['open']>): Promise<Line> {
  const socket = new WebSocket(stage.gateway.url + path, { perMessageDeflate: false, headers });
  const line: Line = { socket, frames: [], taken: 0, end: undefined, nonce: '' };
  socket.on('message', (raw) => line.frames.push(JSON.parse(String(raw)) as Frame));
  socket.on('close', (code, reason) => {
    line.end = { code, reason: String(reason) };
  });
  stage.lines.set(name, line);
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => undefined);
  await until(line, () => line.frames.length > 0);
  line.nonce = String((line.frames[0]?.payload as Frame | undefined)?.nonce);
  return line;
}

async function act(stage: Stage, step: Step): Promise<void> {
  if (step.open) return void (await open(stage, step.on ?? 'a', step.open));
  if (step.release) return stage.held.release();
  const line = stage.lines.get(step.on ?? 'a');
  if (!line) throw new Error('this socket was never opened');
  if ('send' in step) {
    for (let n = 0; n < (step.times ?? 1); n++) {
      if (step.times) stage.known.set('n', n);
      send(stage, line, step.send);
    }
  } else if (step.sendText !== undefined) line.socket.send(toText(step.sendText));
  else if (step.expect) await expectFrame(stage, line, step);
  else if ('never' in step) {
    const like = line.frames.find((frame) => differences(step.never, frame, new Map(stage.known)).length === 0);
    if (like) throw new Error(`came all the same: ${JSON.stringify(like)}`);
  } else if (step.closed) {
    await until(line, () => line.end !== undefined);
    const faults = differences(step.closed, line.end, stage.known);
    if (faults.length > 0) throw new Error(faults.join('\n'));
  } else throw new Error('a step without anything to do');
}

/** Waits for the frame of that id or event; other events are passed over, another answer on the same id is a fault. */
async function expectFrame({ known }: Stage, line: Line, { expect = {}, anywhere }: Step): Promise<void> {
  let at = anywhere ? 0 : line.taken;
  let nearest: string[] = [];
  const found = await until(line, () => {
    for (; at < line.frames.length; at++) {
      const frame = line.frames[at] as Frame;
      if (frame.type !== expect.type || (frame.type === 'res' ? frame.id !== expect.id : frame.event !== expect.event))
        continue;
      const trial: Known = new Map(known);
      nearest = differences(expect, frame, trial);
      if (nearest.length > 0 && frame.type === 'event') continue;
      for (const [name, value] of trial) known.set(name, value);
      return true;
    }
    return false;
  });
  if (found && nearest.length === 0) line.taken = at + 1;
  else {
    const seen = line.frames.slice(line.taken).map((frame) => JSON.stringify(frame).slice(0, 400));
    const how = line.end ? `, closed ${line.end.code} ${line.end.reason}` : '';
    throw new Error([...nearest, `came${how}: ${seen.join('\n')}`].join('\n'));
  }
}

/** Resolves true when `holds` does, looking at everything that comes; false when it is over or took too long. */
function until({ socket }: Line, holds: () => boolean): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (held: boolean) => {
      clearTimeout(timer);
      socket.off('message', look).off('close', close);
      resolve(held);
    };
    const look = () => holds() && done(true);
    const close = () => done(holds());
    const timer = setTimeout(() => done(false), patienceMs);
    socket.on('message', look).on('close', close);
    if (!look() && socket.readyState === WebSocket.CLOSED) close();
  });
}

function send(stage: Stage, line: Line, frame: unknown): void {
  line.socket.send(JSON.stringify(sign(stage, line, fill(frame, stage.known))));
}

/** Signs the challenge where `connect` has `device: { "$device": name, ... }`. */
function sign(stage: Stage, line: Line, frame: unknown): unknown {
  if (!isRecord(frame) || !isRecord(frame.params) || !isRecord(frame.params.device)) return frame;
  const params = frame.params as unknown as ConnectParams;
  const { $device, with: changes = {}, ...signed } = frame.params.device as Frame & { with?: object };
  if (typeof $device !== 'string') return frame;
  const device = stage.devices.get($device) ?? makeDevice();
  stage.devices.set($device, device);
  const { client, role, scopes, auth } = params;
  const presented = auth?.token ?? auth?.deviceToken ?? auth?.bootstrapToken;
  const proof = prove({ device, nonce: line.nonce, token: presented, client, role, scopes, ...signed });
  return { ...frame, params: { ...params, device: { ...proof, ...changes } } };
}

const toText = (text: NonNullable<Step['sendText']>) =>
  typeof text === 'string' ? text : text.repeat.repeat(text.times);
