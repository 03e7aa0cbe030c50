import type { Model } from 'openai/resources/models';
import type { HttpDeps } from '../deps.ts';
import { refuse } from '../failure.ts';
import { decodePath } from '../path.ts';
import { type Handler, sendJson } from '../route.ts';
import { findAgent, toModelIds } from './agent.ts';

export const modelsPath = '/v1/models';

/** Answers GET /v1/models: the names that agents answer to. */
export function listModels(deps: Pick<HttpDeps, 'agents' | 'probes'>): Handler {
  return ({ res }) => {
    const data = toModelIds(deps.agents.list()).map((id) => toModel(id, deps.probes.startedAt));
    sendJson(res, { object: 'list', data });
  };
}

/** Answers GET /v1/models/{id}; slashes in the id may be escaped. */
export function showModel(deps: Pick<HttpDeps, 'agents' | 'probes'>): Handler {
  const list = listModels(deps);
  return (call) => {
    const id = decodePath(call.path.slice(modelsPath.length + 1));
    if (id === '') return list(call);
    if (id === undefined || !findAgent(deps.agents, id)) {
      const message = `the model "${id ?? call.path.slice(modelsPath.length + 1)}" does not exist; GET ${modelsPath} lists them`;
      throw refuse(404, message, { type: 'invalid_request_error', code: 'model_not_found', param: 'model' });
    }
    sendJson(call.res, toModel(id, deps.probes.startedAt));
  };
}

function toModel(id: string, startedAt: number): Model {
  return { id, object: 'model', created: Math.floor(startedAt / 1000), owned_by: 'openclaw' };
}
