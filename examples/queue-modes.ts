/** Sends more while the agent is still at work, and shows that one run answers it all (queue mode `collect`). */
import { OpenClaw } from '@openclaw/sdk';

await using oc = new OpenClaw();
const session = await oc.sessions.create({ label: `queue example ${Date.now()}` });
await session.patch({ queueMode: 'collect' });

const questions = ['Where is the log file?', 'How is it rotated?', 'Are my keys in it?'];
const runs = [];
for (const question of questions) runs.push(await session.send(question));

for (const [index, run] of runs.entries()) {
  const { status, text } = await run.wait();
  // A message that was taken into another run has an end of its own, and names the run whose reply is the answer.
  const { answeredBy } = (await oc.rpc.runs.events.query({ runId: run.id, limit: 1 })).run;
  console.log(
    `${questions[index]} ${status}, ${answeredBy ? `in the reply of ${answeredBy}` : `${text.length} characters`}`,
  );
}

const roles = (await session.history()).map(({ role }) => role);
console.log(`the conversation: ${roles.join(', ')}`);
await session.delete();
