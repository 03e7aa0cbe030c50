import type { PageResponse } from 'openai/core/pagination';
import type { Model } from 'openai/resources/models';
import type { HttpDeps } from '../deps.ts';
import { refuse } from '../failure.ts';
import { decodePath } from '../path.ts';
import { type Handler, sendJson } from '../route.ts';
import { findAgent, toModelIds } from './agent.ts';

export const modelsPath = '/v1/models';

/** Answers GET /v1/models: the names that agents answer to. */
export function listModels(deps: Pick<HttpDeps, 'agents'>): Handler {
  return ({ res }) => {
    const data = toModelIds(deps.agents.list()).map(toModel);
    sendJson(res, { object: 'list', data } satisfies PageResponse<Model>);
  };
}

/** Answers GET /v1/models/{id}; slashes in the id may be escaped. */
export function showModel(deps: Pick<HttpDeps, 'agents'>): Handler {
  const list = listModels(deps);
  return (call) => {
    const id = decodePath(call.path.slice(modelsPath.length + 1));
    if (id === '') return list(call);
    if (id === undefined || !findAgent(deps.agents, id)) {
      const message = `the model "${id ?? call.path.slice(modelsPath.length + 1)}" does not exist; GET ${modelsPath} lists them`;
      throw refuse(404, message, { type: 'invalid_request_error', code: 'model_not_found', param: 'model' });
    }
    sendJson(call.res, toModel(id));
  };
}

/** A model that is new after each start would look like another one to programs that remember what they listed. */
const created = Date.UTC(2026, 0, 1) / 1000;

function toModel(id: string): Model {
  return { id, object: 'model', created, owned_by: 'openclaw' };
}
