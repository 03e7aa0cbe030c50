/** One part of a template: text as it stands, or the place of a value. */
export type TemplatePiece = string | TemplatePlace;

/** What stands between the braces of a template. */
export interface TemplatePlace {
  /** As it stands between the braces, for example `payload.issue.labels[0]`. */
  expression: string;
  root: 'payload' | 'headers' | 'query' | 'path' | 'now';
  /** From the root to the value. */
  steps: readonly (string | number)[];
}

/** A template that was read, or what is wrong with it. */
export type Template = { pieces: TemplatePiece[]; fault?: undefined } | { pieces?: undefined; fault: string };

/**
 * Reads a template of `hooks.mappings`: text with `{{payload.a.b[0]}}`, `{{headers.x-event}}`, `{{query.kind}}`, `{{path}}`,
 * `{{now}}`; `{{a.b}}` is short for `{{payload.a.b}}`.
 */
export function parseTemplate(text: string): Template {
  const pieces: TemplatePiece[] = [];
  let at = 0;
  for (;;) {
    const start = text.indexOf('{{', at);
    if (start > at || start < 0) pieces.push(text.slice(at, start < 0 ? undefined : start));
    if (start < 0) return { pieces: pieces.filter((piece) => piece !== '') };
    const end = text.indexOf('}}', start);
    if (end < 0) return { fault: 'it has {{ without }}' };
    const place = toPlace(text.slice(start + 2, end).trim());
    if (!place) return { fault: `{{${text.slice(start + 2, end)}}} is no place of a value: ${examples}` };
    pieces.push(place);
    at = end + 2;
  }
}

/** True for a template whose outcome depends on the request. */
export function isTemplated(text: string): boolean {
  return text.includes('{{');
}

// --- internal ---

const examples = 'use payload.a.b[0], headers.x-event, query.kind, path or now';
const shape = /^[\w$-]+(?:\[\d{1,6}\]|\.[\w$@:-]+)*$/;
/** Names that reach what every object has by itself. */
const inherited: readonly unknown[] = ['__proto__', 'prototype', 'constructor'];
const roots = ['payload', 'headers', 'query', 'path', 'now'] as const;

function toPlace(expression: string): TemplatePlace | undefined {
  if (!shape.test(expression)) return undefined;
  const steps = expression
    .replace(/\[(\d+)\]/g, '.[$1]')
    .split('.')
    .map((step) => (step.startsWith('[') ? Number(step.slice(1, -1)) : step));
  if (steps.some((step) => inherited.includes(step))) return undefined;
  const root = roots.find((name) => name === steps[0]);
  if (!root) return { expression, root: 'payload', steps };
  const rest = steps.slice(1);
  const isWhole = root === 'path' || root === 'now';
  if (isWhole ? rest.length > 0 : root !== 'payload' && rest.length !== 1) return undefined;
  return { expression, root, steps: root === 'headers' ? rest.map((name) => String(name).toLowerCase()) : rest };
}
