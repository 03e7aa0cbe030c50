/** Talks to the default agent through LlamaIndex: a reply as it is written, an object, and vectors. */
import { similarity } from '@llamaindex/core/embeddings';
import { OpenAI, OpenAIEmbedding } from '@llamaindex/openai';
import { OpenClaw } from '@openclaw/sdk';
import { z } from 'zod';

await using oc = new OpenClaw();
const settings = { model: 'openclaw', ...(await oc.openai()) };
const llm = new OpenAI(settings);

const question = { role: 'user' as const, content: 'Where is the log file?' };
for await (const { delta } of await llm.chat({ messages: [question], stream: true })) process.stdout.write(delta);
console.log();

const Found = z.object({ answer: z.string(), page: z.string() });
const { message } = await llm.chat({
  messages: [{ role: 'user', content: 'How do I back up?' }],
  responseFormat: Found,
});
const found = Found.parse(JSON.parse(String(message.content)));
console.log(`${found.page} has the answer, in ${found.answer.length} characters`);

const texts = ['restore a backup', 'a backup to restore', 'bind to the network'];
const [first = [], ...others] = await new OpenAIEmbedding(settings).getTextEmbeddingsBatch(texts);
console.log(others.map((other) => similarity(first, other).toFixed(2)).join(' is more alike than '));
