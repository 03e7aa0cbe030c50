import { afterAll, describe, expect, it } from 'vitest';
import { createDocuments, type DocumentTask, documentLimits } from '../../server/media/documents.ts';
import { lockedPdf, pdf, pdfBomb } from './pdf.ts';

const documents = createDocuments();
afterAll(() => documents.close());

const never = new AbortController().signal;
const toTask = (bytes: Buffer, maxPages = 4, maxChars = 10_000): DocumentTask => ({
  kind: 'pdf',
  bytes: new Uint8Array(bytes),
  maxPages,
  maxChars,
});
const readPdf = (bytes: Buffer, ...more: number[]) => documents.read(toTask(bytes, ...more), never);
const readHtml = (text: string, maxChars = 10_000) => documents.read({ kind: 'html', text, maxChars }, never);

describe('the text of a PDF', () => {
  it('is that of its pages', async () => {
    expect(await readPdf(pdf(['First page', 'Second page']))).toEqual({
      ok: true,
      text: 'First page\n\nSecond page',
      isCut: false,
      pages: { total: 2, read: 2 },
    });
  });

  it('ends with the last page and the last character that are wanted', async () => {
    expect(await readPdf(pdf(['one', 'two', 'three']), 2)).toMatchObject({
      text: 'one\n\ntwo',
      pages: { total: 3, read: 2 },
    });
    expect(await readPdf(pdf(['one', 'two', 'three']), 9, 2)).toEqual({
      ok: true,
      text: 'on',
      isCut: true,
      pages: { total: 3, read: 1 },
    });
  });

  it('is empty where pages are pictures', async () => {
    expect(await readPdf(pdf(['', '']))).toMatchObject({ ok: true, text: '' });
  });

  it('is not had with a password', async () => {
    expect(await readPdf(lockedPdf())).toEqual({ ok: false, fault: 'encrypted' });
  });

  it.each([
    ['only its beginning', Buffer.from('%PDF-1.7\n')],
    ['nothing of one', Buffer.from('hello')],
    ['noise behind its beginning', Buffer.concat([Buffer.from('%PDF-1.4\n'), Buffer.alloc(5000, 0xa7)])],
    ['half of one', pdf(['a page']).subarray(0, 120)],
  ])('is not had of %s', async (_, bytes) => {
    expect(await readPdf(bytes)).toMatchObject({ ok: false, fault: 'damaged' });
  });

  it('is had all the same where its table of places is wrong', async () => {
    const broken = Buffer.from(
      pdf(['Found anyway'])
        .toString('latin1')
        .replace(/startxref\n\d+/, 'startxref\n7'),
      'latin1',
    );
    expect(await readPdf(broken)).toMatchObject({ ok: true, text: 'Found anyway' });
  });

  it('does not take the memory that a bomb asks for', async () => {
    const bomb = await pdfBomb(400);
    expect(bomb.length).toBeLessThan(1_000_000);
    const before = process.memoryUsage().rss;
    let most = 0;
    const look = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss - before);
    }, 10);
    const outcome = await readPdf(bomb);
    clearInterval(look);
    expect(outcome).toEqual({ ok: false, fault: 'too-large' });
    expect(most).toBeLessThan(400 * 1024 * 1024);
  }, 60_000);

  it('ends when it takes too long, without holding up anybody else', async () => {
    const impatient = createDocuments({ ...documentLimits, timeoutMs: 30 });
    let turns = 0;
    const beat = setInterval(() => turns++, 1);
    expect(await impatient.read(toTask(pdf(['late'])), never)).toEqual({ ok: false, fault: 'too-slow' });
    clearInterval(beat);
    expect(turns).toBeGreaterThan(1);
    await impatient.close();
  });

  it('ends when its objects are too many', async () => {
    const small = createDocuments({ ...documentLimits, maxHeapMb: 8 });
    const nested = `<< /A ${'['.repeat(200_000)}${']'.repeat(200_000)} >>`;
    const task = toTask(pdf(['x'], { objects: [nested], trailer: '/Info 6 0 R' }));
    const outcome = await small.read(task, never);
    expect(outcome.ok || outcome.fault).toBeTruthy();
    // The gateway is still there, and reads the next one.
    expect(await readPdf(pdf(['still here']))).toMatchObject({ ok: true, text: 'still here' });
    await small.close();
  }, 30_000);
});

describe('the text of a page', () => {
  it('keeps what is said, and how', async () => {
    const outcome = await readHtml(`<html><head><title>T</title><style>p{}</style></head><body>
      <h1>Report</h1><p>Sums &amp; <b>parts</b>, see <a href="https://a.example/">there</a>.</p>
      <ul><li>one<li>two</ul><table><tr><th>k</th><th>v</th></tr><tr><td>a</td><td>1</td></tr></table>
      <script>alert('never')</script><img src="x.png" alt="picture"></body></html>`);
    const text = outcome.ok ? outcome.text : outcome.fault;
    expect(text).toMatch(/Report\n+Sums & parts, see there \[https:\/\/a\.example\/\]\./);
    expect(text).toMatch(/\* one\n \* two/);
    expect(text).toMatch(/k +v\na +1/);
    expect(text).not.toMatch(/alert|never|p\{\}|x\.png/);
  });

  it('is cut where it is enough', async () => {
    expect(await readHtml(`<p>${'word '.repeat(1000)}</p>`, 20)).toEqual({
      ok: true,
      text: 'word word word word ',
      isCut: true,
    });
  });

  it('survives what is nested without end', async () => {
    const outcome = await readHtml('<div>'.repeat(20_000), 100);
    expect(outcome.ok || outcome.fault).toBeTruthy();
    expect(await readHtml('<p>next</p>')).toMatchObject({ ok: true, text: 'next' });
  }, 30_000);
});

describe('documents that are read at the same time', () => {
  it('wait for a thread, and are refused when too many wait', async () => {
    const narrow = createDocuments({ ...documentLimits, maxThreads: 1, maxWaiting: 1 });
    const first = narrow.read(toTask(pdf(['a'])), never);
    const second = narrow.read(toTask(pdf(['b'])), never);
    await expect(narrow.read(toTask(pdf(['c'])), never)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      retryable: true,
    });
    expect(await first).toMatchObject({ text: 'a' });
    expect(await second).toMatchObject({ text: 'b' });
    await narrow.close();
  });

  it('end with their callers, also those that wait', async () => {
    const narrow = createDocuments({ ...documentLimits, maxThreads: 1 });
    const [working, waiting] = [new AbortController(), new AbortController()];
    const first = narrow.read(toTask(pdf(['a'])), working.signal);
    const second = narrow.read(toTask(pdf(['b'])), waiting.signal);
    const third = narrow.read(toTask(pdf(['c'])), never);
    waiting.abort(new Error('left the line'));
    working.abort(new Error('left'));
    await expect(second).rejects.toThrow('left the line');
    await expect(first).rejects.toThrow('left');
    expect(await third).toMatchObject({ text: 'c' });
    await narrow.close();
  });
});
