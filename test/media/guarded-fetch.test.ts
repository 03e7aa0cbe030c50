import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { isPublicAddress, lookUpName } from '../../server/media/addresses.ts';
import { createGuardedFetch } from '../../server/media/guarded-fetch.ts';
import { fetchRemote, openRemote, toLoopback, usual } from './remote.ts';

const guarded = { lookUp: lookUpName, isAllowed: isPublicAddress };
const notAllowed = 'address: its address is not allowed, or leads nowhere';

describe('the guard of remote addresses', () => {
  it('fetches what may be fetched, and sends nothing of the gateway or the caller along', async () => {
    await using remote = await openRemote((_req, res) => {
      res.setHeader('content-type', 'image/png');
      res.setHeader('set-cookie', 'a=b');
      res.end('picture');
    });
    const first = await fetchRemote(`${remote.url}/dir/my%20photo.png?size=1#part`);
    expect(first).toMatchObject({ contentType: 'image/png', fileName: 'my photo.png' });
    expect(first.bytes?.toString()).toBe('picture');
    await fetchRemote(`${remote.url}/`);
    const [one, two] = remote.requests;
    expect(one?.url).toBe('/dir/my%20photo.png?size=1');
    expect(one?.headers.host).toBe(`files.example:${remote.port}`);
    for (const request of [one, two])
      expect(Object.keys(request?.headers ?? {}).sort()).toEqual([
        'accept',
        'accept-encoding',
        'connection',
        'host',
        'user-agent',
      ]);
  });

  it.each([
    '127.0.0.1',
    '[::1]',
    'localhost',
    '169.254.169.254',
    '10.1.2.3',
    '[fd00:ec2::254]',
    '[::ffff:7f00:1]',
    '0x7f.1',
  ])('reaches nothing at %s, and does not tell whether anything is there', async (host) => {
    await using remote = await openRemote((_req, res) => res.end('secret'));
    expect(await fetchRemote(`http://${host}:${remote.port}/`, {}, guarded)).toEqual({ refused: notAllowed });
    expect(await fetchRemote(`http://${host}:1/`, {}, guarded)).toEqual({ refused: notAllowed });
    expect(remote.sockets.size + remote.requests.length).toBe(0);
  });

  it.each([
    ['leads to a private address', [{ address: '10.0.0.1', family: 4 }]],
    [
      'leads to a public and a private one',
      [
        { address: '93.184.215.14', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ],
    ],
    ['leads to a mapped one', [{ address: '::ffff:127.0.0.1', family: 6 }]],
    ['leads nowhere', []],
  ])('refuses a name that %s', async (_, addresses) => {
    const lookUp = async () => addresses;
    expect(await fetchRemote('http://name.example/', {}, { lookUp, isAllowed: isPublicAddress })).toEqual({
      refused: notAllowed,
    });
  });

  it('says the same of a name that does not exist', async () => {
    const lookUp = () => Promise.reject(Object.assign(new Error('ENOTFOUND inside.example'), { code: 'ENOTFOUND' }));
    expect(await fetchRemote('http://inside.example/', {}, { lookUp, isAllowed: isPublicAddress })).toEqual({
      refused: notAllowed,
    });
  });

  it('connects to the address that it has checked, whatever the name leads to a moment later', async () => {
    await using remote = await openRemote((_req, res) => res.end('checked'));
    let asked = 0;
    const lookUp = async () => [{ address: asked++ === 0 ? '127.0.0.1' : '127.0.0.2', family: 4 }];
    const fetched = await fetchRemote(remote.url, {}, { ...toLoopback, lookUp });
    expect([fetched.bytes?.toString(), asked]).toEqual(['checked', 1]);
    // The next one is a request of its own, whose address is looked at again.
    expect(await fetchRemote(remote.url, {}, { ...toLoopback, lookUp })).toEqual({ refused: notAllowed });
  });

  it('follows redirects as far as it may', async () => {
    await using remote = await openRemote((req, res) => {
      const left = Number(req.url?.slice(1));
      if (left === 0) return void res.end('there');
      res.writeHead([301, 302, 303, 307, 308][left % 5] ?? 302, { location: `/${left - 1}` }).end('no body');
    });
    expect((await fetchRemote(`${remote.url}/3`)).bytes?.toString()).toBe('there');
    expect(await fetchRemote(`${remote.url}/4`)).toEqual({
      refused: 'failed: it leads to another address more than 3 times',
    });
    expect(await fetchRemote(`${remote.url}/1`, { maxRedirects: 0 })).toEqual({
      refused: 'failed: it leads to another address more than 0 times',
    });
  });

  it.each([
    ['a private address', 'http://10.0.0.1/'],
    ['metadata', 'http://169.254.169.254/latest/meta-data/'],
    ['another spelling', 'http://2130706433/'],
    ['a name that leads inside', 'http://inside.example/'],
    ['a file', 'file:///etc/passwd'],
    ['somebody with a password', 'http://a:b@files.example/'],
    ['nowhere', 'http://[/'],
  ])('does not follow a redirect to %s', async (_, location) => {
    await using remote = await openRemote((_req, res) => void res.writeHead(302, { location }).end());
    const lookUp = async (host: string) => [
      { address: host === 'inside.example' ? '10.0.0.9' : '127.0.0.1', family: 4 },
    ];
    expect(await fetchRemote(remote.url, {}, { ...toLoopback, lookUp })).toEqual({ refused: notAllowed });
    expect(remote.requests).toHaveLength(1);
  });

  it('does not follow a redirect to a host that is not on the list', async () => {
    await using remote = await openRemote((_req, res) => {
      res.writeHead(302, { location: `http://other.example:${remote.port}/` }).end();
    });
    const urlAllowlist = ['*.files.example', 'files.example'];
    expect(await fetchRemote(remote.url, { urlAllowlist })).toEqual({
      refused: 'address: its host is not on the list',
    });
    expect(remote.requests).toHaveLength(1);
  });

  it.each([
    [404, 'failed: its server answers with status 404'],
    [500, 'failed: its server answers with status 500'],
    [204, 'failed: its server answers with status 204'],
    [304, 'failed: its server answers with status 304'],
  ])('tells of status %i', async (status, refused) => {
    await using remote = await openRemote((_req, res) => void res.writeHead(status).end());
    expect(await fetchRemote(remote.url)).toEqual({ refused });
  });

  it('tells of a server that is not there, without its address', async () => {
    const remote = await openRemote(() => undefined);
    await remote[Symbol.asyncDispose]();
    expect(await fetchRemote(remote.url)).toEqual({ refused: 'failed: its server could not be reached or broke off' });
  });

  it('tells of one that breaks off', async () => {
    await using remote = await openRemote((_req, res) => {
      res.writeHead(200, { 'content-length': '1000' });
      res.write('half');
      setImmediate(() => res.destroy());
    });
    expect(await fetchRemote(remote.url)).toEqual({ refused: 'failed: its server could not be reached or broke off' });
  });
});

describe('the limits of remote addresses', () => {
  const tooLarge = 'size: it is larger than 100000 bytes';

  it('refuses by the announced length, before a byte', async () => {
    await using remote = await openRemote((_req, res) => {
      res.writeHead(200, { 'content-length': '100001' });
      res.flushHeaders();
    });
    expect(await fetchRemote(remote.url)).toEqual({ refused: tooLarge });
  });

  it('ends a body that does not end, and its connection', async () => {
    await using remote = await openRemote((_req, res) => {
      const more = () => {
        while (!res.destroyed && res.write(Buffer.alloc(16_384)));
      };
      res.on('drain', more);
      more();
    });
    expect(await fetchRemote(remote.url)).toEqual({ refused: tooLarge });
    await remote.isLeft();
  });

  it('takes exactly so many bytes', async () => {
    await using remote = await openRemote((req, res) => res.end(Buffer.alloc(req.url === '/fits' ? 100_000 : 100_001)));
    expect((await fetchRemote(`${remote.url}/fits`)).bytes).toHaveLength(100_000);
    expect(await fetchRemote(`${remote.url}/more`)).toEqual({ refused: tooLarge });
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('reads %s, which it has not asked for, and stops at a bomb', async (encoding, compress) => {
    await using remote = await openRemote((req, res) => {
      res.setHeader('content-encoding', encoding);
      res.end(compress(Buffer.alloc(req.url === '/bomb' ? 50_000_000 : 1000, 'a')));
    });
    expect((await fetchRemote(`${remote.url}/`)).bytes?.toString()).toBe('a'.repeat(1000));
    expect(await fetchRemote(`${remote.url}/bomb`)).toEqual({ refused: tooLarge });
  });

  it('does not read other encodings, nor damaged ones', async () => {
    await using remote = await openRemote((req, res) => {
      res.setHeader('content-encoding', req.url === '/zstd' ? 'zstd' : 'gzip');
      res.end('nothing of the kind');
    });
    for (const path of ['/zstd', '/gzip']) expect((await fetchRemote(remote.url + path)).refused).toMatch(/^failed: /);
  });

  it.each([
    ['before the head', false],
    ['in the body', true],
  ])('gives up one that drips: %s', async (_, hasHead) => {
    await using remote = await openRemote((_req, res) => {
      if (hasHead) res.writeHead(200);
      const drip = setInterval(() => hasHead && res.write('.'), 20);
      res.once('close', () => clearInterval(drip));
    });
    expect(await fetchRemote(remote.url, { timeoutMs: 300 })).toEqual({
      refused: 'failed: it did not arrive within 300 ms',
    });
  });

  it('gives up a name server that does not answer, and redirects that take too long together', async () => {
    const lookUp = () => new Promise<never>(() => {});
    expect(await fetchRemote('http://slow.example/', { timeoutMs: 100 }, { ...toLoopback, lookUp })).toEqual({
      refused: 'failed: it did not arrive within 100 ms',
    });
    await using remote = await openRemote((_req, res) => {
      setTimeout(() => res.writeHead(302, { location: '/' }).end(), 150);
    });
    expect(await fetchRemote(remote.url, { timeoutMs: 400, maxRedirects: 50 })).toEqual({
      refused: 'failed: it did not arrive within 400 ms',
    });
  });

  it('ends with its caller', async () => {
    await using remote = await openRemote((_req, res) => void res.writeHead(200).flushHeaders());
    const caller = new AbortController();
    const fetching = createGuardedFetch(toLoopback)(remote.url, usual, caller.signal);
    const reason = new Error('gone');
    setTimeout(() => caller.abort(reason), 50);
    await expect(fetching).rejects.toBe(reason);
    await remote.isLeft();
  });
});
