import { readFile } from 'node:fs/promises';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { openApiPath, renderOpenApi } from '../../../scripts/openapi.ts';
import type { Config } from '../../../server/config/config.ts';
import { type OpenApiDocument, openApiDocument } from '../../../server/http/openapi/document.ts';
import { startTestGateway, token } from '../../gateway.ts';
import { hookToken } from '../../hooks/setup.ts';
import { say } from '../../scripted-model.ts';
import { openHouse } from '../house.ts';
import { bearerOf, document, documented, type Route, withResponse } from './document.ts';

/** Paths of both spellings, with every placeholder alike. */
const toShape = (path: string) => path.replace(/\*\*|:\w+|\{\w+\}/g, '{}');

describe('docs/openapi.json', () => {
  it('is what the routes say; if not: npm run openapi', async () => {
    expect(await readFile(openApiPath, 'utf8')).toBe(await renderOpenApi());
  });

  it('is valid OpenAPI 3.1, and what is not is found', async () => {
    const text = await renderOpenApi();
    const verdict = await new Validator().validate(JSON.parse(text));
    expect(verdict).toMatchObject({ valid: true });
    const broken = JSON.parse(text);
    broken.paths['/v1/models'].get.responses['200'] = { content: {} };
    expect((await new Validator().validate(broken)).valid).toBe(false);
  });

  it('has no dead reference, no unused schema and no name twice', () => {
    const text = JSON.stringify(document);
    const references = new Set(
      [...text.matchAll(/"\$ref":"#\/components\/(\w+)\/([\w-]+)"/g)].map(([, ...path]) => path.join('/')),
    );
    const { securitySchemes: _, ...components } = document.components;
    const defined = Object.entries(components).flatMap(([kind, named]) =>
      Object.keys(named as object).map((name) => `${kind}/${name}`),
    );
    expect([...references].sort()).toEqual(defined.sort());
    const ids = documented.map(({ operation }) => operation.operationId);
    expect(ids).toHaveLength(new Set(ids).size);
    const tags = new Set((document.tags as { name: string }[]).map(({ name }) => name));
    expect(documented.filter(({ operation }) => !tags.has(operation.tags[0]))).toEqual([]);
  });
});

describe('the routes of a running gateway', () => {
  it('are those of the document, with their methods', async () => {
    await using house = await openHouse(say('hi'));
    const mounted = house.routes.flatMap(({ path, methods }) => methods.map((method) => `${method} ${toShape(path)}`));
    // Hooks have a path of their own, which changes with the configuration.
    const told = documented.filter(({ path }) => !path.startsWith('/hooks'));
    expect(told.map(({ method, path }) => `${method} ${toShape(path)}`).sort()).toEqual(mounted.sort());
  });

  it('answer to every method of the document, and to no other', async () => {
    const config = {
      hooks: { enabled: true, token: hookToken, mappings: [{ match: { path: 'any' }, messageTemplate: 'x' }] },
    };
    await using gateway = await startTestGateway({ config });
    const respond = (body: object) =>
      fetch(`${gateway.http}/v1/responses`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify(body),
      });
    const ask = async (route: Route, method: string) => {
      const headers = {
        authorization: bearerOf(route, { gateway: token, hooks: hookToken }),
        'content-type': 'application/json',
      };
      const url = await withResponse(route.url, respond);
      const answer = await fetch(`${gateway.http}${url}`, { method, headers, body: method === 'POST' ? '{}' : null });
      await answer.arrayBuffer();
      return { status: answer.status, allow: answer.headers.get('allow')?.split(', ').sort() };
    };
    for (const [path, methods] of Object.entries(document.paths)) {
      const told = Object.keys(methods).map((method) => method.toUpperCase());
      const routes = documented.filter((one) => one.path === path);
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
        const route = (routes.find((one) => one.method === method) ?? routes[0]) as Route;
        const { status, allow } = await ask(route, method);
        if (told.includes(method)) expect([404, 405], `${method} ${path}`).not.toContain(status);
        else expect([method, path, status, allow]).toEqual([method, path, 405, told.sort()]);
      }
    }
  });
});

describe('GET /openapi.json', () => {
  it('is the document, on this machine and for who has the bearer', async () => {
    await using gateway = await startTestGateway();
    const url = `${gateway.http}/openapi.json`;
    const local = await fetch(url);
    expect(local.headers.get('content-type')).toBe('application/json; charset=utf-8');
    const served = (await local.json()) as OpenApiDocument;
    const withoutHooks = openApiDocument({ version: '0.0.0-test', hooksPath: undefined });
    expect(served).toEqual(JSON.parse(JSON.stringify(withoutHooks)));
    expect(Object.keys(served.paths).filter((path) => path.startsWith('/hooks'))).toEqual([]);
    const far = (headers: Record<string, string>) =>
      fetch(url, { headers: { 'x-forwarded-for': '192.0.2.7', ...headers } });
    const stranger = await far({});
    expect([stranger.status, stranger.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect((await far({ authorization: `Bearer ${token}` })).status).toBe(200);
  });

  it('has hooks where they are, while they are on', async () => {
    const config: Config = { hooks: { enabled: true, token: hookToken, path: '/in' } };
    await using house = await openHouse(say('hi'), { config });
    const paths = async () => Object.keys(((await (await house.ask('/openapi.json')).json()) as OpenApiDocument).paths);
    expect(await paths()).toEqual(expect.arrayContaining(['/in/wake', '/in/agent', '/in/{name}']));
    config.hooks = { enabled: false };
    expect((await paths()).filter((path) => path.startsWith('/in'))).toEqual([]);
  });
});
