import { posix } from 'node:path';

/** One heading of a page with the text below it. */
export interface DocSection {
  /** Page as people name it, for example `docs/networking.md`. */
  page: string;
  /** The page's own title. */
  title: string;
  /** The title again for the text before the first heading. */
  heading: string;
  /** Markdown, without the heading and without comments. */
  body: string;
  /** Other words for the topic, from a comment `<!-- asked: ... -->` below the heading; empty without one. */
  asked: string;
}

/** A page of the documentation, cut at its headings. */
export interface DocPage {
  page: string;
  title: string;
  sections: DocSection[];
  /** Items of the page's closing section `## Next`, which is not a section of its own. */
  next: string[];
}

/** Cuts a markdown page at its headings of level 2 and 3; `#` inside a code block is no heading. */
export function parsePage(page: string, markdown: string): DocPage {
  const blocks = cutAtHeadings(markdown);
  const title = blocks.find(({ level }) => level === 1)?.heading ?? page;
  const sections: DocSection[] = [];
  let next: string[] = [];
  for (const { level, heading, lines } of blocks) {
    const text = lines.join('\n');
    const asked = /<!--\s*asked:(.*?)-->/s.exec(text)?.[1]?.trim() ?? '';
    const body = text.replace(/<!--.*?-->/gs, '').trim();
    if (level > 1 && /^next$/i.test(heading)) next = toItems(body);
    else if (body !== '') sections.push({ page, title, heading: level <= 1 ? title : heading, body, asked });
  }
  return { page, title, sections, next };
}

/**
 * The beginning of a section, block by block up to about `limit` characters. Code blocks and tables are kept whole, and
 * what a paragraph ending in a colon announces stays with it.
 */
export function toPassage(body: string, limit: number): string {
  const blocks = toBlocks(body);
  const kept: string[] = [];
  let length = 0;
  for (const block of blocks) {
    const announced = kept.at(-1)?.trimEnd().endsWith(':') ?? true;
    if (!announced && length + block.length > limit) break;
    kept.push(block);
    length += block.length;
  }
  if (kept.length < blocks.length) kept.push('…');
  return kept.join('\n\n');
}

/** Names the target of each link of a page to another, so that the text can be read where nothing can be clicked. */
export function toReadableLinks(markdown: string, page: string): string {
  return markdown.replace(
    /\[([^\]]+)\]\(([\w./-]+\.md)(?:#[\w-]+)?\)/g,
    (_, text, target) => `${text} (${posix.join(posix.dirname(page), target)})`,
  );
}

/** The text of a section, and the code in it: names in an example say less about what a section is about. */
export function splitCode(body: string): { prose: string; code: string } {
  const blocks = toBlocks(body);
  const isCode = (block: string) => /^\s*(```|~~~)/.test(block);
  return {
    prose: blocks.filter((block) => !isCode(block)).join('\n\n'),
    code: blocks.filter(isCode).join('\n\n'),
  };
}

interface HeadedLines {
  /** 0 before the first heading. */
  level: number;
  heading: string;
  lines: string[];
}

function cutAtHeadings(markdown: string): HeadedLines[] {
  const blocks: HeadedLines[] = [{ level: 0, heading: '', lines: [] }];
  let fence = false;
  for (const line of markdown.split(/\r?\n/)) {
    if (/^\s*(```|~~~)/.test(line)) fence = !fence;
    const [, marks = '', heading = ''] = (!fence && /^(#{1,3})\s+(.*?)\s*#*$/.exec(line)) || [];
    if (marks) blocks.push({ level: marks.length, heading: heading.replaceAll('`', ''), lines: [] });
    else blocks.at(-1)?.lines.push(line);
  }
  return blocks;
}

function toBlocks(body: string): string[] {
  const blocks: string[][] = [[]];
  let fence = false;
  for (const line of body.split('\n')) {
    const mark = /^\s*(```|~~~)/.test(line);
    if (mark) fence = !fence;
    if (mark && fence && blocks.at(-1)?.length) blocks.push([]);
    if (line.trim() === '' && !fence) blocks.push([]);
    else blocks.at(-1)?.push(line);
  }
  return blocks.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
}

function toItems(list: string): string[] {
  return list
    .split(/\n(?=[-*] )/)
    .map((item) => item.replace(/^[-*]\s+/, '').replace(/\s*\n\s*/g, ' '))
    .filter((item) => item !== '');
}
