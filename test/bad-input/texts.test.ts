import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { methods } from '../../sdk/protocol/contract.ts';
import { startTestGateway, type TestGateway } from '../gateway.ts';
import { examples } from '../matrix/examples.ts';
import { inputOf, specOf } from '../matrix/grid.ts';
import { paramsOf } from '../matrix/world.ts';
import { openSocket } from '../socket.ts';

/** Texts that no member of any method takes for what they are; the rest is for methods that may be called often. */
const always = ['/dev/null', '/proc/nowhere/deep', '\ud800', 'x'.repeat(100_000)];
const often = ['', ' ', '\0', '__proto__', 'constructor', '../..', '"', '9999-99-99', '🙂'.repeat(300)];
/** Characters of a refusal: nobody needs more back of what was sent. */
const maxErrorChars = 20_000;

let gateway: TestGateway;
let client: Awaited<ReturnType<typeof openSocket>>;
beforeAll(async () => {
  gateway = await startTestGateway();
  client = await openSocket(gateway.url);
});
afterAll(async () => {
  await client[Symbol.asyncDispose]();
  await gateway[Symbol.asyncDispose]();
});

const textsOf = (method: string): string[] =>
  Object.entries(inputOf(method).properties ?? {}).flatMap(([name, schema]) => {
    const kinds = [schema, ...(schema.anyOf ?? [])].map(({ type }) => type);
    return kinds.includes('string') ? [name] : [];
  });

const called = [...methods.keys()].filter((method) => textsOf(method).length > 0 && !examples[method]?.alone);

describe.each(called)('%s', (method) => {
  it('takes texts that are no good for what they are', async () => {
    const example = examples[method] ?? { params: {} };
    const valid = await paramsOf(example, gateway, (name, input) => client.call(name, input)).catch(() => ({}));
    const texts = specOf(method).limit ? always : [...always, ...often];
    for (const member of textsOf(method))
      for (const text of texts) {
        const params = { ...valid, ...(method === 'agent.wait' && { timeoutMs: 5 }), [member]: text };
        const { ok, error } = await client.answer(client.send(method, params));
        const label = `${member} ${JSON.stringify(text.slice(0, 40))}`;
        if (ok) continue;
        expect(error?.code, label).not.toBe('INTERNAL');
        expect(JSON.stringify(error).length, label).toBeLessThan(maxErrorChars);
      }
  });
});

it('is nowhere taken for a fault of the gateway', async () => {
  expect(await readFile(gateway.logFile, 'utf8')).not.toContain('"logLevelName":"ERROR"');
});
