/** Talks to the default agent through the package `openai`. Any program that can talk to OpenAI can do this. */
import { OpenClaw } from '@openclaw/sdk';
import OpenAI from 'openai';

await using oc = new OpenClaw();
const openai = new OpenAI(await oc.openai());

const stream = await openai.chat.completions.create({
  model: 'openclaw',
  messages: [{ role: 'user', content: 'Where is the log file?' }],
  stream: true,
});
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '');
console.log();
