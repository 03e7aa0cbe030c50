import { keyTable, namespaces, ownKeys } from './keys.ts';
import { isSecretKey } from './secret-keys.ts';

/** What the key table says of one value. */
export interface KeyType {
  /** As the table spells it, with its range; empty for "any value". */
  text: string;
  /** What the value may be: a type's name (`string`, `map`, ...) or a literal in JSON. Empty when it must be a list. */
  alternatives: readonly string[];
  /** What the items of a list may be; undefined when it may not be one. Empty for "anything". */
  items: readonly string[] | undefined;
  min: number | undefined;
  max: number | undefined;
  required: boolean;
}

/** One key, or one step of a key's path. */
export interface KeyNode {
  /** As in the table, for example `models.providers.<id>.apiKey`. */
  path: string;
  /** Undefined for an object that the table describes by its members alone. */
  type: KeyType | undefined;
  members: Map<string, KeyNode>;
  /** What stands under a name of the user's choice. */
  entry: KeyNode | undefined;
  /** One item of a list. */
  item: KeyNode | undefined;
}

const roots = new Map<string, KeyNode>();

/** The tree of one namespace, read from the table when it is first asked for; undefined for an unknown name. */
export function keyTree(namespace: string): KeyNode | undefined {
  if (!namespaces.includes(namespace)) return undefined;
  const known = roots.get(namespace);
  if (known) return known;
  const root = createNode(namespace);
  for (const line of linesOf(namespace)) addLine(root, line);
  if (root.members.size === 0 && !root.type) root.type = toType('');
  if (namespace === 'agents') addAgentList(root);
  roots.set(namespace, root);
  return root;
}

/** The node of a key in a file, `['agents', 'entries', 'main', 'name']`; undefined when no key is known there. */
export function findKey(path: readonly PropertyKey[]): KeyNode | undefined {
  let node = keyTree(String(path[0]));
  for (const step of path.slice(1)) {
    if (!node) return undefined;
    node = typeof step === 'number' ? node.item : (node.members.get(String(step)) ?? node.entry);
  }
  return node;
}

/** True when the table knows nothing about what stands below: any value goes. */
export function isFree(node: KeyNode): boolean {
  const { type } = node;
  return type !== undefined && type.alternatives.length === 0 && type.items === undefined;
}

/** True for a text that may be kept elsewhere and referred to. */
export function takesSecret(node: KeyNode): boolean {
  return node.type?.alternatives.includes('string') === true && isSecretKey(node.path.split('.'));
}

/** The paths of a namespace's keys, `<id>` and `[]` as in the table. */
export function listKeys(namespace: string): string[] {
  const root = keyTree(namespace);
  return root ? walk(root) : [];
}

function walk(node: KeyNode): string[] {
  const below = [...node.members.values(), ...(node.entry ? [node.entry] : []), ...(node.item ? [node.item] : [])];
  return [...(node.type ? [node.path] : []), ...below.flatMap(walk)];
}

function linesOf(namespace: string): string[] {
  const start = new RegExp(`^${namespace.replace('$', '\\$')}[.:[].*$`, 'gm');
  return [...(keyTable.match(start) ?? []), ...(ownKeys.match(start) ?? [])];
}

function createNode(path: string): KeyNode {
  return { path, type: undefined, members: new Map(), entry: undefined, item: undefined };
}

function addLine(root: KeyNode, line: string): void {
  const colon = line.indexOf(':');
  let node = root;
  for (const step of line.slice(0, colon).replaceAll('[]', '.[]').split('.').slice(1)) node = childOf(node, step);
  node.type = toType(line.slice(colon + 1).trim());
}

function childOf(node: KeyNode, step: string): KeyNode {
  if (step === '[]') {
    node.item ??= createNode(`${node.path}[]`);
    return node.item;
  }
  if (step === '<id>') {
    node.entry ??= createNode(`${node.path}.<id>`);
    return node.entry;
  }
  const child = node.members.get(step) ?? createNode(`${node.path}.${step}`);
  node.members.set(step, child);
  return child;
}

/** Older files list their agents, each with an `id`; an item is otherwise what an entry is. */
function addAgentList(agents: KeyNode): void {
  const entry = agents.members.get('entries')?.entry;
  const item = agents.members.get('list')?.item;
  for (const [name, member] of entry?.members ?? []) item?.members.set(name, member);
}

/** Some 1,600 keys share some 150 types. */
const types = new Map<string, KeyType>();

function toType(source: string): KeyType {
  const known = types.get(source);
  if (known) return known;
  const type = parseType(source);
  types.set(source, type);
  return type;
}

function parseType(source: string): KeyType {
  const [, text = '', note = ''] = /^(.*?)(?: = .*?)?(?: \(([^)]*)\))?$/.exec(source) ?? [];
  const [, min, max] = /^(\d*)\.\.(\d*)$/.exec(note) ?? [];
  const isList = text.endsWith('[]');
  const tokens = (isList ? text.slice(0, -2) : text).split('|').filter(Boolean);
  return {
    text: min === undefined ? text : `${text} ${note}`,
    ...splitTokens(tokens, isList),
    min: min ? Number(min) : undefined,
    max: max ? Number(max) : undefined,
    required: note === 'required',
  };
}

/** `a|b[]` is a list of either; where `array` is among the words, the last one alone names the items. */
function splitTokens(tokens: string[], isList: boolean): Pick<KeyType, 'alternatives' | 'items'> {
  if (!isList) return { alternatives: tokens, items: undefined };
  if (!tokens.includes('array')) return { alternatives: [], items: tokens };
  const items = tokens.slice(-1);
  return {
    alternatives: tokens.slice(0, -1).filter((token) => token !== 'array'),
    // The table says `object[]` here for items it does not describe.
    items: items[0] === 'object' ? [] : items,
  };
}
