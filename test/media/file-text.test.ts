import { afterAll, describe, expect, it } from 'vitest';
import { createDocuments } from '../../server/media/documents.ts';
import { type FileRules, readFileText } from '../../server/media/file-text.ts';
import { findMediaReason } from '../../server/media/refusal.ts';
import { toResponseMedia } from '../../server/media/settings.ts';
import { png } from './images.ts';
import { lockedPdf, pdf } from './pdf.ts';

const documents = createDocuments();
afterAll(() => documents.close());
const rules: FileRules = toResponseMedia({}).files;
const signal = new AbortController().signal;

const read = (bytes: Buffer | string, contentType = '', name?: string, more: Partial<FileRules> = {}) =>
  readFileText(
    { bytes: Buffer.from(bytes as string), contentType, name },
    { ...rules, ...more },
    { documents, signal },
  );
const refusal = (...asked: Parameters<typeof read>) =>
  read(...asked).then(
    ({ mimeType }) => `taken as ${mimeType}`,
    (error) => `${findMediaReason(error)}: ${error.message}`,
  );

const taken = 'taken are text/plain, text/markdown, text/html, text/csv, application/json, application/pdf';

describe('what a file is', () => {
  it.each([
    ['text/plain', 'a.md', 'text/plain'],
    ['text/markdown', undefined, 'text/markdown'],
    ['text/x-markdown', undefined, 'text/markdown'],
    ['text/csv; header=present', undefined, 'text/csv'],
    ['application/json', undefined, 'application/json'],
    ['application/ld+json', undefined, 'application/json'],
    ['application/x-ndjson', undefined, 'application/json'],
    ['text/x-python', 'a.py', 'text/plain'],
    ['application/xml', undefined, 'text/plain'],
    ['application/x-yaml', undefined, 'text/plain'],
    ['', 'notes.MD', 'text/markdown'],
    ['application/octet-stream', 'table.csv', 'text/csv'],
    ['', 'a.json', 'application/json'],
    ['', 'Makefile', 'text/plain'],
    ['', undefined, 'text/plain'],
  ])('follows from %j and %j: %s', async (contentType, name, mimeType) => {
    expect(await read('some: text', contentType, name)).toMatchObject({ mimeType, content: 'some: text' });
  });

  it('is a PDF wherever it begins like one', async () => {
    for (const contentType of ['application/pdf', '', 'text/plain', 'application/octet-stream'])
      expect(await read(pdf(['Hello']), contentType)).toMatchObject({ mimeType: 'application/pdf', name: 'file.pdf' });
  });

  it.each<[string, Buffer, string, string | undefined, string]>([
    [
      'a Word document',
      Buffer.from('PK\x03\x04'),
      'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
      'a.docx',
      'unsupported_file_type',
    ],
    ['one without a type', Buffer.from('PK\x03\x04'), '', 'a.docx', 'unsupported_file_type'],
    ['an archive', Buffer.from('PK\x03\x04'), 'application/zip', undefined, 'unsupported_file_type'],
    ['an image', png(), 'image/png', 'a.png', 'unsupported_file_type'],
    ['bytes', Buffer.from([1, 2, 3, 0]), '', undefined, 'unsupported_file_type'],
    ['rich text', Buffer.from('{\\rtf1}'), 'text/rtf', undefined, 'unsupported_file_type'],
    ['audio', Buffer.from('ID3'), 'audio/mpeg', undefined, 'unsupported_file_type'],
  ])('is not one that is read: %s', async (_, bytes, contentType, name, reason) => {
    const told = await refusal(bytes, contentType, name);
    expect(told).toMatch(new RegExp(`^${reason}: `));
    expect(told).toContain(taken);
  });

  it('must be one that the configuration allows', async () => {
    expect(await refusal('a,b', 'text/csv', 'a.csv', { allowedMimes: ['text/plain'] })).toBe(
      'unsupported_file_type: "a.csv": "text/csv" is not taken; taken are text/plain',
    );
  });
});

describe('the text of a file', () => {
  const umlaut = (encoding: BufferEncoding, mark: number[]) =>
    Buffer.concat([Buffer.from(mark), Buffer.from('Grüße €', encoding)]);
  it.each<[string, Buffer, string]>([
    ['UTF-8', Buffer.from('Grüße €'), 'text/plain'],
    ['UTF-8 with a mark', umlaut('utf8', [0xef, 0xbb, 0xbf]), 'text/plain'],
    ['UTF-16 with a mark', umlaut('utf16le', [0xff, 0xfe]), 'text/plain'],
    ['UTF-16 whose mark contradicts', umlaut('utf16le', [0xff, 0xfe]), 'text/plain;charset=utf-8'],
    ['big-endian UTF-16 with a mark', umlaut('utf16le', [0xff, 0xfe]).swap16(), 'text/csv'],
    ['UTF-16 as declared', Buffer.from('Grüße €', 'utf16le'), 'text/plain; charset=utf-16le'],
    ['Windows-1252, which nobody declared', Buffer.from('4772fcdf652080', 'hex'), 'text/csv'],
    ['Windows-1252 as declared', Buffer.from('4772fcdf652080', 'hex'), 'text/plain;charset=windows-1252'],
    [
      'Latin-1 as declared, which is the same on the web',
      Buffer.from('4772fcdf652080', 'hex'),
      'text/plain;charset="ISO-8859-1"',
    ],
  ])('is read as %s', async (_, bytes, contentType) => {
    expect((await read(bytes, contentType)).content).toBe('Grüße €');
  });

  it.each<[string, Buffer, string]>([
    ['declared as UTF-8 and not', Buffer.from('4772fcdf65', 'hex'), 'text/plain;charset=utf-8'],
    ['in a charset that nobody knows', Buffer.from('x'), 'text/plain;charset=klingon'],
    ['with zeros', Buffer.from('a\0b'), 'text/plain'],
  ])('is none: %s', async (_, bytes, contentType) => {
    expect(await refusal(bytes, contentType, 'a.txt')).toMatch(
      /^invalid_file: "a\.txt" is not text.*: send it as UTF-8$/,
    );
  });

  it('has a limit, in bytes and in characters', async () => {
    expect(await refusal('12345678901', 'text/plain', 'a.txt', { maxBytes: 10 })).toBe(
      'file_too_large: "a.txt" has 11 bytes; at most 10 are taken',
    );
    expect((await read('12345678901', 'text/plain', 'a.txt', { maxChars: 4 })).content).toBe(
      '1234\n\n[7 characters more were left out]',
    );
    expect(await refusal('', 'text/plain', 'a.txt')).toBe('empty_file: "a.txt" is empty');
  });

  it('of a page is what it says', async () => {
    expect(await read('<h1>Hi</h1><script>x()</script>', 'text/html', 'a.html')).toMatchObject({
      mimeType: 'text/html',
      content: 'Hi',
    });
  });

  it('of a PDF tells what is not there', async () => {
    const long = 'A line of text. '.repeat(20);
    expect(
      (await read(pdf([long, long, long]), '', 'a.pdf', { pdf: { maxPages: 1, minTextChars: 20 } })).content,
    ).toMatch(/\[only the first 1 of 3 pages are here\]$/);
    expect((await read(pdf(['Page 1']), '', 'a.pdf')).content).toBe(
      'Page 1\n\n[there is little text: pages may be pictures, which are not here]',
    );
    expect((await read(pdf([long]), '', 'a.pdf', { maxChars: 10 })).content).toMatch(
      /\[only the first 10 characters are here/,
    );
  });

  it.each<[string, Buffer, string]>([
    ['a scan', pdf(['', '']), '"a.pdf" has no text: it may be a scan; send its pages as images'],
    [
      'a long scan',
      pdf(['', '', '', '', '', 'x']),
      '"a.pdf" has no text on its first 4 pages: it may be a scan; send its pages as images',
    ],
    ['one with a password', lockedPdf(), '"a.pdf" is protected by a password: send it without one'],
    ['a damaged one', Buffer.from('%PDF-1.4 gone'), '"a.pdf" is damaged, or not what it says it is'],
  ])('is not had of %s', async (_, bytes, message) => {
    expect(await refusal(bytes, 'application/pdf', 'a.pdf')).toBe(`file_parse_error: ${message}`);
  });
});
