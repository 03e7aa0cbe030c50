/** Asks the default agent a question and prints the reply as it is written. Start a gateway first: `npm start`. */
import { OpenClaw } from '@openclaw/sdk';

await using oc = new OpenClaw();
const run = await oc.agents.get().run('How do I bind to my LAN?');
for await (const step of run) if (step.type === 'text') process.stdout.write(step.delta);

const { status, usage, provider, model } = await run.wait();
console.log(`\n\n${status}, ${usage?.total ?? 0} tokens of ${provider}/${model}`);
