import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { findProgram } from '../needs.ts';
import { scratch } from '../scratch.ts';
import { findFreePort } from '../whole/process.ts';

export const nginxPath = findProgram('nginx', 'a gateway behind a proxy');

export interface NginxOptions {
  /** `http://127.0.0.1:<port>` of the gateway. */
  gateway: string;
  /** People whom it asks for a password; nobody by default. */
  users?: Record<string, string>;
  /** More lines of its `location`. */
  lines?: readonly string[];
}

/**
 * nginx in front of a gateway, as docs/networking.md sets it up. What stands in `x-test-client` is the address of the client,
 * as a load balancer before it would tell.
 */
export async function startNginx({ gateway, users, lines = [] }: NginxOptions) {
  const folder = await scratch();
  const port = await findFreePort();
  await mkdir(join(folder.path, 'logs'));
  const passwords = Object.entries(users ?? {}).map(([name, password]) => `${name}:{PLAIN}${password}`);
  await writeFile(join(folder.path, 'users'), `${passwords.join('\n')}\n`);
  await writeFile(
    join(folder.path, 'nginx.conf'),
    toConfig({ folder: folder.path, port, gateway, lines: [...(users ? toLogin(folder.path) : []), ...lines] }),
  );
  const args = ['-p', folder.path, '-c', join(folder.path, 'nginx.conf'), '-e', join(folder.path, 'logs', 'error.log')];
  const child = spawn(nginxPath ?? 'nginx', args, { stdio: ['ignore', 'inherit', 'inherit'] });
  await untilListening(child, port);
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.kill('SIGTERM')) await once(child, 'exit');
      await folder[Symbol.asyncDispose]();
    },
  };
}

// --- internal ---

const toLogin = (folder: string) => [
  'auth_basic "gateway";',
  `auth_basic_user_file ${folder}/users;`,
  'proxy_set_header X-Forwarded-User $remote_user;',
  // The password is the proxy's business.
  'proxy_set_header Authorization "";',
];

function toConfig({
  folder,
  port,
  gateway,
  lines,
}: {
  folder: string;
  port: number;
  gateway: string;
  lines: string[];
}) {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
worker_processes 1;
events { worker_connections 256; }
http {
  access_log off;
${temporary.map((name) => `  ${name}_temp_path ${folder}/${name};`).join('\n')}
  server {
    listen 127.0.0.1:${port};
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Test-Client;
    location / {
      proxy_pass ${gateway};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_buffering off;
      proxy_read_timeout 1h;
${lines.map((line) => `      ${line}`).join('\n')}
    }
  }
}
`;
}

/** Milliseconds. */
const retryMs = 20;

async function untilListening(child: ChildProcess, port: number): Promise<void> {
  while (child.exitCode === null && child.signalCode === null) {
    const socket = connect(port, '127.0.0.1');
    const [event] = await Promise.race([
      once(socket, 'connect').then(() => ['connect']),
      new Promise<string[]>((resolve) => socket.once('error', () => resolve(['error']))),
    ]);
    socket.destroy();
    if (event === 'connect') return;
    await new Promise((resolve) => setTimeout(resolve, retryMs));
  }
  throw new Error(`nginx ended with ${child.exitCode ?? child.signalCode}`);
}
