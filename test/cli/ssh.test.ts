import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listenersIn } from '../../cli/ssh/listener.ts';
import { findProgram } from '../needs.ts';
import { putFakeProgram } from './fake-program.ts';
import { createHome, freePort, type Home } from './processes.ts';
import { startRecordingServer } from './recording-server.ts';
import { startSshd, type TestSshd } from './sshd.ts';

let home: Home;
beforeAll(async () => {
  home = await createHome();
  await mkdir(home.stateDir, { recursive: true });
});
afterAll(() => home[Symbol.asyncDispose]());
const configure = (gateway: object) => writeFile(join(home.stateDir, 'openclaw.json'), JSON.stringify({ gateway }));

/** Forwards as the real one does, without the network between. */
const forwarding = `
const net = require('node:net');
const [, from, host, to] = args.join(' ').match(/-L (\\d+):([\\d.]+):(\\d+)/);
const server = net.createServer((near) => {
  const far = net.connect(Number(to), host);
  for (const socket of [near, far]) socket.on('error', () => { near.destroy(); far.destroy(); });
  near.pipe(far).pipe(near);
});
server.listen(Number(from), '127.0.0.1');
require('node:fs').writeFileSync(process.env.FAKE_PID, String(process.pid));
`;

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
/** Bounded by the test's own time limit. */
const untilGone = async (pid: number) => {
  while (isAlive(pid)) await sleep(10);
};

describe('a command through an SSH tunnel', () => {
  it('calls the client with what forwards one port, asks no question and outlives nothing', async () => {
    await using server = await startRecordingServer();
    const ssh = await putFakeProgram(join(home.dir, 'one'), 'ssh', forwarding);
    const env = {
      PATH: ssh.PATH,
      FAKE_PID: join(home.dir, 'one.pid'),
      OPENCLAW_GATEWAY_TOKEN: 'secret-of-this-machine',
    };
    await configure({ auth: { token: 'secret-of-this-machine' } });
    const flags = [
      '--ssh',
      'ann@far.example:2222',
      '--ssh-identity',
      '/keys/a b',
      '--remote-port',
      String(server.port),
    ];
    const ended = await home.run(['health', ...flags], { env });
    expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
    expect(ended.stderr).toContain(
      `That was through the SSH tunnel to ann@far.example:2222, at port ${server.port} there.`,
    );
    const [call = [], ...more] = await ssh.calls();
    expect(more).toEqual([]);
    expect(call.slice(0, 3)).toEqual([
      '-N',
      '-L',
      expect.stringMatching(RegExp(`^\\d+:127\\.0\\.0\\.1:${server.port}$`)),
    ]);
    const settings = call.flatMap((word, index) => (call[index - 1] === '-o' ? [word] : []));
    for (const setting of ['ExitOnForwardFailure=yes', 'BatchMode=yes', 'StrictHostKeyChecking=yes'])
      expect(settings).toContain(setting);
    expect(call.slice(-5)).toEqual(['-p', '2222', '-i', '/keys/a b', 'ann@far.example']);
    // Nothing of this machine was borrowed for the other one.
    expect(server.frames().length).toBeGreaterThan(0);
    expect(server.received.join('\n')).not.toContain('secret-of-this-machine');
    await untilGone(Number(await readFile(env.FAKE_PID, 'utf8')));
  });

  it('takes secrets and settings of gateway.remote for the target that stands there', async () => {
    await using server = await startRecordingServer();
    const ssh = await putFakeProgram(join(home.dir, 'two'), 'ssh', forwarding);
    await configure({
      remote: {
        sshTarget: 'ann@far',
        sshIdentity: '/key',
        sshHostKeyPolicy: 'openssh',
        remotePort: server.port,
        token: 'theirs',
      },
    });
    await home.run(['health', '--ssh', 'ann@far'], { env: { PATH: ssh.PATH, FAKE_PID: join(home.dir, 'two.pid') } });
    expect(server.frames()[0]?.params?.auth).toEqual({ token: 'theirs' });
    const [call = []] = await ssh.calls();
    expect(call.slice(-3)).toEqual(['-i', '/key', 'ann@far']);
    expect(call.join(' ')).not.toContain('StrictHostKeyChecking');
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('is ended with a command that is ended by %s', async (signal) => {
    // It accepts, and says nothing: the command waits.
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const { port } = silent.address() as { port: number };
    const ssh = await putFakeProgram(join(home.dir, signal), 'ssh', forwarding);
    const env = { PATH: ssh.PATH, FAKE_PID: join(home.dir, `${signal}.pid`) };
    const connected = new Promise((resolve) => silent.once('connection', () => silent.once('connection', resolve)));
    const started = home.start(['health', '--ssh', 'far', '--remote-port', String(port)], { env });
    await connected;
    const pid = Number(await readFile(env.FAKE_PID, 'utf8'));
    expect(isAlive(pid)).toBe(true);
    started.process.kill(signal);
    const { exitCode, signal: endedBy } = await started.ended;
    expect(exitCode === 0).toBe(false);
    expect(endedBy === signal || exitCode !== null).toBe(true);
    await untilGone(pid);
    silent.close();
  });

  const failures: [string, string, RegExp][] = [
    ['an unknown host key', 'Host key verification failed.', /host key is not known here: connect once with "ssh far"/],
    ['a changed host key', '@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @', /not the known one.*ssh-keygen -R/],
    ['a refused login', 'ann@far: Permission denied (publickey).', /the login was refused.*--ssh-identity/],
    ['no server', 'ssh: connect to host far port 22: Connection refused', /no SSH server listens there/],
    ['an unknown name', 'ssh: Could not resolve hostname far: Name or service not known', /name is not known/],
    ['a machine that is off', 'ssh: connect to host far port 22: Connection timed out', /does not answer/],
    ['something else', 'kex_exchange_identification: banner line contains invalid characters', /ssh: kex_exchange/],
  ];
  it.each(failures)('tells of %s and what to do', async (name, said, message) => {
    const script = `process.stderr.write(${JSON.stringify(`${said}\n`)}); process.exitCode = 255;`;
    const ssh = await putFakeProgram(join(home.dir, name.replaceAll(' ', '-')), 'ssh', script);
    const ended = await home.run(['health', '--ssh', 'far'], { env: { PATH: ssh.PATH } });
    expect(ended).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringMatching(/^no SSH tunnel to far: /) });
    expect(ended.stderr).toMatch(message);
  });

  // Who is to listen there has to be somebody else, which only root can arrange.
  it.skipIf(process.platform !== 'linux' || process.getuid?.() !== 0)(
    'sends nothing to another user who was faster at the port that it begins at',
    async () => {
      const received = join(home.dir, 'received.txt');
      // The client is still on its way; meanwhile somebody who has seen its arguments listens.
      const ssh = await putFakeProgram(
        join(home.dir, 'taken'),
        'ssh',
        `
const [, from] = args.join(' ').match(/-L (\\d+):/);
const thief = require('node:child_process').spawn(process.execPath, ['-e', \`
  process.setgid(65534); process.setuid(65534);
  require('node:net').createServer((socket) => socket.on('error', () => {}).on('data', (bytes) => process.stdout.write(bytes)))
    .listen(\${from}, '127.0.0.1');
\`], { stdio: ['ignore', require('node:fs').openSync(${JSON.stringify(received)}, 'w'), 'inherit'] });
process.on('SIGTERM', () => { thief.kill('SIGKILL'); process.exit(255); });
setInterval(() => {}, 1000);
`,
      );
      await configure({ remote: { sshTarget: 'ann@far', token: 'meant-for-the-far-one' } });
      const ended = await home.run(['health', '--ssh', 'ann@far'], { env: { PATH: ssh.PATH } });
      expect(await readFile(received, 'utf8')).toBe('');
      expect(ended).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/another user .* has taken port \d+/) });
    },
  );

  it('knows by the table of the system who listens', () => {
    const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1 0 100 0 0 10 0
   1: 00000000:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000    33        0 2 1 0 100 0 0 10 0
   2: 0100007F:1F92 0100007F:1F90 01 00000000:00000000 00:00000000 00000000   500        0 3 1 0 100 0 0 10 0
`;
    expect([8080, 8081, 8082, 80].map((port) => listenersIn(table, port))).toEqual([[1000], [33], [], []]);
  });

  it('tells when there is no client, and when it says nothing for too long', async () => {
    const none = await home.run(['health', '--ssh', 'far'], { env: { PATH: join(home.dir, 'nowhere') } });
    expect(none).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('install the OpenSSH client') });
    const ssh = await putFakeProgram(join(home.dir, 'slow'), 'ssh', 'setInterval(() => {}, 1000);');
    const slow = await home.run(['health', '--ssh', 'far', '--timeout', '300'], { env: { PATH: ssh.PATH } });
    expect(slow).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('did not open within 300 ms') });
  });

  it.each([
    [['--ssh=-oProxyCommand=touch x'], 'names no machine'],
    [['--ssh', 'a@-oProxyCommand=x'], 'names no machine'],
    [['--ssh', '-v'], 'names no machine'],
    [['--ssh', 'a;b'], 'names no machine'],
    [['--ssh', 'far:0'], 'names no machine'],
    [['--ssh', 'far:70000'], 'names no machine'],
    [['--ssh', 'far', '--url', 'ws://127.0.0.1:1'], 'leave one out'],
    [['--ssh', 'far', '--remote-port', 'x'], 'is no port'],
  ])('refuses %j before it runs anything', async (flags, message) => {
    const ssh = await putFakeProgram(join(home.dir, 'never'), 'ssh', '');
    const ended = await home.run(['health', ...flags], { env: { PATH: ssh.PATH } });
    expect(ended).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(message) });
    expect(await ssh.calls()).toEqual([]);
  });

  it('is refused for commands about this machine’s own gateway', async () => {
    const ended = await home.run(['gateway', 'run', '--ssh', 'far']);
    expect(ended).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('is about the one here') });
  });
});

const sshd = findProgram('sshd', 'SSH tunnels through a real server');
const sshClient = findProgram('ssh', 'SSH tunnels through a real server');

describe.skipIf(!sshd || !sshClient)('a real SSH server', () => {
  let server: TestSshd;
  let port: number;
  let token: string;
  const client = { OPENCLAW_STATE_DIR: '' };
  /** What a client needs of the tester's machine: none of its settings, one file of known hosts. */
  const ssh = (more: string) =>
    putFakeProgram(
      join(home.dir, `real-${more}`),
      'ssh',
      `const own = ['-F', 'none', '-o', 'UserKnownHostsFile=${join(home.dir, more)}', '-o', 'GlobalKnownHostsFile=none'];
const child = require('node:child_process').spawn('${sshClient}', [...own, ...args], { stdio: 'inherit' });
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('exit', (code) => { process.exitCode = code ?? 1; });`,
    );
  beforeAll(async () => {
    server = await startSshd(sshd ?? '');
    await configure({ mode: 'local' });
    ({ port } = await home.gateway());
    token = (await readFile(join(home.stateDir, 'gateway.token'), 'utf8')).trim();
    client.OPENCLAW_STATE_DIR = join(home.dir, 'client');
    await writeFile(join(home.dir, 'known'), server.knownHost);
    await writeFile(join(home.dir, 'unknown'), '');
  });
  afterAll(() => server?.[Symbol.asyncDispose]());
  const flags = (identity = server.identity) => [
    ...['--ssh', `${server.user}@127.0.0.1:${server.port}`, '--ssh-identity', identity],
    ...['--remote-port', String(port), '--token', token],
  ];

  it('lets a command ask the gateway behind it', async () => {
    const { PATH } = await ssh('known');
    const ended = await home.run(['health', '--json', ...flags()], { env: { ...client, PATH } });
    expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(ended.stdout)).toMatchObject({ ok: true });
  });

  it('says when nobody listens at the other end', async () => {
    const { PATH } = await ssh('known');
    const nobody = flags().with(5, String(await freePort()));
    const ended = await home.run(['health', ...nobody], { env: { ...client, PATH } });
    expect(ended).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('That was through the SSH tunnel') });
  });

  it('is left when its host key is not known, and when it knows no key of ours', async () => {
    const [unknown, known] = [await ssh('unknown'), await ssh('known')];
    const stranger = await home.run(['health', ...flags()], { env: { ...client, PATH: unknown.PATH } });
    expect(stranger).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('host key is not known here') });
    const keyless = await home.run(['health', ...flags(join(home.dir, 'none'))], {
      env: { ...client, PATH: known.PATH },
    });
    expect(keyless).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('the login was refused') });
  });
});
