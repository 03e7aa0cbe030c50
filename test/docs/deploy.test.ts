import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { XMLValidator } from 'fast-xml-parser';
import { parse as parsePlist } from 'plist';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { renderPlist, toPlist } from '../../cli/service/launchd-plist.ts';
import { renderUnit } from '../../cli/service/systemd-unit.ts';
import { renderScript, renderTask } from '../../cli/service/windows-task.ts';
import { freePort } from '../cli/processes.ts';
import { root } from '../law/imports.ts';
import { findProgram } from '../needs.ts';
import { scratch } from '../scratch.ts';
import { commandLine } from '../service/command-line.ts';
import { example } from '../service/example-launch.ts';

const run = promisify(execFile);
const folder = join(root, 'docs/deploy');
const read = (path: string) => readFile(join(folder, path), 'utf8');

it('has files that are checked here, each of them', async () => {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = found.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  expect(files.map((path) => path.slice(folder.length + 1).replaceAll('\\', '/')).sort()).toEqual([
    'caddy/Caddyfile',
    'container/Containerfile',
    'kubernetes/openclaw.yaml',
    'launchd/ai.openclaw.gateway.plist',
    'nginx/openclaw.conf',
    'systemd/system/openclaw-gateway.service',
    'systemd/user/openclaw-gateway.service',
    'systemd/user/openclaw-tunnel.service',
    'windows/gateway.cmd',
    'windows/openclaw-gateway.xml',
  ]);
});

describe('files that "gateway install" writes', () => {
  it('are the same for systemd, launchd and Windows', async () => {
    expect(await read('systemd/user/openclaw-gateway.service')).toBe(renderUnit(example('linux')));
    expect(await read('launchd/ai.openclaw.gateway.plist')).toBe(renderPlist(toPlist(example('darwin'))));
    // The files of Windows have its line breaks, and this one says that it is UTF-16.
    const task = renderTask(example('win32'), 'DESKTOP-7\\ada').replaceAll('\r\n', '\n');
    expect(await read('windows/openclaw-gateway.xml')).toBe(task.replace(/^.*\n/, ''));
    expect(await read('windows/gateway.cmd')).toBe(renderScript(example('win32')).replaceAll('\r\n', '\n'));
  });

  it('are read by the parsers of their formats', async () => {
    expect(parsePlist(await read('launchd/ai.openclaw.gateway.plist'))).toMatchObject({ Label: 'ai.openclaw.gateway' });
    expect(XMLValidator.validate(await read('windows/openclaw-gateway.xml'))).toBe(true);
  });
});

const systemdAnalyze = findProgram('systemd-analyze', 'the units of docs/deploy');

describe.skipIf(!systemdAnalyze)('units', () => {
  it.each([
    ['--user', 'systemd/user/openclaw-gateway.service'],
    ['--user', 'systemd/user/openclaw-tunnel.service'],
    ['--system', 'systemd/system/openclaw-gateway.service'],
  ])('%s %s are accepted by systemd-analyze', async (kind, path) => {
    await using home = await scratch();
    const text = await read(path);
    // The programs are those of another machine.
    const here = text.replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`);
    expect(here).not.toBe(text);
    const unit = join(home.path, path.split('/').at(-1) ?? '');
    await writeFile(unit, here);
    const env = { PATH: process.env.PATH, HOME: home.path, XDG_RUNTIME_DIR: home.path };
    const verify = ['verify', '--recursive-errors=no', '--man=no', kind, unit];
    expect(await run(systemdAnalyze ?? '', verify, { env })).toEqual({ stdout: '', stderr: '' });
    await writeFile(unit, here.replace('Restart=always', 'Restart=perhaps'));
    await expect(run(systemdAnalyze ?? '', verify, { env })).rejects.toThrow('perhaps');
  });

  it('of the machine has what that of an account has', async () => {
    const lines = (text: string) => text.split('\n').filter((line) => /^(?!Env|Exec|Wanted|#|\[)\w+=/.test(line));
    const system = lines(await read('systemd/system/openclaw-gateway.service'));
    expect(system).toEqual(expect.arrayContaining(lines(await read('systemd/user/openclaw-gateway.service'))));
  });
});

const nginx = findProgram('nginx', 'the nginx configuration of docs/deploy');
const openssl = findProgram('openssl', 'the nginx configuration of docs/deploy');

describe.skipIf(!nginx || !openssl)('the nginx configuration', () => {
  const check = async (text: string) => {
    await using prefix = await scratch();
    const [key, cert] = ['key.pem', 'cert.pem'].map((name) => join(prefix.path, name)) as [string, string];
    const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
    await run(openssl ?? '', [...made, '-subj', '/CN=gateway.example.com', '-keyout', key, '-out', cert]);
    const here = text
      .replace(/(ssl_certificate +)\S+;/, `$1${cert};`)
      .replace(/(ssl_certificate_key +)\S+;/, `$1${key};`)
      .replace('listen 443', `listen 127.0.0.1:${await freePort()}`);
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((one) => `${one}_temp_path tmp;`);
    const whole = `pid nginx.pid;\nevents {}\nhttp {\naccess_log off;\n${temporary.join('\n')}\n${here}\n}\n`;
    await writeFile(join(prefix.path, 'nginx.conf'), whole);
    return await run(nginx ?? '', ['-t', '-q', '-e', 'stderr', '-p', prefix.path, '-c', 'nginx.conf']);
  };

  it('is accepted by nginx -t, which refuses a broken one', async () => {
    const text = await read('nginx/openclaw.conf');
    await check(text);
    await expect(check(text.replace('proxy_buffering off', 'proxy_buffering perhaps'))).rejects.toThrow(
      'invalid value',
    );
  });

  it('passes WebSockets and streams on, and overwrites what clients say of themselves', async () => {
    const text = await read('nginx/openclaw.conf');
    for (const line of [
      /proxy_set_header Upgrade +\$http_upgrade;/,
      /proxy_set_header Connection \$openclaw_connection;/,
      /proxy_buffering off;/,
      /proxy_set_header X-Forwarded-For +\$remote_addr;/,
    ])
      expect(text).toMatch(line);
    expect(text).not.toContain('$proxy_add_x_forwarded_for');
  });
});

const caddy = findProgram('caddy', 'the Caddyfile of docs/deploy');

describe.skipIf(!caddy)('the Caddyfile', () => {
  const check = async (text: string) => {
    await using home = await scratch();
    await writeFile(join(home.path, 'Caddyfile'), text);
    const env = { PATH: process.env.PATH, HOME: home.path };
    const file = ['--config', join(home.path, 'Caddyfile'), '--adapter', 'caddyfile'];
    return await run(caddy ?? '', ['validate', ...file], { env });
  };

  it('is accepted by caddy validate, which refuses a broken one, and is formatted as Caddy does', async () => {
    const text = await read('caddy/Caddyfile');
    const { stdout, stderr } = await check(text);
    expect(`${stdout}${stderr}`).toContain('Valid configuration');
    expect(`${stdout}${stderr}`).not.toContain('not formatted');
    await expect(check(text.replace('flush_interval', 'flush_perhaps'))).rejects.toThrow('flush_perhaps');
    expect(text).toContain('header_up X-Forwarded-For {remote_host}');
  });
});

describe('the manifests for Kubernetes', async () => {
  const documents = parseAllDocuments(await read('kubernetes/openclaw.yaml'));
  const objects = documents.map((document) => document.toJS());
  const pod = objects.find(({ kind }) => kind === 'StatefulSet')?.spec.template.spec;
  const [container] = pod.containers;

  it('are YAML, of one gateway that is nobody of importance', () => {
    expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([]);
    expect(objects.map(({ kind }) => kind)).toEqual(['ConfigMap', 'Service', 'StatefulSet']);
    expect(objects[2].spec.replicas).toBe(1);
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    expect(container.securityContext).toMatchObject({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true });
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(30);
    const mounted = container.volumeMounts.map(({ name }: { name: string }) => name).sort();
    const claimed = objects[2].spec.volumeClaimTemplates.map(
      ({ metadata }: { metadata: { name: string } }) => metadata.name,
    );
    expect([...pod.volumes.map(({ name }: { name: string }) => name), ...claimed].sort()).toEqual(mounted);
  });

  it('have a configuration to start with, and probes that are answered', async () => {
    await using home = await scratch();
    const configPath = join(home.path, 'openclaw.json');
    await writeFile(configPath, objects[0].data['openclaw.json']);
    const port = await freePort();
    const env = {
      ...{ PATH: process.env.PATH, HOME: home.path, TMPDIR: home.path, OPENCLAW_CONFIG_PATH: configPath },
      OPENCLAW_GATEWAY_TOKEN: 'secret-of-the-cluster',
    };
    const args = container.args.map((word: string) => word.replace('18789', String(port)));
    // Not on every interface of the machine that tests.
    const gateway = commandLine(env, home.path)(...args, '--bind', 'loopback');
    try {
      for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
        const { path } = container[probe].httpGet;
        const ask = () =>
          fetch(`http://127.0.0.1:${port}${path}`).then(
            ({ status }) => status,
            () => 0,
          );
        await expect.poll(ask).toBe(200);
      }
    } finally {
      process.kill(gateway.pid, 'SIGTERM');
      expect((await gateway).exitCode).toBe(0);
    }
  });
});

describe('the Containerfile', async () => {
  const text = (await read('container/Containerfile')).replace(/\\\n\s*/g, ' ');
  const instructions = text
    .split('\n')
    .filter((line) => line && !line.startsWith('#'))
    .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1).trim()] as const);
  const last = (name: string) => instructions.findLast(([one]) => one === name)?.[1] ?? '';

  it('has instructions that there are, none of which is root when it starts', () => {
    const known = ['FROM', 'WORKDIR', 'COPY', 'RUN', 'ENV', 'VOLUME', 'USER', 'EXPOSE', 'STOPSIGNAL', 'HEALTHCHECK'];
    for (const [name] of instructions) expect([...known, 'ENTRYPOINT', 'CMD']).toContain(name);
    expect(last('USER')).toBe('node');
  });

  it('copies all that a gateway needs, and looks at its health', async () => {
    await using image = await scratch();
    const copies = instructions.filter(([name, rest]) => name === 'COPY' && rest.startsWith('--from=build'));
    for (const [, rest] of copies) {
      const [, from = '', to = ''] = rest.split(' ');
      await cp(join(root, from.replace('/src/', '')), join(image.path, to), { recursive: true });
    }
    const port = await freePort();
    const home = join(image.path, 'data');
    await mkdir(home);
    const [node = '', ...entry] = JSON.parse(last('ENTRYPOINT'));
    expect(node).toBe('node');
    const command = JSON.parse(last('CMD').replaceAll('18789', String(port)).replace('"lan"', '"loopback"'));
    const env = { PATH: process.env.PATH, HOME: home, TMPDIR: image.path };
    const gateway = execFile(process.execPath, [...entry, ...command], { env, cwd: image.path });
    const healthcheck = JSON.parse(
      last('HEALTHCHECK')
        .replace(/^.*CMD /, '')
        .replaceAll('18789', String(port)),
    );
    const check = () =>
      run(process.execPath, healthcheck.slice(1)).then(
        () => 'healthy',
        () => 'sick',
      );
    try {
      expect(await check()).toBe('sick');
      await expect.poll(check).toBe('healthy');
    } finally {
      const ended = new Promise((resolve) => gateway.once('exit', resolve));
      gateway.kill('SIGTERM');
      expect(await ended).toBe(0);
    }
  });
});
