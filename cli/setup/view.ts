import { oneLine } from '../render/text.ts';
import type { Look } from '../render/value.ts';
import type { SetupReport } from './setup.ts';

const ways = {
  running: 'it was running already',
  detached: 'in the background; stop it with: openclaw gateway stop',
  service: 'as a service of the operating system',
} as const;

/** What was done, and what the agent said. */
export function renderSetup({ config, model, keysFile, gateway, firstWords }: SetupReport, { paint }: Look): string {
  const row = (name: string, text: string) => `${paint('dim', name.padEnd(8))} ${oneLine(text)}`;
  const what = config.how === 'unchanged' ? 'was left as it is' : `${config.how}: ${config.added.join(', ')}`;
  const lines = [
    row('config', `${config.path} (${what})`),
    row(
      'model',
      model
        ? `${model.reference} (${model.reason})`
        : 'none chosen: the gateway takes what it finds, or its guide answers',
    ),
    ...(keysFile ? [row('keys', keysFile)] : []),
  ];
  if (!gateway) return `${[...lines, '', 'Start it: openclaw gateway start --detach', ''].join('\n')}`;
  lines.push(row('gateway', `${gateway.url}, ${ways[gateway.how]}`));
  if (!firstWords) return `${lines.join('\n')}\n`;
  const said = firstWords.ok
    ? [paint('dim', `> ${firstWords.question}`), firstWords.reply, '', 'Go on: openclaw agent --message "..."']
    : [`${paint('red', 'The agent did not answer')}: ${firstWords.fault}`, 'Find out why: openclaw doctor'];
  return `${[...lines, '', ...said].join('\n')}\n`;
}
