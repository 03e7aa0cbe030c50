/**
 * Reads the JSON5 of a configuration file leniently: enough to find a port, not to judge the file. Anything it does not
 * understand ends the reading, and what came before it counts.
 */
export function readConfigText(text: string): Record<string, unknown> {
  const reader = new Reader(text);
  const root: Record<string, unknown> = {};
  reader.readMembers(root);
  return root;
}

const space = /(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;
const bareKey = /[\p{L}_$][\p{L}\p{N}_$]*/uy;
const quoted = /"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'/y;
const literal = /[^\s,{}[\]"']+/y;
const maxDepth = 100;

class Reader {
  #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** @returns false when the text is not understood any more. */
  readMembers(into: Record<string, unknown>): boolean {
    if (!this.#take('{') || ++this.#depth > maxDepth) return false;
    while (!this.#take('}')) {
      const key = this.#match(bareKey) ?? this.#readString();
      if (key === undefined || !this.#take(':')) return false;
      const whole = this.#readValue((value) => {
        if (key !== '__proto__') into[key] = value;
      });
      if (!whole) return false;
      this.#take(',');
    }
    this.#depth--;
    return true;
  }

  #readItems(into: unknown[]): boolean {
    if (!this.#take('[') || ++this.#depth > maxDepth) return false;
    while (!this.#take(']')) {
      if (!this.#readValue((value) => into.push(value))) return false;
      this.#take(',');
    }
    this.#depth--;
    return true;
  }

  #readValue(keep: (value: unknown) => void): boolean {
    this.#skip();
    const next = this.#text[this.#at];
    if (next === '{' || next === '[') {
      // Kept before it is read, so that what stands in a broken object counts as well.
      const members: Record<string, unknown> = {};
      const items: unknown[] = [];
      keep(next === '{' ? members : items);
      return next === '{' ? this.readMembers(members) : this.#readItems(items);
    }
    const text = this.#readString();
    const word = text === undefined ? this.#match(literal) : undefined;
    if (text === undefined && word === undefined) return false;
    keep(text ?? toLiteral(word ?? ''));
    return true;
  }

  #readString(): string | undefined {
    return this.#match(quoted)
      ?.slice(1, -1)
      .replace(/\\(u[\da-f]{4}|[\s\S])/gi, (_, code: string) => toCharacter(code));
  }

  #take(sign: string): boolean {
    this.#skip();
    const found = this.#text[this.#at] === sign;
    if (found) this.#at++;
    return found;
  }

  #match(pattern: RegExp): string | undefined {
    this.#skip();
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #skip(): void {
    space.lastIndex = this.#at;
    this.#at += space.exec(this.#text)?.[0].length ?? 0;
  }
}

function toLiteral(word: string): unknown {
  if (word === 'true' || word === 'false') return word === 'true';
  if (word === 'null') return null;
  const number = Number(word);
  return Number.isNaN(number) ? word : number;
}

function toCharacter(code: string): string {
  if (code.length > 1) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
  return { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', '\n': '' }[code] ?? code;
}
