import { describe, expect, it } from 'vitest';
import { jpeg, png } from '../media/images.ts';
import { openRemote } from '../media/remote.ts';
import { say } from '../scripted-model.ts';
import { chat, endpoints, given, image, marked, openLocal, picture, respond, textOf } from './attached.ts';
import { openHouse, readError } from './house.ts';

describe('remote images and files', () => {
  it('are fetched for a chat completion when that is allowed', async () => {
    await using remote = await openRemote((_req, res) => {
      res.setHeader('content-type', 'image/png').end(png());
    });
    await using house = await openLocal(endpoints({ chatCompletions: { images: { allowUrl: true } } }));
    expect(await given(house, await chat(house, [image(`${remote.url}/a.png`)]))).toEqual([picture]);
  });

  it('are fetched for a response unless that is switched off', async () => {
    await using remote = await openRemote((req, res) => {
      if (req.url === '/a.png') res.setHeader('content-type', 'image/png').end(png());
      else res.setHeader('content-type', 'text/plain; charset=latin1').end(Buffer.from('Gr\u00fc\u00dfe', 'latin1'));
    });
    const parts = [
      { type: 'input_image', image_url: `${remote.url}/a.png` },
      { type: 'input_image', source: { type: 'url', url: `${remote.url}/a.png` } },
      { type: 'input_file', file_url: `${remote.url}/notes.txt` },
    ];
    await using house = await openLocal();
    const [one, two, text] = await given(house, await respond(house, parts));
    expect([one, two]).toEqual([picture, picture]);
    expect(textOf(text)).toMatch(marked('notes.txt', 'Gr\u00fc\u00dfe'));
    await using closed = await openLocal(
      endpoints({ responses: { images: { allowUrl: false }, files: { allowUrl: false } } }),
    );
    for (const [index, member] of ['image_url', 'source.url', 'file_url'].entries())
      expect(await readError(await respond(closed, [parts[index]]))).toMatchObject({
        status: 400,
        param: `input[0].content[0].${member}`,
        code: expect.stringMatching(/^invalid_(image|file)_url$/),
        message: expect.stringContaining('gateway.http.endpoints.responses.'),
      });
  });

  it('are no more than the configuration says', async () => {
    await using remote = await openRemote((_req, res) => res.end(png()));
    const parts = (count: number) =>
      Array.from({ length: count }, () => ({ type: 'input_image', image_url: `${remote.url}/a.png` }));
    await using house = await openLocal(endpoints({ responses: { maxUrlParts: 2 } }));
    expect(await given(house, await respond(house, parts(2)))).toEqual([picture, picture]);
    expect(await readError(await respond(house, parts(3)))).toMatchObject({ status: 400, code: 'invalid_image_url' });
  });

  it('are no more than 20 MB together', async () => {
    await using remote = await openRemote((_req, res) => res.end(jpeg(3, 2, 9_000_000)));
    const parts = (count: number) =>
      Array.from({ length: count }, () => ({ type: 'input_image', image_url: `${remote.url}/a.jpg` }));
    await using house = await openLocal();
    expect(await readError(await respond(house, parts(3)))).toMatchObject({
      status: 400,
      code: 'image_file_too_large',
      message: expect.stringContaining('together with the others it is larger than 20000000 bytes'),
    });
  });

  it.each<[string, (res: import('node:http').ServerResponse) => void, string]>([
    ['is not there', (res) => void res.writeHead(404).end('secret page'), 'failed_to_download_image'],
    ['is a page', (res) => void res.setHeader('content-type', 'text/html').end('<p>'), 'unsupported_image_media_type'],
    ['is none', (res) => void res.setHeader('content-type', 'image/png').end('secret'), 'invalid_image_format'],
    [
      'is too large',
      (res) => void res.writeHead(200, { 'content-length': '99999999' }).flushHeaders(),
      'image_file_too_large',
    ],
    ['leads inside', (res) => void res.writeHead(302, { location: 'http://10.0.0.1/' }).end(), 'invalid_image_url'],
    ['does not come', () => undefined, 'failed_to_download_image'],
  ])('are refused with 400 when one %s, and nothing of it is told', async (_, answer, code) => {
    await using remote = await openRemote((_req, res) => answer(res));
    await using house = await openLocal(endpoints({ responses: { images: { timeoutMs: 1000 } } }));
    const error = await readError(await respond(house, [{ type: 'input_image', image_url: remote.url }]));
    expect(error).toMatchObject({ status: 400, code, param: 'input[0].content[0].image_url' });
    expect(error.message).not.toMatch(/secret|10\.0\.0\.1|127\.0\.0\.1/);
  });

  it('are not fetched from this machine by a gateway as it is', async () => {
    await using remote = await openRemote((_req, res) => res.end(png()));
    await using house = await openHouse(say('never'));
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '2130706433'])
      expect(
        await readError(
          await respond(house, [{ type: 'input_image', image_url: `http://${host}:${remote.port}/a.png` }]),
        ),
      ).toMatchObject({ status: 400, code: 'invalid_image_url', message: expect.stringContaining('not allowed') });
    expect(remote.requests).toEqual([]);
  });

  it('are given up when the caller goes away: no run begins', async () => {
    const { promise: asked, resolve: onAsked } = Promise.withResolvers<void>();
    await using remote = await openRemote(() => onAsked());
    await using house = await openLocal();
    const caller = new AbortController();
    const body = {
      model: 'openclaw',
      input: [{ role: 'user', content: [{ type: 'input_image', image_url: remote.url }] }],
    };
    const answer = house.ask('/v1/responses', { body, signal: caller.signal });
    await asked;
    caller.abort();
    await expect(answer).rejects.toThrow();
    await remote.isLeft();
    expect(house.rooms.models.requests).toEqual([]);
  });
});
