/** Follows a run step by step, aborts it after some words, and shows that what it said is kept. */
import { OpenClaw } from '@openclaw/sdk';

await using oc = new OpenClaw();
const session = await oc.sessions.create({ label: `abort example ${Date.now()}` });
const run = await session.send('Tell me everything about authentication.');

for await (const step of run) {
  if (step.type === 'status') console.log(`[${step.status}]`);
  if (step.type === 'text' && step.text.length > 80) break;
}

// Leaving the loop stops nothing: the run goes on until somebody aborts it.
const aborted = await run.abort();
const { status, text } = await run.wait();
console.log(aborted ? `aborted after ${text.length} characters: ${status}` : `it was faster than us: ${status}`);

const messages = await session.history();
console.log(`the session keeps ${messages.length} messages; the last one ended with "${messages.at(-1)?.stopReason}"`);
await session.delete();
