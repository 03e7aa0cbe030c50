import { describe, expect, it } from 'vitest';
import { readImage } from '../../server/media/image.ts';
import { parseBase64, parseInlineUrl } from '../../server/media/inline-url.ts';
import { findMediaReason } from '../../server/media/refusal.ts';
import { gif, heic, jpeg, png, pngHead, webp } from './images.ts';

const rules = {
  allowedMimes: ['image/jpeg', 'image/png', 'image/gif', 'image/webp', 'image/heic'],
  maxBytes: 1_000_000,
};
const read = (bytes: Buffer, mimeType = '', more: Partial<typeof rules> = {}) =>
  readImage({ mimeType, base64: bytes.toString('base64'), byteLength: bytes.length }, { ...rules, ...more });
const refusal = (bytes: Buffer, mimeType = '', more: Partial<typeof rules> = {}) =>
  read(bytes, mimeType, more).then(
    () => 'taken',
    (error) => `${findMediaReason(error)}: ${error.message}`,
  );

const taken = 'taken are image/jpeg, image/png, image/gif, image/webp';

describe('an image', () => {
  it.each([
    ['image/png', png(3, 2)],
    ['image/jpeg', jpeg()],
    ['image/gif', gif],
    ['image/webp', webp],
    // Notes of a camera stand before the dimensions.
    ['image/jpeg', jpeg(40, 30, 500_000)],
  ])('is what its bytes say: %s', async (mimeType, bytes) => {
    const data = bytes.toString('base64');
    for (const told of [mimeType, '', 'image/jpg', 'image/x-png', 'application/octet-stream'])
      expect(await read(bytes, told)).toEqual({ mimeType, data, byteLength: bytes.length });
  });

  it.each([
    ['empty', Buffer.alloc(0), '', 'empty_image_file: the image is empty'],
    ['HEIC', heic, 'image/heic', `unsupported_image_media_type: image/heic is not taken; ${taken}`],
    [
      'SVG',
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
      'image/svg+xml',
      `unsupported_image_media_type: image/svg+xml is not taken; ${taken}`,
    ],
    [
      'a PDF',
      Buffer.from('%PDF-1.4'),
      'image/png',
      `unsupported_image_media_type: application/pdf is not taken; ${taken}`,
    ],
    [
      'a page',
      png(),
      'text/html; charset=x',
      `unsupported_image_media_type: "text/html; charset=x" is no image; ${taken}`,
    ],
    [
      'noise',
      Buffer.from('not an image at all'),
      'image/png',
      `invalid_image_format: its bytes are not an image that is known; ${taken}`,
    ],
    [
      'only a signature',
      png().subarray(0, 8),
      'image/png',
      'image_parse_error: the image/png image is damaged: its dimensions cannot be read',
    ],
    [
      'a JPEG without a frame',
      Buffer.from('ffd8ffd9', 'hex'),
      '',
      'image_parse_error: the image/jpeg image is damaged: its dimensions cannot be read',
    ],
    [
      'without width',
      pngHead(0, 5),
      '',
      'image_parse_error: the image/png image is damaged: its dimensions cannot be read',
    ],
    ['far too wide', pngHead(50_000, 2), '', 'image_too_large: the image has 50000 by 2 pixels; make it smaller'],
    ['a bomb', pngHead(30_000, 30_000), '', 'image_too_large: the image has 30000 by 30000 pixels; make it smaller'],
  ])('is refused when it is %s', async (_, bytes, told, expected) => {
    expect(await refusal(bytes, told)).toBe(expected);
  });

  it('is refused when it is too large, or of a kind that the configuration leaves out', async () => {
    expect(await refusal(png(), '', { maxBytes: 10 })).toMatch(
      /^image_file_too_large: the image has \d+ bytes; at most 10 are taken$/,
    );
    expect(await refusal(png(), '', { allowedMimes: ['image/jpeg'] })).toBe(
      'unsupported_image_media_type: image/png is not taken; taken are image/jpeg',
    );
    expect(await refusal(png(), '', { allowedMimes: ['image/heic'] })).toMatch(/taken are none, by the configuration$/);
  });
});

describe('a data: URL', () => {
  it.each([
    ['data:text/plain;base64,aGk=', { mimeType: 'text/plain', charset: undefined, base64: 'aGk=', byteLength: 2 }],
    [
      'DATA:Text/Plain;charset="UTF-8";BASE64,aGk',
      { mimeType: 'text/plain', charset: 'utf-8', base64: 'aGk=', byteLength: 2 },
    ],
    ['data:;base64,', { mimeType: '', charset: undefined, base64: '', byteLength: 0 }],
    [
      'data:image/png;name=a b.png;base64,_-8=',
      { mimeType: 'image/png', charset: undefined, base64: '/+8=', byteLength: 2 },
    ],
    [
      'data:text/csv;base64,YSxi\r\nLGM=',
      { mimeType: 'text/csv', charset: undefined, base64: 'YSxiLGM=', byteLength: 5 },
    ],
    ['data:text/plain,a%20%C3%BC+b', { mimeType: 'text/plain', charset: undefined, base64: 'YSDDvCti', byteLength: 6 }],
    ['data:,x', { mimeType: '', charset: undefined, base64: 'eA==', byteLength: 1 }],
  ])('is read: %s', (url, expected) => {
    expect(parseInlineUrl(url)).toEqual(expected);
  });

  it.each([
    'data:text/plain;base64',
    'text/plain;base64,aGk=',
    'data:text/plain;base64,a',
    'data:text/plain;base64,aGk===',
    'data:text/plain;base64,a=Gk',
    'data:text/plain;base64,aGk*',
    'data:text/plain;base64,%61%47',
    'data:not a type;base64,aGk=',
    'data:text;base64,aGk=',
    'data:text/plain,%zz',
    'data:text/plain,50%',
    `data:text/plain;x=${'y'.repeat(2000)},z`,
    'https://a.example/',
    '',
  ])('is none, or wrong: %j', (url) => {
    expect(parseInlineUrl(url)).toBeUndefined();
  });

  it('has base64 that can stand by itself', () => {
    expect(parseBase64('aGk')).toEqual({ base64: 'aGk=', byteLength: 2 });
    expect(parseBase64('a-_b')).toEqual({ base64: 'a+/b', byteLength: 3 });
    expect(parseBase64('ä')).toBeUndefined();
  });
});
