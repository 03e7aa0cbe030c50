/** Talks to the default agent through LangChain: a reply as it is written, an object, and vectors. */
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { OpenClaw } from '@openclaw/sdk';
import { z } from 'zod';

await using oc = new OpenClaw();
const { baseURL, apiKey } = await oc.openai();
const settings = { model: 'openclaw', apiKey, configuration: { baseURL } };
const model = new ChatOpenAI(settings);

for await (const chunk of await model.stream('Where is the log file?')) process.stdout.write(chunk.text);
console.log();

const Found = z.object({ answer: z.string(), page: z.string() });
const found = await model.withStructuredOutput(Found).invoke('How do I back up?');
console.log(`${found.page} has the answer, in ${found.answer.length} characters`);

const texts = ['restore a backup', 'a backup to restore', 'bind to the network'];
const vectors = await new OpenAIEmbeddings(settings).embedDocuments(texts);
// Vectors of the gateway have length one: their product is how much they are alike.
const [first = [], ...others] = vectors;
const likenesses = others.map((other) => other.reduce((sum, x, at) => sum + x * (first[at] ?? 0), 0));
console.log(likenesses.map((likeness) => likeness.toFixed(2)).join(' is more alike than '));
