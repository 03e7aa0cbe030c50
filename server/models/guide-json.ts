import type { GuideAnswer } from './guide-answer.ts';

type Schema = Record<string, unknown>;

/**
 * The answer as JSON text, in the caller's schema when there is one.
 * @returns undefined when the schema asks for something that the guide does not have.
 */
export function toJsonAnswer(answer: GuideAnswer, schema: Schema | undefined): string | undefined {
  const whole = {
    answer: answer.text,
    page: answer.page ?? null,
    heading: answer.heading ?? null,
    related: answer.related,
  };
  if (!schema || Object.keys(schema).length === 0) return JSON.stringify(whole);
  const value = fill(schema, 'answer', answer);
  return value === undefined ? undefined : JSON.stringify(value);
}

/** Names under which callers expect the answer, the page and the other pages. */
const answerNames = /^(answer|text|content|reply|response|message|output|result|summary|explanation)$/i;
const pageNames = /^(page|source|document|file|citation|reference)$/i;
const headingNames = /^(heading|section|title)$/i;
const relatedNames = /^(related|sources|pages|references|documents|citations|links)$/i;

/** Keywords that the guide's texts are not checked against. */
const unsupported = ['$ref', 'allOf', 'anyOf', 'oneOf', 'not', 'if', 'enum', 'const', 'pattern', 'format'];

function fill(schema: Schema, name: string, answer: GuideAnswer): unknown {
  if (unsupported.some((keyword) => keyword in schema)) return undefined;
  const types = [schema.type].flat();
  if (types.includes('object')) return fillObject(schema, answer);
  if (types.includes('array') && relatedNames.test(name)) return fillList(schema, answer);
  if (types.includes('string')) return fits(schema, toText(name, answer));
  return undefined;
}

function fillObject(schema: Schema, answer: GuideAnswer): Schema | undefined {
  const properties = (schema.properties ?? {}) as Record<string, Schema>;
  const required = Array.isArray(schema.required) ? schema.required.map(String) : [];
  const filled: Schema = {};
  for (const [name, property] of Object.entries(properties)) {
    const value = fill(property, name, answer);
    if (value !== undefined) filled[name] = value;
  }
  const complete = required.every((name) => name in filled);
  return complete && Object.values(filled).includes(answer.text) ? filled : undefined;
}

function fillList(schema: Schema, answer: GuideAnswer): string[] | undefined {
  const items = (schema.items ?? {}) as Schema;
  const { minItems, maxItems } = schema;
  const list = [answer.page, ...answer.related].filter((page) => page !== undefined);
  if (items.type !== undefined && items.type !== 'string') return undefined;
  if (list.some((page) => fits(items, page) === undefined)) return undefined;
  const enough = list.length >= Number(minItems ?? 0) && list.length <= Number(maxItems ?? list.length);
  return enough ? list : undefined;
}

function toText(name: string, answer: GuideAnswer): string | undefined {
  if (answerNames.test(name)) return answer.text;
  if (pageNames.test(name)) return answer.page ?? '';
  return headingNames.test(name) ? (answer.heading ?? '') : undefined;
}

function fits(schema: Schema, text: string | undefined): string | undefined {
  if (text === undefined || unsupported.some((keyword) => keyword in schema)) return undefined;
  const { minLength, maxLength } = schema;
  return text.length >= Number(minLength ?? 0) && text.length <= Number(maxLength ?? text.length) ? text : undefined;
}
