import type { H3 } from 'h3';
import type { OperatorScope } from '../../../sdk/protocol/scopes.ts';
import type { HttpDeps, HttpLimits } from '../deps.ts';
import { refuse } from '../failure.ts';
import { guardedRoute, type Handler, type Methods } from '../route.ts';
import { chatCompletions } from './chat.ts';
import { embeddings } from './embeddings.ts';
import { listModels, modelsPath, showModel } from './models.ts';
import { responses } from './responses.ts';
import { cancelResponse, deleteResponse, listInputItems, responsesPath, showResponse } from './stored-responses.ts';

/** The routes of OpenAI's API that the gateway answers (docs/openai-api.md). */
export function mountOpenAi(app: H3, deps: HttpDeps, limits: HttpLimits): void {
  const mount = (path: string, scope: OperatorScope, methods: Methods) =>
    app.all(path, guardedRoute(deps, { scope, maxBodyBytes: limits.maxBodyBytes, methods }));
  mount(modelsPath, 'operator.read', { GET: listModels(deps) });
  mount(`${modelsPath}/**`, 'operator.read', { GET: showModel(deps) });
  mount('/v1/chat/completions', 'operator.write', {
    POST: unlessDisabled(deps, 'chatCompletions', chatCompletions(deps, limits)),
  });
  const stored = (handler: Handler) => unlessDisabled(deps, 'responses', handler);
  mount(responsesPath, 'operator.write', { POST: stored(responses(deps, limits)) });
  const one = { GET: stored(showResponse(deps)), DELETE: stored(deleteResponse(deps)) };
  mount(`${responsesPath}/:response_id`, 'operator.write', one);
  mount(`${responsesPath}/:response_id/input_items`, 'operator.write', { GET: stored(listInputItems(deps)) });
  mount(`${responsesPath}/:response_id/cancel`, 'operator.write', { POST: stored(cancelResponse(deps)) });
  mount('/v1/embeddings', 'operator.write', { POST: embeddings(deps, limits) });
}

/** Routes are open unless `gateway.http.endpoints.<name>.enabled` is false. */
function unlessDisabled(deps: HttpDeps, name: 'chatCompletions' | 'responses', handler: Handler): Handler {
  return (call) => {
    if (deps.config.current().gateway?.http?.endpoints?.[name]?.enabled !== false) return handler(call);
    throw refuse(404, `${call.path} is switched off: set gateway.http.endpoints.${name}.enabled to true`);
  };
}
