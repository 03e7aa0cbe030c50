import { readFile } from 'node:fs/promises';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { openApiPath, renderOpenApi } from '../../../scripts/openapi.ts';
import { startTestGateway, token } from '../../gateway.ts';
import { say } from '../../scripted-model.ts';
import { openHouse } from '../house.ts';
import { document, documented, withResponse } from './document.ts';

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
    const told = documented.map(({ method, path }) => `${method} ${toShape(path)}`);
    expect(told.sort()).toEqual(mounted.sort());
  });

  it('answer to every method of the document, and to no other', async () => {
    await using house = await openHouse(say('hi'));
    for (const [path, methods] of Object.entries(document.paths)) {
      const allowed = Object.keys(methods).map((method) => method.toUpperCase());
      const { url } = documented.find((route) => route.path === path) as { url: string };
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
        const there = await withResponse(url, (body) => house.ask('/v1/responses', { body }));
        const answer = await house.ask(there, { method, ...(method === 'POST' && { body: {} }) });
        await answer.arrayBuffer();
        if (allowed.includes(method)) expect([404, 405], `${method} ${url}`).not.toContain(answer.status);
        else {
          expect([method, url, answer.status]).toEqual([method, url, 405]);
          expect(answer.headers.get('allow')?.split(', ').sort()).toEqual([...allowed].sort());
        }
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
    expect(await local.json()).toEqual(JSON.parse(JSON.stringify(document)));
    const far = (headers: Record<string, string>) =>
      fetch(url, { headers: { 'x-forwarded-for': '192.0.2.7', ...headers } });
    const stranger = await far({});
    expect([stranger.status, stranger.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect((await far({ authorization: `Bearer ${token}` })).status).toBe(200);
  });
});
