import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, posix, relative, sep } from 'node:path';
import { parseAst } from 'rolldown/parseAst';

/** One reference from a file to another file or to a package. */
export interface Import {
  /** `sdk/protocol/errors.ts` for a file of the project, `zod` or `node:fs` for a package. */
  target: string;
  /** `type` leaves nothing behind at run time; `lazy` is `import()`. */
  kind: 'value' | 'type' | 'lazy';
}

/** What the law looks at in one source file. */
export interface SourceFile {
  /** From the root, with slashes. */
  path: string;
  imports: Import[];
  /** Names it offers. */
  exported: string[];
  /** Forms of export that the style forbids. */
  odd: ('default' | 'export *')[];
}

export const root = join(import.meta.dirname, '..', '..');

/** Reads every source file below the given folders and files; the configuration of tools is none. */
export async function readSources(places: readonly string[]): Promise<SourceFile[]> {
  const paths = (await Promise.all(places.map((place) => listSources(join(root, place))))).flat().sort();
  return Promise.all(
    paths.map(async (path) => readSource(relative(root, path).split(sep).join('/'), await readFile(path, 'utf8'))),
  );
}

/** Reads one source text. */
export function readSource(path: string, text: string): SourceFile {
  const file: SourceFile = { path, imports: [], exported: [], odd: [] };
  visit(parseAst(text, { lang: 'ts' }), (node) => readNode(node, file));
  return file;
}

/** Stands for a module that is named while the program runs. */
export const chosenAtRuntime = '(chosen at runtime)';

// --- internal ---

/** What the parser gives, as far as the law reads it. */
interface Node {
  type: string;
  source?: { value?: unknown } | null;
  importKind?: string;
  exportKind?: string;
  specifiers?: { importKind?: string; exportKind?: string; exported?: { name?: string } }[];
  declaration?: { id?: { name?: string }; declarations?: { id: { name?: string } }[] } | null;
  argument?: { type?: string; literal?: { value?: unknown }; value?: unknown };
}

function readNode(node: Node, file: SourceFile): void {
  switch (node.type) {
    case 'ImportDeclaration':
      note(file, node.source?.value, isTypeOnly(node, 'importKind') ? 'type' : 'value');
      return;
    case 'ImportExpression':
      note(file, node.source?.value ?? chosenAtRuntime, 'lazy');
      return;
    case 'TSImportType':
      note(file, node.source?.value ?? node.argument?.value ?? node.argument?.literal?.value, 'type');
      return;
    case 'ExportAllDeclaration':
      file.odd.push('export *');
      note(file, node.source?.value, 'value');
      return;
    case 'ExportDefaultDeclaration':
      file.odd.push('default');
      return;
    case 'ExportNamedDeclaration':
      if (node.source) note(file, node.source.value, isTypeOnly(node, 'exportKind') ? 'type' : 'value');
      file.exported.push(...exportedNames(node));
  }
}

function isTypeOnly(node: Node, kind: 'importKind' | 'exportKind'): boolean {
  if (node[kind] === 'type') return true;
  const specifiers = node.specifiers ?? [];
  return specifiers.length > 0 && specifiers.every((specifier) => specifier[kind] === 'type');
}

function exportedNames({ specifiers = [], declaration }: Node): string[] {
  const declared = declaration?.declarations?.map(({ id }) => id.name) ?? [declaration?.id?.name];
  return [...specifiers.map(({ exported }) => exported?.name), ...declared].filter((name) => name !== undefined);
}

function note(file: SourceFile, specifier: unknown, kind: Import['kind']): void {
  if (typeof specifier !== 'string') throw new Error(`${file.path}: an import whose target is no literal`);
  const target = specifier.startsWith('.') ? posix.join(posix.dirname(file.path), specifier) : specifier;
  file.imports.push({ target, kind });
}

function visit(node: unknown, onNode: (node: Node) => void): void {
  if (typeof node !== 'object' || node === null) return;
  if ('type' in node && typeof node.type === 'string') onNode(node as Node);
  for (const child of Object.values(node)) visit(child, onNode);
}

async function listSources(place: string): Promise<string[]> {
  if (place.endsWith('.ts')) return [place];
  const entries = await readdir(place, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() && /(?<!\.config)\.ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/(^|[\\/])(dist|node_modules)[\\/]/.test(relative(place, dirname(path)) + sep));
}
