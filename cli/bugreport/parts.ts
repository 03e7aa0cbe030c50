import { arch, platform, release, totalmem } from 'node:os';
import { basename, join } from 'node:path';
import { editJson5 } from '../../server/config/json5-edit.ts';
import { isPlainObject, mapTree } from '../../server/config/key-path.ts';
import { findKey } from '../../server/config/key-tree.ts';
import { redactConfig } from '../../server/config/redact.ts';
import type { DoctorContext } from '../doctor/context.ts';
import { examine } from '../doctor/examine.ts';
import { checks } from '../doctor/registry.ts';
import { readEnd } from '../local/file-text.ts';
import { buildId, version } from '../version.ts';

/** One file of the report, not yet redacted as a whole. */
export interface Part {
  name: string;
  text: string;
}

/** Bytes of the end of a log that are taken along. */
const tailBytes = 256 * 1024;

/** Collects what somebody who was not there needs to understand a fault. What cannot be had is left out. */
export async function collectParts(context: DoctorContext): Promise<Part[]> {
  const { here } = context;
  const everything = { only: [], skip: [], least: 'info' as const };
  const { remedies: _, ...doctor } = await examine(checks, context, everything);
  const probe = await context.probe();
  const found = await context.service();
  const parts = [
    toJson('about.json', describeSurroundings(context)),
    toJson('here.json', { ...here, config: { ...here.config, value: undefined }, runtime: describeRuntime(context) }),
    toJson('doctor.json', doctor),
    toJson('gateway.json', probe),
    ...(found
      ? [toJson('service.json', { kind: found.service.kind, name: found.service.name, ...found.description })]
      : []),
    ...(await collectConfig(context)),
    await collectTail('gateway.log', here.logFile),
    await collectTail('gateway.out.log', join(here.paths.stateDir, 'gateway.out.log')),
  ];
  return parts.filter((part) => part !== undefined);
}

// --- internal ---

function toJson(name: string, value: unknown): Part {
  return { name, text: `${JSON.stringify(value, null, 2)}\n` };
}

/** Of variables, only that they are set. */
function describeSurroundings({ shell, here }: DoctorContext): object {
  const isOurs = (name: string) => /^OPENCLAW_|_API_KEY$|_BASE_URL$|^NODE_OPTIONS$|_PROXY$/i.test(name);
  return {
    schemaVersion: 1,
    at: new Date().toISOString(),
    version,
    build: buildId,
    node: process.version,
    system: `${platform()} ${release()} ${arch()}`,
    memoryBytes: totalmem(),
    profile: here.profile ?? null,
    variablesSet: Object.keys(shell.env).filter(isOurs).sort(),
  };
}

function describeRuntime({ here: { runtime } }: DoctorContext): object | null {
  return runtime ? { url: runtime.url, pid: runtime.pid, alive: runtime.alive } : null;
}

/** Each file of the configuration without comments, secrets hidden. One that is broken has no keys to go by, and stays here. */
async function collectConfig({ reading }: DoctorContext): Promise<Part[]> {
  const sources =
    reading.loaded?.sources ?? (reading.raw && reading.parsed ? [{ path: reading.path, raw: reading.raw }] : []);
  const { default: JSON5 } = await import('json5');
  const parts = sources.map(({ path, raw }, index): Part[] => {
    const tree: unknown = JSON5.parse(raw);
    if (!isPlainObject(tree)) return [];
    // What stands in an included file has other keys above it than its own text says.
    const hide = index === 0 ? (text: string, isKnown: boolean) => (isKnown ? text : '***') : () => '***';
    const shown = mapTree(redactConfig(tree), (value, steps) =>
      typeof value === 'string' ? hide(value, findKey(steps) !== undefined) : value,
    );
    return [
      {
        name: `config/${index === 0 ? '' : `${index}-`}${basename(path)}`,
        text: withoutComments(editJson5(raw, shown)),
      },
    ];
  });
  return parts.flat();
}

/** People leave old secrets in comments. Lines keep their numbers. */
function withoutComments(text: string): string {
  return text.replace(
    /("(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*')|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (match: string, quoted?: string) => quoted ?? match.replace(/[^\n]+/g, ''),
  );
}

async function collectTail(name: string, path: string): Promise<Part | undefined> {
  const text = await readEnd(path, tailBytes);
  return text === undefined ? undefined : { name, text };
}
