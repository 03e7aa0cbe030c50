import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createDeflate } from 'node:zlib';

export interface PdfOptions {
  /** Put into the trailer, for example `/Encrypt 9 0 R`. */
  trailer?: string;
  /** More objects, after those of the pages. */
  objects?: string[];
  /** What a page draws, in place of its text. */
  content?: Buffer;
  filter?: string;
}

/** A PDF with a page for each text. */
export function pdf(
  pages: readonly string[],
  { trailer = '', objects = [], content, filter }: PdfOptions = {},
): Buffer {
  const first = 4;
  const kids = pages.map((_, index) => `${first + index * 2} 0 R`).join(' ');
  const parts: (string | Buffer)[][] = [
    ['<< /Type /Catalog /Pages 2 0 R >>'],
    [`<< /Type /Pages /Kids [${kids}] /Count ${pages.length} >>`],
    ['<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>'],
    ...pages.flatMap((text, index) => {
      const draws = content ?? Buffer.from(text === '' ? '' : `BT /F1 12 Tf 20 200 Td (${text}) Tj ET`, 'latin1');
      const head = `<< /Length ${draws.length}${filter ? ` /Filter /${filter}` : ''} >>\nstream\n`;
      const page = `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Contents ${first + index * 2 + 1} 0 R`;
      return [[`${page} /Resources << /Font << /F1 3 0 R >> >> >>`], [head, draws, '\nendstream']];
    }),
    ...objects.map((object) => [object]),
  ];
  return assemble(parts, trailer);
}

/** A page whose content is a thousandth of the megabytes that it is when it is read. */
export async function pdfBomb(megabytes: number): Promise<Buffer> {
  const blanks = Buffer.alloc(1024 * 1024, ' ');
  const source = Readable.from(Array.from({ length: megabytes }, () => blanks));
  return pdf(['x'], { content: await buffer(source.pipe(createDeflate())), filter: 'FlateDecode' });
}

/** A PDF that only opens with a password. */
export function lockedPdf(): Buffer {
  const key = `<${'00'.repeat(32)}>`;
  const encrypt = `<< /Filter /Standard /V 1 /R 2 /Length 40 /P -4 /O ${key} /U ${key} >>`;
  return pdf(['secret'], { trailer: `/Encrypt 6 0 R /ID [<00> <00>]`, objects: [encrypt] });
}

// --- internal ---

function assemble(parts: readonly (string | Buffer)[][], trailer: string): Buffer {
  const chunks: Buffer[] = [Buffer.from('%PDF-1.4\n')];
  const offsets: number[] = [];
  let size = chunks[0]?.length ?? 0;
  const add = (part: string | Buffer) => {
    const bytes = Buffer.isBuffer(part) ? part : Buffer.from(part, 'latin1');
    chunks.push(bytes);
    size += bytes.length;
  };
  for (const [index, part] of parts.entries()) {
    offsets.push(size);
    for (const piece of [`${index + 1} 0 obj\n`, ...part, '\nendobj\n']) add(piece);
  }
  const start = size;
  const rows = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  add(`xref\n0 ${parts.length + 1}\n0000000000 65535 f \n${rows}`);
  add(`trailer << /Size ${parts.length + 1} /Root 1 0 R ${trailer} >>\nstartxref\n${start}\n%%EOF`);
  return Buffer.concat(chunks);
}
