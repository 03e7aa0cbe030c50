import { parentPort, workerData } from 'node:worker_threads';
import type { DocumentOutcome, DocumentTask, DocumentText } from './documents.ts';

/*
 * What runs in the thread of one document. It is ended from outside when it takes too long or too much.
 */

interface Work {
  task: DocumentTask;
  /** Bytes of one buffer. */
  maxBufferBytes: number;
}

const { task, maxBufferBytes } = workerData as Work;
limitBuffers(maxBufferBytes);
read()
  .then((text): DocumentOutcome => ({ ok: true, ...text }), toFault)
  .then((outcome) => parentPort?.postMessage(outcome));

function read(): Promise<DocumentText> {
  return task.kind === 'pdf' ? readPdf(task) : readHtml(task);
}

async function readHtml({ text, maxChars }: Extract<DocumentTask, { kind: 'html' }>): Promise<DocumentText> {
  const { convert } = await import('html-to-text');
  const converted = convert(text, {
    wordwrap: false,
    limits: { maxInputLength: Number.MAX_SAFE_INTEGER, maxDepth: 200 },
    selectors: [
      { selector: 'img', format: 'skip' },
      { selector: 'script', format: 'skip' },
      { selector: 'style', format: 'skip' },
      { selector: 'template', format: 'skip' },
      { selector: 'a', options: { hideLinkHrefIfSameAsText: true, ignoreHref: false } },
      ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, options: { uppercase: false } })),
      { selector: 'table', format: 'dataTable', options: { uppercaseHeaderCells: false } },
    ],
  });
  return { text: converted.slice(0, maxChars).toWellFormed(), isCut: converted.length > maxChars };
}

async function readPdf({ bytes, maxPages, maxChars }: Extract<DocumentTask, { kind: 'pdf' }>): Promise<DocumentText> {
  const { getDocumentProxy } = await import('unpdf');
  const document = await getDocumentProxy(bytes, { disableFontFace: true, useSystemFonts: false, verbosity: 0 });
  const total = document.numPages;
  const texts: string[] = [];
  let chars = 0;
  let read = 0;
  while (read < Math.min(total, maxPages) && chars <= maxChars) {
    const page = await document.getPage(++read);
    const { items } = await page.getTextContent();
    const text = items.map((item) => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : '')).join('');
    chars += text.length;
    texts.push(text.trim());
    page.cleanup();
  }
  const text = texts.filter(Boolean).join('\n\n');
  return { text: text.slice(0, maxChars).toWellFormed(), isCut: text.length > maxChars, pages: { total, read } };
}

function toFault(error: unknown): DocumentOutcome {
  const { name = '', message = '' } = error as Partial<Error>;
  if (name === 'PasswordException') return { ok: false, fault: 'encrypted' };
  if (error instanceof RangeError) return { ok: false, fault: 'too-large' };
  return { ok: false, fault: 'damaged', message: message.slice(0, 200) };
}

/**
 * Refuses large buffers before they are there. A stream in a PDF can be a thousand times as large as the file, and readers
 * double their buffer until it fits.
 */
function limitBuffers(maxBytes: number): void {
  const refuse = (size: unknown) => {
    if (typeof size === 'number' && size > maxBytes / 4) throw new RangeError('the document needs too much memory');
  };
  for (const name of ['Uint8Array', 'Uint8ClampedArray', 'ArrayBuffer'] as const) {
    const own = globalThis[name] as new (...args: unknown[]) => object;
    const limited: typeof own = new Proxy(own, {
      construct(target, args, newTarget): object {
        refuse(args[0]);
        return Reflect.construct(target, args, newTarget === limited ? target : newTarget);
      },
    });
    Object.defineProperty(globalThis, name, { value: limited, configurable: true, writable: true });
  }
}
