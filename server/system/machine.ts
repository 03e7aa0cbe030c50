import { readFile, statfs } from 'node:fs/promises';
import { arch, cpus, freemem, hostname, loadavg, networkInterfaces, platform, release, totalmem, type } from 'node:os';
import type { Machine } from '../../sdk/protocol/system.ts';

/** What the gateway knows of itself. */
export interface MachineDeps {
  stateDir: string;
  /** Of this start of the gateway. */
  bootId: string;
  /** Milliseconds since the epoch. */
  startedAt: number;
  port(): number;
}

/** Looks at the machine. Never rejects: what cannot be had is left out. */
export async function describeMachine({ stateDir, bootId, startedAt, port }: MachineDeps): Promise<Machine> {
  const [disk, osLabel] = await Promise.all([statfs(stateDir).catch(() => undefined), readOsLabel()]);
  const processors = cpus();
  const [one = 0, five = 0, fifteen = 0] = loadavg();
  const name = hostname();
  return {
    machineName: name.split('.')[0] || name,
    hostname: name,
    platform: platform(),
    release: release(),
    arch: arch(),
    osLabel,
    lanAddress: findLanAddress(),
    port: port(),
    nodeVersion: process.version,
    pid: process.pid,
    processInstanceId: bootId,
    uptimeMs: Date.now() - startedAt,
    cpuCount: processors.length,
    cpuModel: processors[0]?.model.trim() || undefined,
    // Windows has none, and says so with zeros.
    ...(one + five + fifteen > 0 && { loadAverage: [one, five, fifteen] as [number, number, number] }),
    memoryTotalBytes: totalmem(),
    memoryFreeBytes: freemem(),
    ...(disk && {
      diskTotalBytes: disk.blocks * disk.bsize,
      diskAvailableBytes: disk.bavail * disk.bsize,
      diskPath: stateDir,
    }),
  };
}

function findLanAddress(): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find(({ internal, family }) => !internal && family === 'IPv4')?.address;
}

/** What people call the system: on Linux the distribution, elsewhere its name and version. */
async function readOsLabel(): Promise<string> {
  const names: Record<string, string> = { darwin: 'macOS', win32: 'Windows' };
  const label = `${names[platform()] ?? type()} ${release()}`;
  if (platform() !== 'linux') return label;
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^PRETTY_NAME="?([^"\n]+)"?$/m.exec(text)?.[1] ?? label;
}
