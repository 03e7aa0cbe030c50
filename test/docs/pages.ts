import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../law/imports.ts';

/** A page as a reader sees it. */
export interface Page {
  /** From the root, with slashes: `docs/networking.md`. */
  path: string;
  text: string;
  blocks: Block[];
  /** The page without its blocks and comments. */
  prose: string;
  /** What follows `#` in links to its headings. */
  anchors: Set<string>;
}

export interface Block {
  /** `sh`, `json5`, ...; empty when the page does not say. */
  language: string;
  text: string;
}

/** README.md and every page of docs, those of its folders included. */
export async function readPages(): Promise<Page[]> {
  const found = await readdir(join(root, 'docs'), { recursive: true });
  const names = found.filter((name) => name.endsWith('.md')).map((name) => name.replaceAll('\\', '/'));
  names.sort();
  return Promise.all(['README.md', ...names.map((name) => `docs/${name}`)].map(readPage));
}

/** Targets of all links and images of a page. */
export function linksOf({ prose }: Page): string[] {
  return [...prose.replace(/`[^`\n]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
}

/** Lines of shell blocks. */
export function shellLinesOf({ blocks }: Page): string[] {
  return blocks.filter(({ language }) => language === 'sh').flatMap(({ text }) => joinLines(text).split('\n'));
}

/** Commands that the text names. */
export function namedCommandsOf({ prose }: Page): string[] {
  return [...prose.matchAll(/`((?:npx )?openclaw [^`\n]+)`/g)].map(([, span = '']) => span);
}

async function readPage(path: string): Promise<Page> {
  const text = await readFile(join(root, path), 'utf8');
  const fence = /^```(\w*)\n(.*?)^```$/gms;
  const blocks = [...text.matchAll(fence)].map(([, language = '', body = '']) => ({ language, text: body }));
  const prose = text.replace(fence, '').replace(/<!--.*?-->/gs, '');
  return { path, text, blocks, prose, anchors: toAnchors(prose) };
}

/** As GitHub makes them; the second heading of a name gets `-1`. */
function toAnchors(prose: string): Set<string> {
  const counts = new Map<string, number>();
  const anchors = [...prose.matchAll(/^#{1,6} +(.+)$/gm)].map(([, heading = '']) => {
    const anchor = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-');
    const count = counts.get(anchor) ?? 0;
    counts.set(anchor, count + 1);
    return count === 0 ? anchor : `${anchor}-${count}`;
  });
  return new Set(anchors);
}

/** A command that goes on in the next line is one line. */
const joinLines = (text: string) => text.replaceAll(/\\\n\s*/g, ' ');
