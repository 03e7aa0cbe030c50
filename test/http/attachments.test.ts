import { describe, expect, it } from 'vitest';
import { startTestGateway, token } from '../gateway.ts';
import { gif, heic, jpeg, png, toDataUrl } from '../media/images.ts';
import { pdf } from '../media/pdf.ts';
import { say } from '../scripted-model.ts';
import {
  chat,
  type Endpoints,
  endpoints,
  file,
  fileData,
  given,
  image,
  marked,
  picture,
  pixel,
  respond,
  textOf,
} from './attached.ts';
import { openHouse, readError } from './house.ts';

describe('images and files in a chat completion', () => {
  it('reach the model: images as they are, files as marked text with their name', async () => {
    await using house = await openHouse(say('seen'));
    const parts = await given(
      house,
      await chat(house, [
        { type: 'text', text: 'Look:' },
        image(pixel, { detail: 'high' }),
        file({ filename: 'report.pdf', file_data: fileData(pdf(['All is well']), 'application/pdf') }),
        file({ filename: 'a.csv', file_data: Buffer.from('a,b').toString('base64') }),
        image(toDataUrl(jpeg(), 'image/png')),
      ]),
    );
    expect(parts.slice(0, 2)).toEqual([{ type: 'text', text: 'Look:' }, picture]);
    expect(textOf(parts[2])).toMatch(marked('report.pdf', 'All is well\n\n\\[there is little text[^\n]*\\]'));
    expect(textOf(parts[3])).toMatch(marked('a.csv', 'a,b'));
    // Whatever its sender calls it.
    expect(parts[4]).toMatchObject({ mimeType: 'image/jpeg' });
  });

  it('reach the model in earlier messages, too', async () => {
    await using house = await openHouse(say('seen'));
    const messages = [
      { role: 'user', content: [file({ filename: 'a.txt', file_data: fileData('first') }), image(pixel)] },
      { role: 'assistant', content: 'ok' },
      { role: 'user', content: 'and now?' },
    ];
    await (await chat(house, '', { messages })).text();
    const [before] = house.rooms.models.requests.at(-1)?.messages ?? [];
    expect(before?.role === 'user' && before.content[1]).toEqual(picture);
    expect(before?.role === 'user' && textOf(before.content[0])).toMatch(marked('a.txt', 'first'));
  });

  it('stay in a conversation: people see the name, models what is in the file', async () => {
    await using house = await openHouse(say('seen'));
    const content = [
      { type: 'text', text: 'Read this' },
      file({ filename: 'a.txt', file_data: fileData('the words') }),
    ];
    const session = { user: 'ann' };
    const first = await chat(house, content, session);
    const key = first.headers.get('x-openclaw-session-key') ?? '';
    await first.text();
    const page = house.rooms.sessions.page(key, { limit: 10, offset: 0, maxChars: 1000 });
    expect(page.messages[0]?.content).toEqual([
      { type: 'text', text: 'Read this' },
      { type: 'text', text: '[file a.txt]', file: { name: 'a.txt', mimeType: 'text/plain' } },
    ]);
    await (await chat(house, 'What did it say?', session)).text();
    const messages = house.rooms.models.requests.at(-1)?.messages ?? [];
    const [old] = messages;
    expect(old?.role === 'user' && textOf(old.content[1])).toMatch(marked('a.txt', 'the words'));
    expect(JSON.stringify(messages)).not.toContain('[file a.txt]');
  });

  it('are told once by a program that sends the whole chat with every turn', async () => {
    await using house = await openHouse([say('one'), say('two')]);
    const headers = { 'x-openwebui-chat-id': 'c1' };
    const first = {
      role: 'user',
      content: [file({ filename: 'a.txt', file_data: fileData('the words') }), image(pixel)],
    };
    const ask = (messages: unknown[]) =>
      house.ask('/v1/chat/completions', { body: { model: 'openclaw', messages }, headers });
    const answer = await ask([first]);
    const key = answer.headers.get('x-openclaw-session-key') ?? '';
    await answer.text();
    const turns = [first, { role: 'assistant', content: 'one' }, { role: 'user', content: 'and?' }];
    expect((await ask(turns)).status).toBe(200);
    const sent = JSON.stringify(house.rooms.models.requests.at(-1)?.messages);
    expect([sent.split('the words').length - 1, sent.split(picture.data).length - 1]).toEqual([1, 1]);
    const { messages } = house.rooms.sessions.page(key, { limit: 10, offset: 0, maxChars: 1000 });
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant']);
  });

  it.each<[string, unknown, string, string]>([
    ['a HEIC', image(toDataUrl(heic, 'image/heic')), 'image_url.url', 'unsupported_image_media_type'],
    ['a page', image('data:text/html;base64,aGk='), 'image_url.url', 'unsupported_image_media_type'],
    ['damaged base64', image('data:image/png;base64,a*b'), 'image_url.url', 'invalid_image_url'],
    ['a remote image', image('https://example.com/a.png'), 'image_url.url', 'invalid_image_url'],
    ['a path', image('/etc/passwd'), 'image_url.url', 'invalid_image_url'],
    ['another detail', image(pixel, { detail: 'extreme' }), 'image_url.detail', ''],
    ['an uploaded file', file({ file_id: 'file-1' }), 'file.file_id', 'unsupported_parameter'],
    ['a file without content', file({ filename: 'a.txt' }), 'file.file_data', ''],
    ['an empty file', file({ filename: 'a.txt', file_data: '' }), 'file.file_data', 'empty_file'],
    [
      'an archive',
      file({ filename: 'a.zip', file_data: fileData('PK\x03\x04\0', 'application/zip') }),
      'file.file_data',
      'unsupported_file_type',
    ],
    [
      'a scan',
      file({ filename: 'a.pdf', file_data: fileData(pdf(['']), 'application/pdf') }),
      'file.file_data',
      'file_parse_error',
    ],
    ['a remote file', file({ file_data: 'https://example.com/a.txt' }), 'file.file_data', 'invalid_file'],
  ])('are refused with their place: %s', async (_, part, member, code) => {
    await using house = await openHouse(say('never'));
    const error = await readError(await chat(house, [{ type: 'text', text: 'x' }, part]));
    expect(error).toMatchObject({
      status: 400,
      type: 'invalid_request_error',
      param: `messages[0].content[1].${member}`,
      code: code || null,
    });
    expect(error.message).toContain(`messages[0].content[1].${member}: `);
    expect(house.rooms.models.requests).toEqual([]);
  });

  it('are refused when they are audio', async () => {
    await using house = await openHouse(say('never'));
    const audio = { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } };
    expect(await readError(await chat(house, [audio]))).toMatchObject({ status: 400, code: 'unsupported_parameter' });
  });

  it('name the setting that would allow a remote image', async () => {
    await using house = await openHouse(say('never'));
    const { message } = await readError(await chat(house, [image('https://example.com/a.png')]));
    expect(message).toContain('gateway.http.endpoints.chatCompletions.images.allowUrl');
  });

  it('are eight at most', async () => {
    await using house = await openHouse(say('seen'));
    const images = (count: number) => Array.from({ length: count }, () => image(pixel));
    expect(await given(house, await chat(house, images(8)))).toHaveLength(8);
    expect(await readError(await chat(house, images(9)))).toMatchObject({
      status: 400,
      param: 'messages',
      code: 'too_many_images',
    });
    const files = Array.from({ length: 9 }, () => file({ file_data: fileData('x') }));
    expect(await readError(await chat(house, files))).toMatchObject({ status: 400, code: 'too_many_files' });
  });

  it('follow the configuration as it is now', async () => {
    const images: NonNullable<Endpoints['chatCompletions']>['images'] = {};
    const files: NonNullable<Endpoints['responses']>['files'] = {};
    await using house = await openHouse(say('seen'), {
      config: endpoints({ chatCompletions: { images }, responses: { files } }),
    });
    const send = async (part: unknown) => {
      const answer = await chat(house, [part]);
      return answer.status === 200 ? textOf((await given(house, answer))[0]) : (await readError(answer)).code;
    };
    expect(await send(image(pixel))).toBe('');
    images.maxBytes = 20;
    expect(await send(image(pixel))).toBe('image_file_too_large');
    images.maxBytes = 2000;
    images.allowedMimes = ['image/gif'];
    expect(await send(image(pixel))).toBe('unsupported_image_media_type');
    expect(await send(image(toDataUrl(gif, 'image/gif')))).toBe('');
    files.maxChars = 3;
    expect(await send(file({ filename: 'a.txt', file_data: fileData('123456') }))).toMatch(
      /\n123\n\n\[3 characters more/,
    );
    files.allowedMimes = ['application/json'];
    expect(await send(file({ filename: 'a.txt', file_data: fileData('123456') }))).toBe('unsupported_file_type');
  });
});

describe('images and files in a response', () => {
  it('are taken in every form', async () => {
    await using house = await openHouse(say('seen'));
    const base64 = Buffer.from('words').toString('base64');
    const parts = await given(
      house,
      await respond(house, [
        { type: 'input_image', image_url: pixel, detail: 'original' },
        { type: 'input_image', source: { type: 'base64', media_type: 'image/png', data: png().toString('base64') } },
        { type: 'input_file', filename: 'a.txt', file_data: fileData('words') },
        { type: 'input_file', filename: 'b.md', file_data: base64 },
        { type: 'input_file', source: { type: 'base64', media_type: 'text/plain', data: base64, filename: 'c.txt' } },
        { type: 'input_file', file_data: 'data:text/plain,words' },
      ]),
    );
    expect(parts.slice(0, 2)).toEqual([picture, picture]);
    expect(parts.slice(2).map(textOf)).toEqual(
      ['a.txt', 'b.md', 'c.txt', 'file.txt'].map((name) => expect.stringMatching(marked(name, 'words'))),
    );
  });

  it.each<[string, object, string, string | null]>([
    ['an uploaded image', { type: 'input_image', file_id: 'f' }, '.file_id', 'unsupported_parameter'],
    ['an uploaded file', { type: 'input_file', file_id: 'f' }, '.file_id', 'unsupported_parameter'],
    ['nothing', { type: 'input_file' }, '', null],
    [
      'damaged base64',
      { type: 'input_image', source: { type: 'base64', media_type: 'image/png', data: '#' } },
      '.source.data',
      'invalid_base64_image',
    ],
    [
      'a remote file as data',
      { type: 'input_file', source: { type: 'url', url: 'file:///etc/passwd' } },
      '.source.url',
      'invalid_file',
    ],
  ])('are refused with their place: %s', async (_, part, member, code) => {
    await using house = await openHouse(say('never'));
    expect(await readError(await respond(house, [part]))).toMatchObject({
      status: 400,
      param: `input[0].content[0]${member}`,
      code,
    });
  });

  it('come from tools as well: files in the result, images behind the results of the turn', async () => {
    await using house = await openHouse(say('seen'));
    const call = (id: string) => ({ type: 'function_call', call_id: id, name: 'look', arguments: '{}' });
    const input = [
      { role: 'user', content: 'look twice' },
      call('c1'),
      call('c2'),
      {
        type: 'function_call_output',
        call_id: 'c1',
        output: [
          { type: 'input_text', text: 'here' },
          { type: 'input_image', image_url: pixel },
          { type: 'input_file', filename: 'a.txt', file_data: fileData('words') },
        ],
      },
      { type: 'function_call_output', call_id: 'c2', output: 'plain' },
    ];
    const answer = await house.ask('/v1/responses', { body: { model: 'openclaw', input } });
    expect([answer.status, await answer.text()]).toEqual([200, expect.any(String)]);
    const messages = house.rooms.models.requests.at(-1)?.messages ?? [];
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'tool', 'user']);
    const [, , first, second, images] = messages;
    expect(first?.role === 'tool' && first.output).toMatch(
      /^here\n\[an image, which follows\]\n<<<UNTRUSTED[\s\S]+\nwords\n<<<END/,
    );
    expect(second).toMatchObject({ output: 'plain' });
    expect(images).toEqual({
      role: 'user',
      content: [{ type: 'text', text: 'Images from the result of look:' }, picture],
    });
  });
});

describe('models that read text only', () => {
  it('are not asked about an image: the caller is told what to do', async () => {
    await using gateway = await startTestGateway({
      config: { models: { providers: { up: { models: [{ id: 'one', input: ['text'] }] } } } },
    });
    const ask = (content: unknown, stream: boolean) =>
      fetch(`${gateway.http}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'openclaw', stream, messages: [{ role: 'user', content }] }),
      });
    for (const stream of [false, true])
      expect(await readError(await ask([image(pixel)], stream))).toMatchObject({
        status: 400,
        type: 'invalid_request_error',
        message: expect.stringContaining('up/one reads no images'),
      });
    expect(gateway.upstream.requests).toEqual([]);
    expect((await ask([file({ filename: 'a.txt', file_data: fileData('words') })], false)).status).toBe(200);
  });
});
