import { join } from 'node:path';
import { XMLParser } from 'fast-xml-parser';
import type { Setting } from './drift.ts';
import type { Launch } from './launch.ts';
import { renderXml, type Xml } from './xml.ts';

/** A value of a property list. */
export type PlistValue = string | number | boolean | PlistValue[] | { [key: string]: PlistValue };

/** Of a profile, `ai.openclaw.<profile>`. */
export function agentLabel(profile: string | undefined): string {
  return `ai.openclaw.${profile ?? 'gateway'}`;
}

/** What the process prints outside its log: the reason why it did not start. */
export function outputFile({ paths }: Pick<Launch, 'paths'>): string {
  return join(paths.stateDir, 'gateway.out.log');
}

/** The keys of a launch agent. Secrets are read by Node from the owner-only file, since a property list may be read by all. */
export function toPlist(launch: Launch): Record<string, PlistValue> {
  const { paths, home, program, args, environment, secretsPath } = launch;
  return {
    Label: agentLabel(paths.profile),
    Comment: `OpenClaw Gateway. ${writtenBy}`,
    ProgramArguments: [program, `--env-file-if-exists=${secretsPath}`, ...args],
    WorkingDirectory: home,
    EnvironmentVariables: environment,
    StandardInPath: '/dev/null',
    StandardOutPath: outputFile(launch),
    StandardErrorPath: outputFile(launch),
    RunAtLoad: true,
    KeepAlive: true,
    ThrottleInterval: 10,
    ExitTimeOut: 20,
    ProcessType: 'Interactive',
    Umask: 0o077,
  };
}

/** By which a file of ours is told from one that somebody else has written. */
export const writtenBy = 'Written by "openclaw gateway install".';

export function renderPlist(value: Record<string, PlistValue>): string {
  const head =
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n';
  return `${head}${renderXml(['plist', [toXml(value)], { version: '1.0' }])}`;
}

/** Reads a property list, also one that somebody else has written; undefined for what is none. */
export function parsePlist(text: string): Record<string, PlistValue> | undefined {
  try {
    const parser = new XMLParser({ preserveOrder: true, trimValues: false, ignoreDeclaration: true });
    const nodes = elementsOf(parser.parse(text));
    const root = elementsOf(nodes.find(({ plist }) => plist)?.plist ?? [])[0];
    const value = root && toValue(root);
    return typeof value === 'object' && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Variables one by one, the rest by key. */
export function toSettings({ EnvironmentVariables = {}, ...rest }: Record<string, PlistValue>): Setting[] {
  const toText = (value: PlistValue) => (Array.isArray(value) ? value.join(' ') : String(value));
  return [
    ...Object.entries(rest).map(([name, value]) => ({ name, value: toText(value) })),
    ...Object.entries(EnvironmentVariables).map(([name, value]) => ({
      name: `Environment ${name}`,
      value: toText(value),
    })),
  ];
}

// --- internal ---

function toXml(value: PlistValue): Xml {
  if (typeof value === 'string') return ['string', value];
  if (typeof value === 'number') return ['integer', String(value)];
  if (typeof value === 'boolean') return [String(value)];
  if (Array.isArray(value)) return ['array', value.map(toXml)];
  return ['dict', Object.entries(value).flatMap(([key, one]): Xml[] => [['key', key], toXml(one)])];
}

/** Of the parser: one member, the element's name, beside its attributes; or `#text`. */
type Node = Record<string, unknown>;

const elementsOf = (nodes: unknown) => (nodes as Node[]).filter((node) => !('#text' in node));
const textOf = (nodes: unknown) => (nodes as Node[]).map((node) => String(node['#text'] ?? '')).join('');

function toValue(node: Node): PlistValue {
  const [name = '', content = []] = Object.entries(node).find(([key]) => key !== ':@') ?? [];
  if (name === 'true' || name === 'false') return name === 'true';
  if (name === 'integer' || name === 'real') return Number(textOf(content));
  if (name === 'array') return elementsOf(content).map(toValue);
  if (name !== 'dict') return textOf(content);
  const members = elementsOf(content);
  const keys = members.filter((_member, index) => index % 2 === 0).map(({ key = [] }) => textOf(key));
  return Object.fromEntries(keys.map((key, index) => [key, toValue(members[index * 2 + 1] as Node)]));
}
