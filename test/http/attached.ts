import { expect } from 'vitest';
import type { Config } from '../../server/config/config.ts';
import { createGuardedFetch } from '../../server/media/guarded-fetch.ts';
import { createMedia } from '../../server/media/media.ts';
import type { UserPart } from '../../server/models/provider.ts';
import { png, toDataUrl } from '../media/images.ts';
import { toLoopback } from '../media/remote.ts';
import { say } from '../scripted-model.ts';
import { type House, type HouseOptions, openHouse } from './house.ts';

export const pixel = toDataUrl(png(), 'image/png');
export const picture = { type: 'image', mimeType: 'image/png', data: png().toString('base64') };
export const image = (url: string, more: object = {}) => ({ type: 'image_url', image_url: { url, ...more } });
export const file = (members: object) => ({ type: 'file', file: members });
export const fileData = (text: string | Buffer, type = 'text/plain') => toDataUrl(Buffer.from(text as string), type);

export const chat = (house: House, content: unknown, more: object = {}) =>
  house.ask('/v1/chat/completions', { body: { model: 'openclaw', messages: [{ role: 'user', content }], ...more } });
export const respond = (house: House, content: unknown, more: object = {}) =>
  house.ask('/v1/responses', { body: { model: 'openclaw', input: [{ role: 'user', content }], ...more } });

/** A gateway that may ask the servers of a test, and nothing else. */
export const openLocal = (config: Config = {}, options: HouseOptions = {}) =>
  openHouse(say('seen'), { config, media: createMedia({ fetch: createGuardedFetch(toLoopback) }), ...options });

export type Endpoints = NonNullable<NonNullable<NonNullable<Config['gateway']>['http']>['endpoints']>;
export const endpoints = (set: Endpoints): Config => ({ gateway: { http: { endpoints: set } } });

/** What the model was given of the newest message. */
export async function given(house: House, answer: Response): Promise<UserPart[]> {
  expect([answer.status, await answer.text()]).toEqual([200, expect.any(String)]);
  const message = house.rooms.models.requests.at(-1)?.messages.findLast(({ role }) => role === 'user');
  return message?.role === 'user' ? message.content : [];
}

export const textOf = (part: UserPart | undefined) => (part?.type === 'text' ? part.text : '');
export const marked = (name: string, text: string) =>
  new RegExp(
    `^<<<UNTRUSTED id="[0-9a-f]{16}" source="file ${name}">>>\n[^\n]+\n${text}\n<<<END UNTRUSTED id="[0-9a-f]{16}">>>$`,
  );
