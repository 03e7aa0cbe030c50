import { stat } from 'node:fs/promises';
import { withKey } from '../../../server/config/key-path.ts';
import { newToken } from '../../../server/config/token.ts';
import type { Check, Found } from '../check.ts';
import type { DoctorContext } from '../context.ts';

/** Characters under which a secret can be guessed. */
const shortest = 16;

/** Whether whoever calls has to prove who they are, by something that cannot be guessed. */
export const gatewayAuth: Check = {
  number: 6,
  id: 'core/doctor/gateway-auth',
  title: 'Credentials of the gateway',
  async run(context) {
    const { here, reading } = context;
    if (here.config.mode === 'remote' || !reading.parsed) return [];
    const { mode, source } = here.auth;
    if (mode === 'none')
      return [
        {
          severity: 'warning',
          message: 'gateway.auth.mode is none: every program and every user of this machine may do everything',
          evidence: `bind ${here.bind}`,
          path: 'gateway.auth.mode',
          requirement: 'token or password',
          fixHint: `${context.command} config set gateway.auth.mode token`,
        },
      ];
    if (mode === 'token' && source === 'gateway.token') return judgeGenerated(context);
    return judgeChosen(context);
  },
};

// --- internal ---

/** Nobody chose a token: the gateway makes one when it first starts. */
async function judgeGenerated({ here, generateToken, command }: DoctorContext): Promise<Found[]> {
  const made = await stat(here.paths.tokenPath).catch(() => undefined);
  if (made && !generateToken) return [];
  return [
    {
      severity: generateToken ? 'warning' : 'info',
      message: made
        ? `the token is the one that the gateway made for itself`
        : 'no token is set; the gateway makes one when it first starts',
      evidence: here.paths.tokenPath,
      path: 'gateway.auth.token',
      requirement: 'a long random text',
      fixHint: `${command} doctor --generate-gateway-token`,
      remedy: generateToken
        ? {
            kind: 'edit',
            what: 'gateway.auth.token: sets it to a new random token, which is not shown',
            edit: (tree) => withKey(tree, ['gateway', 'auth', 'token'], newToken()),
          }
        : undefined,
    },
  ];
}

function judgeChosen({ reading, here, command }: DoctorContext): Found[] {
  const auth = reading.loaded?.config.gateway?.auth ?? {};
  const key = here.auth.mode === 'password' ? 'password' : 'token';
  const secret = auth[key];
  // One from the environment or elsewhere is not ours to judge.
  if (here.auth.source !== `gateway.auth.${key}` || typeof secret !== 'string' || secret.includes('${')) return [];
  if (secret.length >= shortest) return [];
  return [
    {
      severity: 'warning',
      message: `gateway.auth.${key} has ${secret.length} characters: it can be guessed`,
      evidence: reading.path,
      path: `gateway.auth.${key}`,
      requirement: `${shortest} characters or more, chosen at random`,
      fixHint: `${command} config unset gateway.auth.${key}, then ${command} doctor --generate-gateway-token`,
    },
  ];
}
