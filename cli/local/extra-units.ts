import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { readIfThere } from './file-text.ts';

/** A unit or property list, other than the gateway's own, that starts a gateway. */
export interface ExtraUnit {
  /** Its name with the supervisor. */
  label: string;
  /** `user` belongs to this account, `system` to the machine. */
  scope: 'user' | 'system';
  path: string;
  /** The port in its command line. */
  port: number | null;
}

export interface Search {
  env: NodeJS.ProcessEnv;
  /** The unit of the gateway that is asked about. */
  own: string | undefined;
  /** Looks at the services of the machine as well. */
  deep: boolean;
  platform?: NodeJS.Platform | undefined;
}

/** Finds other gateways that a supervisor starts, by their files. Folders that cannot be read hold none. */
export async function findExtraUnits({ env, own, deep, platform = process.platform }: Search): Promise<ExtraUnit[]> {
  const home = env.HOME?.trim() || homedir();
  const folders = foldersOf(platform, home, env).filter(({ scope }) => deep || scope === 'user');
  const found = await Promise.all(folders.map(readFolder));
  return found.flat().filter(({ path }) => path !== own);
}

// --- internal ---

type Folder = Pick<ExtraUnit, 'path' | 'scope'>;

function foldersOf(platform: NodeJS.Platform, home: string, env: NodeJS.ProcessEnv): Folder[] {
  if (platform === 'darwin')
    return [
      { path: join(home, 'Library', 'LaunchAgents'), scope: 'user' },
      { path: '/Library/LaunchAgents', scope: 'system' },
      { path: '/Library/LaunchDaemons', scope: 'system' },
    ];
  if (platform === 'win32') return [];
  return [
    { path: join(env.XDG_CONFIG_HOME?.trim() || join(home, '.config'), 'systemd', 'user'), scope: 'user' },
    { path: '/etc/systemd/user', scope: 'system' },
    { path: '/etc/systemd/system', scope: 'system' },
    { path: '/usr/lib/systemd/system', scope: 'system' },
  ];
}

async function readFolder({ path: folder, scope }: Folder): Promise<ExtraUnit[]> {
  const names = await readdir(folder).catch(() => [] as string[]);
  const files = names.filter((name) => /\.(service|plist)$/.test(name)).map((name) => join(folder, name));
  const found = await Promise.all(files.map((path) => readUnit(path, scope)));
  return found.filter((service) => service !== undefined);
}

async function readUnit(path: string, scope: ExtraUnit['scope']): Promise<ExtraUnit | undefined> {
  const text = (await readIfThere(path)) ?? '';
  const command =
    /<key>ProgramArguments<\/key>\s*<array>([\s\S]*?)<\/array>/.exec(text)?.[1] ?? /^ExecStart=(.*)$/m.exec(text)?.[1];
  if (command === undefined || !/openclaw/i.test(command) || !/\bgateway\b/.test(command)) return undefined;
  const port = /--port(?:=|\s+|<\/string>\s*<string>)"?(\d+)/.exec(command)?.[1];
  return { label: basename(path), scope, path, port: port === undefined ? null : Number(port) };
}
