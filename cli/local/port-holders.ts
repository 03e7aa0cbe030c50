import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';

// lsof ─► not there, or may not look: fuser and ps          (Windows: netstat and tasklist)
//                                     └─ neither is there: undefined

/** A process that listens on a TCP port of this machine. */
export interface PortHolder {
  pid: number;
  /** Name of its program, as the system shortens it. */
  command: string;
  user?: string | undefined;
  /** As the tool writes it, for example `127.0.0.1:18789` or `*:18789`. */
  address: string;
}

export interface LookOptions {
  /** Where the tools are looked for. Default: the environment of this process. */
  env?: NodeJS.ProcessEnv | undefined;
  /** Default: the system that this runs on. */
  platform?: NodeJS.Platform | undefined;
}

/**
 * Who listens on a port, one entry for each process and address. Of processes of other users an ordinary one learns nothing.
 * @returns undefined when no tool is there that could tell.
 */
export async function findPortHolders(port: number, options: LookOptions = {}): Promise<PortHolder[] | undefined> {
  const { env = process.env, platform = process.platform } = options;
  if (platform === 'win32') return askNetstat(port, env);
  return (await askLsof(port, env)) ?? (await askFuser(port, env));
}

/** One line for people: `pid 11880 root: openclaw-gateway (*:18789)`. */
export function describeHolder({ pid, user, command, address }: PortHolder): string {
  return `pid ${pid}${user ? ` ${user}` : ''}: ${command} (${address})`;
}

// --- internal ---

/** Milliseconds that a tool may take; a network file system that hangs must not hold the command. */
const toolMs = 2_000;

interface Answer {
  /** Exit code, or the name of what kept the program from running, for example `ENOENT`. */
  code: number | string;
  stdout: string;
}

function ask(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Answer> {
  return new Promise((resolve) => {
    execFile(file, args, { env, timeout: toolMs, windowsHide: true }, (error, stdout) => {
      // Null after a signal, which is how a tool ends that took too long.
      resolve({ code: error ? (error.code ?? 'ETIMEDOUT') : 0, stdout });
    });
  });
}

async function askLsof(port: number, env: NodeJS.ProcessEnv): Promise<PortHolder[] | undefined> {
  const { code, stdout } = await ask('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-FpFcLn'], env);
  // 1 is also what it says when nobody is there.
  if (code !== 0 && code !== 1) return undefined;
  return Promise.all(parseLsof(stdout).map(async (one) => ({ ...one, command: await spellOut(one) })));
}

/** Lines of one letter and a value: `p` begins a process, `c` its command, `L` its user, `n` an address it listens on. */
function parseLsof(stdout: string): PortHolder[] {
  const holders: PortHolder[] = [];
  let process = { pid: 0, command: '?', user: undefined as string | undefined };
  for (const line of stdout.split('\n')) {
    const value = line.slice(1).trim();
    if (line.startsWith('p')) process = { pid: Number(value), command: '?', user: undefined };
    else if (line.startsWith('c')) process.command = value;
    else if (line.startsWith('L')) process.user = value;
    else if (line.startsWith('n')) holders.push({ ...process, address: value });
  }
  // Zero is no process, and a signal to it would reach this one and all of its group.
  return holders.filter(isOther(holders)).filter(({ pid }) => Number.isSafeInteger(pid) && pid > 0);
}

async function askFuser(port: number, env: NodeJS.ProcessEnv): Promise<PortHolder[] | undefined> {
  const { code, stdout } = await ask('fuser', [`${port}/tcp`], env);
  if (code !== 0 && code !== 1) return undefined;
  const pids = (stdout.match(/\d+/g) ?? []).map(Number).filter((pid) => pid > 0);
  return Promise.all(pids.map((pid) => describePid(pid, port, env)));
}

async function describePid(pid: number, port: number, env: NodeJS.ProcessEnv): Promise<PortHolder> {
  const { stdout } = await ask('ps', ['-o', 'user=,comm=', '-p', String(pid)], env);
  const [, user, command = '?'] = /^(\S+)\s+(.+)$/.exec(stdout.trim()) ?? [];
  return { pid, command: await spellOut({ pid, command }), user, address: `tcp:${port}` };
}

/** Linux keeps 15 letters of a name: `openclaw-gatewa`. What was cut off may stand in the command line. */
const linuxNameLength = 15;

async function spellOut({ pid, command }: Pick<PortHolder, 'pid' | 'command'>): Promise<string> {
  if (command.length !== linuxNameLength || process.platform !== 'linux') return command;
  const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  const name = basename(words.split('\0')[0] ?? '');
  return name.startsWith(command) ? name : command;
}

async function askNetstat(port: number, env: NodeJS.ProcessEnv): Promise<PortHolder[] | undefined> {
  const { code, stdout } = await ask('netstat', ['-ano', '-p', 'TCP'], env);
  if (code !== 0) return undefined;
  const found = stdout.split('\n').flatMap((line) => {
    const [protocol, address = '', remote = '', ...rest] = line.trim().split(/\s+/);
    const pid = Number(rest.at(-1));
    // The word for "listening" is translated; that it has no other end is not.
    const listens = protocol === 'TCP' && /^(0\.0\.0\.0|\[::\]):0$/.test(remote) && address.endsWith(`:${port}`);
    return listens && pid > 0 ? [{ pid, address }] : [];
  });
  const commands = await Promise.all(found.map(({ pid }) => askTasklist(pid, env)));
  return found.map(({ pid, address }, index) => ({ pid, address, command: commands[index] ?? '?' }));
}

async function askTasklist(pid: number, env: NodeJS.ProcessEnv): Promise<string> {
  const { stdout } = await ask('tasklist', ['/FI', `PID eq ${pid}`, '/FO', 'CSV', '/NH'], env);
  return /^"([^"]+)"/.exec(stdout.trim())?.[1] ?? '?';
}

/** Keeps the first of entries that say the same: two sockets of one process on one address. */
function isOther(holders: readonly PortHolder[]) {
  return (one: PortHolder, index: number) =>
    holders.findIndex(({ pid, address }) => pid === one.pid && address === one.address) === index;
}
