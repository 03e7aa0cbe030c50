import { valueAt, withKey } from '../../../server/config/key-path.ts';
import type { Check } from '../check.ts';

/** Whether the configuration is one of a gateway that runs here. */
export const gatewayConfig: Check = {
  number: 4,
  id: 'core/doctor/gateway-config',
  title: 'gateway.mode',
  async run({ reading, here, command }) {
    if (!reading.exists || !reading.parsed) return [];
    const mode = here.config.mode ?? valueAt(reading.parsed, ['gateway', 'mode']);
    if (mode === 'local') return [];
    const path = 'gateway.mode';
    const remote = here.config.value.gateway?.remote?.url;
    if (mode === 'remote')
      return remote
        ? []
        : [
            {
              severity: 'error',
              message: 'gateway.mode is remote, and gateway.remote.url does not say where the gateway is',
              evidence: reading.path,
              path: 'gateway.remote.url',
              requirement: 'an address such as wss://gateway.example.org',
              fixHint: `${command} config set gateway.remote.url wss://<host>`,
            },
          ];
    if (mode !== undefined) return []; // That it is no mode is said of the file.
    return [
      {
        severity: 'error',
        message: 'gateway.mode is not set, so no gateway starts: was the file overwritten?',
        evidence: reading.path,
        path,
        requirement: 'local for a gateway on this machine, remote for one elsewhere',
        fixHint: `${command} config set gateway.mode ${remote ? 'remote' : 'local'}`,
        remedy: remote
          ? undefined
          : {
              kind: 'edit',
              what: 'gateway.mode: sets it to local',
              edit: (tree) => withKey(tree, ['gateway', 'mode'], 'local'),
            },
      },
    ];
  },
};

/** What would keep a gateway from starting although each key is valid by itself. */
export const gatewayStart: Check = {
  number: 5,
  id: 'core/doctor/gateway-start',
  title: 'Settings of the gateway',
  async run({ here, reading }) {
    if (!reading.loaded || here.config.mode === 'remote') return [];
    return here.faults.map((message) => ({
      severity: 'error',
      message: `a gateway would not start: ${message}`,
      evidence: `bind ${here.bind}, auth ${here.auth.mode}, port ${here.port} (${here.portSource})`,
      path: /\b(gateway\.[\w.]+\w)/.exec(message)?.[1] ?? 'gateway',
      requirement: 'settings that a gateway may start with',
    }));
  },
};
