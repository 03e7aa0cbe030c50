import fc from 'fast-check';
import { methods } from '../../sdk/protocol/contract.ts';
import { examples } from '../matrix/examples.ts';
import { inputOf } from '../matrix/grid.ts';
import { anything, broken, rarely, shapedAs, text } from './values.ts';

/** Methods that leave the gateway as it is; the others end it, which is what they are for. */
const lasting = [...methods.keys()].filter((method) => !examples[method]?.alone);

/** A request of some method with parameters that mostly fit it, and rarely something unusual about the frame. */
const request: fc.Arbitrary<unknown> = fc
  .constantFrom(...lasting)
  .chain((method) =>
    fc.record({
      type: fc.constant('req'),
      id: fc.oneof({ weight: 20, arbitrary: fc.nat().map(String) }, { weight: 1, arbitrary: text }),
      method: fc.constant(method),
      params: fc.oneof({ weight: 15, arbitrary: shapedAs(inputOf(method)) }, { weight: 1, arbitrary: anything }),
      unusual: rarely(fc.record({ traceparent: text, expectedProfileId: text }, { requiredKeys: [] }), 15),
    }),
  )
  .map(({ unusual, ...frame }) => patient({ ...frame, ...unusual }));

/** Frames with the wrong things in the right places. */
const crooked: fc.Arbitrary<unknown> = fc.record(
  {
    type: fc.oneof(fc.constantFrom('req', 'res', 'event', 'REQ'), anything),
    id: fc.oneof(text, anything),
    method: fc.oneof(fc.constantFrom(...lasting), text, anything),
    params: anything,
    traceparent: fc.oneof(text, anything),
    more: anything,
  },
  { requiredKeys: [] },
);

/** What a client that is through may send: text of a frame, of something like one, or of neither. */
export const frameText: fc.Arbitrary<string> = fc.oneof(
  { weight: 12, arbitrary: request.map(toJson) },
  { weight: 3, arbitrary: crooked.map(toJson) },
  { weight: 3, arbitrary: request.chain((frame) => broken(toJson(frame))) },
  { weight: 1, arbitrary: anything.map(toJson) },
  { weight: 1, arbitrary: text },
);

/** Several frames that are sent without waiting for an answer. */
export const frameTexts: fc.Arbitrary<string[]> = fc.array(frameText, { minLength: 1, maxLength: 24 });

/** JSON of a value; nothing that cannot be serialised is thrown at a socket. */
export function toJson(value: unknown): string {
  return JSON.stringify(value) ?? 'null';
}

// --- internal ---

/** Waits of minutes would only keep the fuzzer waiting. */
function patient<T extends { method: string; params?: unknown }>(frame: T): T {
  const { params } = frame;
  if (frame.method === 'agent.wait' && typeof params === 'object' && params !== null && !Array.isArray(params))
    return { ...frame, params: { ...params, timeoutMs: 1 } };
  return frame;
}
