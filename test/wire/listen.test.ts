import { channel } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer as createHttpServer, get, Server as HttpServer } from 'node:http';
import { connect, createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Listening, type ListenOptions, listen } from '../../server/listen.ts';

const open: Listening[] = [];
const start = async (changes: Partial<ListenOptions> = {}): Promise<Listening> => {
  const listening = await listen({
    port: 0,
    hosts: ['127.0.0.1'],
    onRequest: (_request, response) => response.end('here'),
    onUpgrade: (_request, socket) => socket.end('HTTP/1.1 418 Teapot\r\n\r\n'),
    ...changes,
  });
  open.push(listening);
  return listening;
};
const read = async (url: string) => await (await fetch(url)).text();

afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await Promise.all(open.splice(0).map((one) => one.close()));
});

describe('listen', () => {
  it('serves requests and upgrades on the port it was given', async () => {
    const { port } = await start();
    await (await start({ port: 0 })).close();
    expect(await read(`http://127.0.0.1:${port}/`)).toBe('here');
    const socket = connect(port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toContain('418 Teapot');
    socket.destroy();
  });

  it('serves several addresses on one port', async () => {
    const { port } = await start({ hosts: ['127.0.0.2', '127.0.0.1'] });
    expect(await read(`http://127.0.0.1:${port}/`)).toBe('here');
    expect(await read(`http://127.0.0.2:${port}/`)).toBe('here');
  });

  it('serves every address on 0.0.0.0', async () => {
    const { port } = await start({ hosts: ['0.0.0.0'] });
    expect(await read(`http://127.0.0.1:${port}/`)).toBe('here');
  });

  it('takes the port that was asked for, whatever the environment says', async () => {
    const { port } = await start();
    await open.pop()?.close();
    vi.stubEnv('PORT', '1');
    vi.stubEnv('HOST', '192.0.2.1');
    expect((await start({ port })).port).toBe(port);
  });

  it('says that another gateway has the port, and leaves nothing open', async () => {
    const { port } = await start({ hosts: ['127.0.0.1'] });
    await expect(
      listen({ port, hosts: ['127.0.0.2', '127.0.0.1'], onRequest() {}, onUpgrade() {} }),
    ).rejects.toMatchObject({
      name: 'GatewayError',
      code: 'UNAVAILABLE',
      message: `another gateway instance is already listening on ws://127.0.0.1:${port} | listen EADDRINUSE: address already in use 127.0.0.1:${port}`,
    });
    await expect(read(`http://127.0.0.2:${port}/`)).rejects.toThrow();
    expect(await read(`http://127.0.0.1:${port}/`)).toBe('here');
  });

  it('says so, too, when the port is taken at the last moment', async () => {
    const { port } = await start();
    await open.pop()?.close();
    const rival = createServer();
    const births = channel('tracing:net.server.listen:asyncStart');
    const onBirth = (message: unknown) => {
      if (!((message as { server: Server }).server instanceof HttpServer)) return;
      births.unsubscribe(onBirth);
      rival.listen(port, '127.0.0.1');
    };
    births.subscribe(onBirth);
    await expect(start({ port })).rejects.toThrow('another gateway instance is already listening on');
    rival.close();
  });

  it('names an address that is not of this machine', async () => {
    await expect(start({ hosts: ['192.0.2.1'] })).rejects.toThrow(
      /192\.0\.2\.1 is not an address of this machine .*gateway\.customBindHost/,
    );
  });

  it('never takes another port: not even for one that listhen thinks unsafe', async () => {
    await expect(start({ port: 6000 })).rejects.toThrow(/cannot listen on 127\.0\.0\.1:6000/);
  });

  it('adds no signal handlers and prints nothing', async () => {
    const log = vi.spyOn(console, 'log');
    const count = () => ['SIGINT', 'SIGTERM', 'SIGHUP', 'exit'].map((name) => process.listenerCount(name));
    const before = count();
    await start();
    expect(count()).toEqual(before);
    expect(log).not.toHaveBeenCalled();
  });

  it('does not touch servers of others that open meanwhile', async () => {
    const other = createHttpServer().listen(0, '127.0.0.1');
    await Promise.all([start(), once(other, 'listening')]);
    expect(other.listenerCount('upgrade')).toBe(0);
    other.close();
  });

  it('ends idle connections when it closes', async () => {
    const listening = await start();
    const idle = connect(listening.port, '127.0.0.1');
    idle.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(idle, 'data');
    const ended = once(idle, 'close');
    idle.resume();
    await listening.close();
    await ended;
    await expect(read(`http://127.0.0.1:${listening.port}/`)).rejects.toThrow();
  });

  it('ends a request that does not end by itself', async () => {
    const listening = await start({ onRequest: (_request, response) => response.write('so far') });
    const request = get(`http://127.0.0.1:${listening.port}/`);
    const [response] = await once(request, 'response');
    const ended = new Promise((resolve) => response.on('close', resolve));
    response.on('error', () => {});
    response.resume();
    await listening.close();
    await ended;
  });
});
