import { XMLParser } from 'fast-xml-parser';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { Setting } from './drift.ts';
import type { Launch } from './launch.ts';
import { renderXml, type Xml } from './xml.ts';

/** Of a profile, `OpenClaw Gateway (<profile>)`. */
export function taskName(profile: string | undefined): string {
  return `OpenClaw Gateway${profile ? ` (${profile})` : ''}`;
}

/** The script that the task runs; it stands beside the secrets. */
export function scriptPath({ secretsPath }: Pick<Launch, 'secretsPath'>): string {
  return secretsPath.replace(/[^\\/]*$/, 'gateway.cmd');
}

/** The task of a user, `DOMAIN\name`, that runs at logon: as text; the file is UTF-16 with a byte order mark. */
export function renderTask(launch: Launch, userId: string): string {
  const settings: Xml[] = [
    ['MultipleInstancesPolicy', 'IgnoreNew'],
    ['DisallowStartIfOnBatteries', 'false'],
    ['StopIfGoingOnBatteries', 'false'],
    ['StartWhenAvailable', 'false'],
    ['Enabled', 'true'],
    ['ExecutionTimeLimit', 'PT0S'],
    ['Priority', '7'],
    [
      'RestartOnFailure',
      [
        ['Interval', 'PT1M'],
        ['Count', '3'],
      ],
    ],
  ];
  const principal: Xml = [
    'Principal',
    [
      ['UserId', userId],
      ['LogonType', 'InteractiveToken'],
      ['RunLevel', 'LeastPrivilege'],
    ],
    { id: 'Author' },
  ];
  const task: Xml = [
    'Task',
    [
      ['RegistrationInfo', [['Description', `OpenClaw Gateway. ${writtenBy}`]]],
      [
        'Triggers',
        [
          [
            'LogonTrigger',
            [
              ['Enabled', 'true'],
              ['UserId', userId],
            ],
          ],
        ],
      ],
      ['Principals', [principal]],
      ['Settings', settings],
      [
        'Actions',
        [
          [
            'Exec',
            [
              ['Command', scriptPath(launch)],
              ['WorkingDirectory', launch.home],
            ],
          ],
        ],
        { Context: 'Author' },
      ],
    ],
    { version: '1.2', xmlns: 'http://schemas.microsoft.com/windows/2004/02/mit/task' },
  ];
  return `<?xml version="1.0" encoding="UTF-16"?>\n${renderXml(task)}`.replaceAll('\n', '\r\n');
}

export const writtenBy = 'Written by "openclaw gateway install".';

/** As Windows keeps such files. */
export function toUtf16(text: string): Buffer {
  return Buffer.from(`\ufeff${text}`, 'utf16le');
}

/** Leaves of the task, by their path without `Task`: what `schtasks /Query /XML` answers has more of them. */
export function taskSettings(text: string): Setting[] {
  const parser = new XMLParser({ ignoreDeclaration: true, ignoreAttributes: true, parseTagValue: false });
  const { Task } = parser.parse(text.replace(/^\ufeff/, '')) as { Task?: unknown };
  return leaves(Task, []);
}

/**
 * The script, in the words of cmd.exe. Variables of the user's session stay as they are.
 * @throws GatewayError INVALID_REQUEST for text with a line break or quotation mark, which no script can hold.
 */
export function renderScript({ home, program, args, environment, secretsPath }: Launch): string {
  const variables = Object.entries(environment).filter(([name]) => !['HOME', 'PATH', 'TMPDIR'].includes(name));
  const words = [program, `--env-file-if-exists=${secretsPath}`, ...args];
  return [
    '@echo off',
    `rem ${writtenBy}`,
    'chcp 65001 >nul',
    ...variables.map(([name, value]) => `set "${name}=${escapeCmd(value)}"`),
    `cd /d "${escapeCmd(home)}"`,
    words.map((word) => `"${escapeCmd(word)}"`).join(' '),
    'exit /b %errorlevel%',
    '',
  ].join('\r\n');
}

// --- internal ---

function escapeCmd(text: string): string {
  if (/[\r\n\0"]/.test(text))
    throw new GatewayError(
      'INVALID_REQUEST',
      `${JSON.stringify(text)} has a line break or a quotation mark in it, which a script of cmd.exe cannot hold`,
    );
  return text.replaceAll('%', '%%');
}

function leaves(value: unknown, path: string[]): Setting[] {
  if (typeof value !== 'object' || value === null) return [{ name: path.join('.'), value: String(value ?? '') }];
  return Object.entries(value).flatMap(([name, child]) => leaves(child, [...path, name]));
}
