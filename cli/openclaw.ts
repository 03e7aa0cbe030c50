#!/usr/bin/env node
/**
 * The file behind the command `openclaw`. It runs on any Node from 18 on, so that an older one gets an answer instead of a
 * syntax error: with Node 24 it starts the command line, else it hands over to the Node 24 that the package brought along.
 */
import { existsSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const neededMajor = 24;
const forwardedSignals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const;

if (Number.parseInt(process.versions.node, 10) >= neededMajor) await start();
else await handOver(ownNode());

// --- internal ---

async function start(): Promise<void> {
  module.enableCompileCache?.();
  process.stdout.on('error', stdoutOnError);
  const { main } = await import('./main.ts');
  const exitCode = await main(process.argv.slice(2));
  // What was written to a pipe must be out before the process goes; a socket that is still closing must not hold it.
  process.stdout.write('', () => process.exit(exitCode));
}

/** The reader of a pipe has gone (`openclaw logs tail | head`): that is no failure of ours. */
function stdoutOnError(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
}

/** The binary of the `node` package, when it is installed beside this one and new enough. */
function ownNode(): string | undefined {
  const require = createRequire(import.meta.url);
  try {
    const manifest = require.resolve('node/package.json');
    const { version } = require(manifest) as { version: string };
    const binary = join(dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return Number.parseInt(version, 10) >= neededMajor && existsSync(binary) ? binary : undefined;
  } catch {
    return undefined; // It is a development dependency: an installed package comes without it.
  }
}

async function handOver(binary: string | undefined): Promise<void> {
  if (binary === undefined) {
    refuse();
    return;
  }
  const { spawn } = await import('node:child_process');
  const script = fileURLToPath(import.meta.url);
  const child = spawn(binary, [...process.execArgv, script, ...process.argv.slice(2)], { stdio: 'inherit' });
  child.once('error', refuse);
  for (const signal of forwardedSignals) process.on(signal, () => child.kill(signal));
  child.once('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function refuse(): void {
  process.stderr.write(
    `openclaw needs Node ${neededMajor} or newer, and this is ${process.version} (${process.execPath}): ` +
      'install it from https://nodejs.org, or run "npm ci" in a checkout, which brings it along\n',
  );
  process.exitCode = 1;
}
