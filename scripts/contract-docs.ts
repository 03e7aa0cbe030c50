import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAst } from 'rolldown/parseAst';

/** What the comments in the contract's sources say. */
export interface ContractDocs {
  /** By wire name of the method or event: `sessions.list`, `events.agent`. */
  members: Map<string, string>;
  /** By wire name and field: `sessions.list.limit`. */
  inputs: Map<string, string>;
  /** By noun, or noun and field: `SessionRow`, `SessionRow.key`. */
  nouns: Map<string, string>;
}

const protocolFolder = join(import.meta.dirname, '..', 'sdk', 'protocol');

/** Reads the doc comments of `sdk/protocol`: zod keeps none of them. */
export async function readContractDocs(folder = protocolFolder): Promise<ContractDocs> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.ts')).sort();
  const files = await Promise.all(names.map(async (name) => readSource(await readFile(join(folder, name), 'utf8'))));
  const constants = new Map(files.flatMap(({ constants }) => [...constants]));
  const docs: ContractDocs = {
    members: new Map(),
    inputs: new Map(),
    nouns: new Map(files.flatMap(({ nouns }) => [...nouns])),
  };
  const root = constants.get('contract')?.init;
  for (const { key, value } of root ? membersOf(root) : []) {
    const constant = constants.get(value.type === 'Identifier' ? value.name : '');
    if (constant) readNamespace(key, constant, constants, docs);
  }
  return docs;
}

// --- internal ---

type Program = ReturnType<typeof parseAst>;
type Statement = Program['body'][number];
type Expression = NonNullable<Extract<Statement, { type: 'VariableDeclaration' }>['declarations'][number]['init']>;
type ObjectLiteral = Extract<Expression, { type: 'ObjectExpression' }>;

interface Constant {
  init: Expression;
  source: string;
  doc: string | undefined;
}

interface Member {
  key: string;
  value: Expression;
  start: number;
}

function readSource(source: string): { constants: Map<string, Constant>; nouns: Map<string, string> } {
  const constants = new Map<string, Constant>();
  const nouns = new Map<string, string>();
  for (const statement of parseAst(source, { lang: 'ts' }).body) {
    const declaration = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
    const doc = docBefore(source, statement.start);
    if (declaration?.type === 'VariableDeclaration') {
      for (const { id, init } of declaration.declarations)
        if (id.type === 'Identifier' && init) constants.set(id.name, { init, source, doc });
    }
    if (declaration?.type === 'TSInterfaceDeclaration' || declaration?.type === 'TSTypeAliasDeclaration')
      readNoun(declaration, doc, source, nouns);
  }
  return { constants, nouns };
}

type Noun = Extract<Statement, { type: 'TSInterfaceDeclaration' | 'TSTypeAliasDeclaration' }>;

function readNoun(noun: Noun, doc: string | undefined, source: string, nouns: Map<string, string>): void {
  const name = noun.id.name;
  if (doc) nouns.set(name, doc);
  visit(noun, (node) => {
    if (node.type !== 'TSPropertySignature' || typeof node.start !== 'number') return;
    const key = nameOf(node.key as PropertyKeyNode);
    const text = docBefore(source, node.start);
    if (key && text && !nouns.has(`${name}.${key}`)) nouns.set(`${name}.${key}`, text);
  });
}

function readNamespace(key: string, constant: Constant, constants: Map<string, Constant>, docs: ContractDocs): void {
  if (calleeOf(constant.init) !== 'router') readMember(key, constant.init, constant, constants, docs);
  else
    for (const member of membersOf(constant.init)) {
      const doc = docBefore(constant.source, member.start);
      readMember(`${key}.${member.key}`, member.value, { ...constant, doc }, constants, docs);
    }
}

function readMember(
  name: string,
  value: Expression,
  { source, doc }: Constant,
  constants: Map<string, Constant>,
  docs: ContractDocs,
): void {
  if (doc) docs.members.set(name, doc);
  const input = membersOf(value).find((member) => member.key === 'input')?.value;
  for (const field of input ? fieldsOf(findShape(input), source, constants) : []) {
    const own = docBefore(field.source, field.start);
    const text = own ?? docOfConstant(rootName(field.value), constants);
    if (text) docs.inputs.set(`${name}.${field.key}`, text);
  }
}

/** A field of `key` is described by `const key = sessionKey`, which is described by the comment above `sessionKey`. */
function docOfConstant(name: string | undefined, constants: Map<string, Constant>): string | undefined {
  const constant = constants.get(name ?? '');
  return (
    constant?.doc ?? (constant?.init.type === 'Identifier' ? docOfConstant(constant.init.name, constants) : undefined)
  );
}

/** Members of the object that a call like `router({...})` or `query({...})` is given. */
function membersOf(value: Expression): Member[] {
  const argument = value.type === 'CallExpression' ? value.arguments[0] : undefined;
  return argument?.type === 'ObjectExpression' ? propertiesOf(argument) : [];
}

function propertiesOf(object: ObjectLiteral): Member[] {
  return object.properties.flatMap((property) => {
    const key = property.type === 'Property' ? nameOf(property.key) : undefined;
    return property.type === 'Property' && key ? [{ key, value: property.value, start: property.start }] : [];
  });
}

/** The fields of an object, also where it is a constant, or takes in others: `{ key, ...organised }`. */
function fieldsOf(
  value: Expression | undefined,
  source: string,
  constants: Map<string, Constant>,
): (Member & { source: string })[] {
  if (value?.type === 'Identifier') {
    const constant = constants.get(value.name);
    return constant ? fieldsOf(constant.init, constant.source, constants) : [];
  }
  if (value?.type !== 'ObjectExpression') return [];
  const spread = value.properties.flatMap((property) =>
    property.type === 'SpreadElement' ? fieldsOf(property.argument, source, constants) : [],
  );
  return [...propertiesOf(value).map((member) => ({ ...member, source })), ...spread];
}

/** The object of fields in `z.strictObject({...}).prefault({})`, or the name of it. */
function findShape(value: Expression): Expression | undefined {
  if (value.type !== 'CallExpression' || value.callee.type !== 'MemberExpression') return undefined;
  const { object, property } = value.callee;
  const argument = value.arguments[0];
  const isObject = property.type === 'Identifier' && /^(strictObject|looseObject|object)$/.test(property.name);
  if (isObject && (argument?.type === 'ObjectExpression' || argument?.type === 'Identifier')) return argument;
  return object.type === 'Super' ? undefined : findShape(object);
}

/** `agentId` in `agentId.optional()`. */
function rootName(value: Expression): string | undefined {
  if (value.type === 'Identifier') return value.name;
  if (value.type === 'CallExpression' && value.callee.type !== 'Super') return rootName(value.callee);
  if (value.type === 'MemberExpression' && value.object.type !== 'Super') return rootName(value.object);
  return undefined;
}

function calleeOf(value: Expression): string | undefined {
  return value.type === 'CallExpression' && value.callee.type === 'Identifier' ? value.callee.name : undefined;
}

type PropertyKeyNode = Extract<ObjectLiteral['properties'][number], { type: 'Property' }>['key'];

function nameOf(key: PropertyKeyNode): string | undefined {
  if (key.type === 'Identifier') return key.name;
  return key.type === 'Literal' && typeof key.value === 'string' ? key.value : undefined;
}

/** The doc comment that ends right before a position, on one line. */
function docBefore(source: string, start: number): string | undefined {
  const comment = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*$/.exec(source.slice(0, start))?.[1];
  return comment
    ?.replace(/^\s*\*? ?/gm, '')
    .replace(/\s+/g, ' ')
    .trim();
}

function visit(node: unknown, onNode: (node: Record<string, unknown>) => void): void {
  if (typeof node !== 'object' || node === null) return;
  if ('type' in node) onNode(node as Record<string, unknown>);
  for (const child of Object.values(node)) visit(child, onNode);
}
