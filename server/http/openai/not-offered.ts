/** Routes of OpenAI's API that have no counterpart here, with what serves instead. */
const routes: Record<string, string> = {
  completions: 'send the prompt as a message to POST /v1/chat/completions',
  edits: 'send the text and what to change as a message to POST /v1/chat/completions',
  moderations: 'ask a model with POST /v1/chat/completions',
  audio: 'audio is neither written down nor spoken; send text',
  images: 'images are not made; send them to POST /v1/chat/completions to have them read',
  videos: 'videos are not made',
  files: 'send files as parts of a message: `file` in chat completions, `input_file` in responses',
  uploads: 'send files as parts of a message: `file` in chat completions, `input_file` in responses',
  vector_stores: 'embed texts with POST /v1/embeddings and keep the vectors',
  assistants: 'agents are the assistants here: GET /v1/models lists them',
  threads: 'conversations are sessions: name one with x-openclaw-session-key',
  conversations: 'conversations are sessions: go on with previous_response_id, or name one with x-openclaw-session-key',
  batches: 'send the requests one by one; many may run at a time',
  fine_tuning: 'models are not trained here',
  realtime: 'stream a response, or use the gateway’s own WebSocket protocol',
  containers: 'agents use the tools that they have here',
  evals: 'ask for chat completions and judge them yourself',
};

const offered = 'POST /v1/chat/completions, POST /v1/responses, POST /v1/embeddings and GET /v1/models are answered';

/** What serves in place of a path of OpenAI's API that is not here; undefined for every other path. */
export function insteadOf(path: string): string | undefined {
  const name = /^\/v1\/([a-z_]+)(?:\/|$)/.exec(path)?.[1];
  return name && Object.hasOwn(routes, name) ? `${routes[name]}. ${offered}` : undefined;
}
