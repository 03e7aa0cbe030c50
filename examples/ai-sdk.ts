/** Talks to the default agent through Vercel's AI SDK: a reply as it is written, an object, and vectors. */
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { OpenClaw } from '@openclaw/sdk';
import { cosineSimilarity, embedMany, generateText, Output, streamText } from 'ai';
import { z } from 'zod';

await using oc = new OpenClaw();
const openclaw = createOpenAICompatible({
  name: 'openclaw',
  includeUsage: true,
  supportsStructuredOutputs: true,
  ...(await oc.openai()),
});
const model = openclaw('openclaw');

const reply = streamText({ model, prompt: 'Where is the log file?' });
for await (const delta of reply.textStream) process.stdout.write(delta);
console.log(`\n${(await reply.usage).totalTokens} tokens`);

const schema = z.object({ answer: z.string(), page: z.string() });
const { output } = await generateText({ model, prompt: 'How do I back up?', output: Output.object({ schema }) });
console.log(`${output.page} has the answer, in ${output.answer.length} characters`);

const values = ['restore a backup', 'a backup to restore', 'bind to the network'];
const { embeddings } = await embedMany({ model: openclaw.embeddingModel('openclaw'), values });
const [first = [], ...others] = embeddings;
console.log(others.map((other) => cosineSimilarity(first, other).toFixed(2)).join(' is more alike than '));
