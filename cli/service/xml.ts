/** An element: its name with attributes, and what is in it; true and false are elements without content in property lists. */
export type Xml = readonly [
  name: string,
  content?: string | readonly Xml[],
  attributes?: Readonly<Record<string, string>>,
];

/** The text of an element, indented by two blanks, ending with a line break. */
export function renderXml([name, content, attributes = {}]: Xml, indent = ''): string {
  const named = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeXml(value)}"`);
  const open = `${indent}<${name}${named.join('')}`;
  if (content === undefined) return `${open}/>\n`;
  if (typeof content === 'string') return `${open}>${escapeXml(content)}</${name}>\n`;
  return `${open}>\n${content.map((child) => renderXml(child, `${indent}  `)).join('')}${indent}</${name}>\n`;
}

// --- internal ---

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => entities[sign] as string);
}
