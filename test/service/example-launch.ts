import type { Launch } from '../../cli/service/launch.ts';

const places = {
  linux: {
    home: '/home/ada',
    stateDir: '/home/ada/.openclaw',
    program: '/usr/bin/node',
    launcher: '/usr/lib/node_modules/openclaw/dist/openclaw.mjs',
    path: '/usr/bin:/home/ada/.local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin:/bin',
  },
  darwin: {
    home: '/Users/ada',
    stateDir: '/Users/ada/.openclaw',
    program: '/opt/homebrew/bin/node',
    launcher: '/opt/homebrew/lib/node_modules/openclaw/dist/openclaw.mjs',
    path: '/opt/homebrew/bin:/Users/ada/.local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  },
  win32: {
    home: 'C:\\Users\\ada',
    stateDir: 'C:\\Users\\ada\\.openclaw',
    program: 'C:\\Program Files\\nodejs\\node.exe',
    launcher: 'C:\\Users\\ada\\AppData\\Roaming\\npm\\node_modules\\openclaw\\dist\\openclaw.mjs',
    path: '',
  },
};

/** What `gateway install` would write for Ada, who uses the defaults: the files of docs/deploy are made of it. */
export function example(platform: keyof typeof places): Launch {
  const { home, stateDir, program, launcher, path } = places[platform];
  const separator = platform === 'win32' ? '\\' : '/';
  const inState = (name: string) => `${stateDir}${separator}${name}`;
  return {
    paths: {
      stateDir,
      configPath: inState('openclaw.json'),
      tokenPath: inState('gateway.token'),
      deviceSecretPath: inState('devices.secret'),
      databasePath: inState('openclaw.db'),
      profile: undefined,
    },
    home,
    program,
    args: ['--max-semi-space-size=8', launcher, 'gateway', '--port', '18789'],
    port: 18_789,
    environment: {
      HOME: home,
      PATH: path,
      NODE_OPTIONS: '',
      OPENCLAW_GATEWAY_PORT: '18789',
      OPENCLAW_SERVICE_MARKER: 'openclaw',
      OPENCLAW_SERVICE_KIND: 'gateway',
    },
    secretsPath: inState('gateway.service.env'),
  };
}
