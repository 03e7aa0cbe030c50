import { toFlagName } from '../cli/args.ts';
import { deriveCommands, type MethodCommand } from '../cli/derive.ts';
import { eventSpecs, methods } from '../sdk/protocol/contract.ts';
import type { EventMeta, Schema, Spec } from '../sdk/protocol/method.ts';
import { type ContractDocs, readContractDocs } from './contract-docs.ts';
import { type JsonSchema, nounSchemas, toJsonSchema } from './json-schema.ts';
import { fieldTable, typeOf } from './schema-tables.ts';

/** The reference of all methods, events and shapes as one Markdown page. */
export async function renderReference(): Promise<string> {
  const docs = await readContractDocs();
  const commands = new Map(deriveCommands(methods).map((command) => [command.method, command]));
  const sections = [...methods].map(([name, spec]) => renderMethod(name, spec, commands.get(name), docs));
  const shapes = [...nounSchemas()].map(([name, schema]) => renderShape(name, schema, docs));
  return `${[
    '# Reference',
    'Every method, event and shape of the gateway. Generated from the contract (`sdk/protocol`) by `npm run reference`: change the contract, not this page.',
    `Methods: ${[...methods.keys()].map(toLink).join(', ')}.`,
    `Events: ${[...eventSpecs.keys()].map((name) => `[\`${name}\`](#event-${toAnchor(name)})`).join(', ')}.`,
    '## Methods',
    'A method is called with a `req` frame on the socket, by `oc.rpc` of the SDK, over HTTP at `/rpc/<method>`, or from the shell. `operator.admin` includes every scope, `operator.write` includes `operator.read`.',
    ...sections,
    '## Events',
    'An event reaches every connection that holds its scope; those of sessions only after `sessions.subscribe` or `sessions.messages.subscribe`, as each says. One that is droppable may be left out for a slow connection; the hole in `seq` tells.',
    ...[...eventSpecs].map(([name, spec]) => renderEvent(name, spec, docs)),
    '## Shapes',
    ...shapes,
  ].join('\n\n')}\n`;
}

// --- internal ---

function renderMethod(name: string, spec: Spec, command: MethodCommand | undefined, docs: ContractDocs): string {
  const input = toJsonSchema(spec.input, 'input');
  const docOf = (path: string) => {
    const doc = docs.inputs.get(`${name}.${path}`);
    return doc ?? (spec.inert?.includes(path) ? 'Taken, without effect.' : undefined);
  };
  const fields = fieldTable(input, { docOf, withDefaults: true });
  const more = input.additionalProperties === false ? '' : ' Members that are not listed are ignored.';
  return [
    `### ${name}`,
    docs.members.get(name) ?? spec.summary,
    `- Scope: ${spec.scope ? `\`${spec.scope}\`` : 'any authenticated caller'}\n- Kind: ${spec.kind}\n- Shell: \`${toShellForm(name, command)}\`${toLimitLine(spec)}`,
    fields ? `Input:${more}\n\n${fields}` : `Input: none.${more}`,
    renderOutput('Output', spec.output, docs),
  ].join('\n\n');
}

function toLimitLine({ limit }: Spec): string {
  return limit ? `\n- Limit: ${limit.calls} calls in ${limit.windowMs / 1000} s for each device and address` : '';
}

function renderEvent(name: string, spec: EventMeta & { payload: Schema }, docs: ContractDocs): string {
  return [
    `### event ${name}`,
    [spec.summary, docs.members.get(`events.${name}`)].filter(Boolean).join(' '),
    `- Scope: ${spec.scope ? `\`${spec.scope}\`` : 'any authenticated connection'}\n- Droppable: ${spec.droppable ? 'yes' : 'no'}`,
    renderOutput('Payload', spec.payload, docs),
  ].join('\n\n');
}

/** A noun is named, everything else is spelled out. */
function renderOutput(title: string, schema: Schema, docs: ContractDocs): string {
  const json = toJsonSchema(schema, 'output');
  const alternatives = json.anyOf ?? json.oneOf;
  if (json.properties)
    return `${title}:\n\n${fieldTable(json, { docOf: (path) => docOfNounMember(path, json, docs) })}`;
  if (alternatives?.some((one) => one.properties))
    return [`${title}, one of:`, ...alternatives.map((one) => fieldTable(one, {}) || typeOf(one))].join('\n\n');
  return `${title}: ${typeOf(json)}`;
}

function renderShape(name: string, schema: JsonSchema, docs: ContractDocs): string {
  const docOf = (path: string) => docs.nouns.get(`${name}.${path.split('.').at(-1)?.replace('[]', '')}`);
  const alternatives = schema.anyOf ?? schema.oneOf;
  const body = alternatives
    ? [`One of:`, ...alternatives.map((one) => fieldTable(one, { docOf }) || typeOf(one))].join('\n\n')
    : fieldTable(schema, { docOf });
  return [`### ${name}`, docs.nouns.get(name), body].filter(Boolean).join('\n\n');
}

/** A member that is a noun is described by the noun. */
function docOfNounMember(path: string, schema: JsonSchema, docs: ContractDocs): string | undefined {
  const member = schema.properties?.[path];
  const reference = member?.$ref ?? member?.items?.$ref;
  return reference && docs.nouns.get(reference.split('/').at(-1) ?? '');
}

function toShellForm(name: string, command: MethodCommand | undefined): string {
  if (name === 'agent') return 'openclaw agent --message <text>';
  if (!command || command.hidden) return `openclaw gateway call ${name} --params '{...}'`;
  const given = command.positionals.map((field) => {
    const required = command.fields.find((one) => one.name === field)?.required;
    return required ? `<${toFlagName(field)}>` : `[${toFlagName(field)}]`;
  });
  return ['openclaw', ...command.words, ...given].join(' ');
}

const toLink = (name: string) => `[\`${name}\`](#${toAnchor(name)})`;

/** As GitHub makes them: lower case, without dots. */
function toAnchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, '')
    .replace(/ /g, '-');
}
