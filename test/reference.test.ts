import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { referencePath } from '../scripts/reference.ts';
import { renderReference } from '../scripts/reference-page.ts';
import { eventSpecs, methods } from '../sdk/protocol/contract.ts';

describe('docs/reference.md', () => {
  it('is what the contract says; if not: npm run reference', async () => {
    expect(await readFile(referencePath, 'utf8')).toBe(await renderReference());
  });

  it('has a section for every method and every event, and no dead link', async () => {
    const page = await renderReference();
    const headings = [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading ?? '');
    for (const method of methods.keys()) expect(headings).toContain(method);
    for (const event of eventSpecs.keys()) expect(headings).toContain(`event ${event}`);
    const anchors = new Set(
      headings.map((heading) =>
        heading
          .toLowerCase()
          .replace(/[^a-z0-9 -]/g, '')
          .replace(/ /g, '-'),
      ),
    );
    const links = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor ?? '');
    expect(links.length).toBeGreaterThan(50);
    expect(links.filter((anchor) => !anchors.has(anchor))).toEqual([]);
  });

  it('takes its words from the comments of the contract', async () => {
    const page = await renderReference();
    expect(page).toContain('| `limit` | integer, at least 1 | `100` | Rows of a page;');
    expect(page).toContain('Needs `expectedSessionId`. Archiving ends what works in the session.');
    expect(page).toContain('Only sessions that changed within this many minutes;');
    expect(page).toContain('Stable while the key lives; a deleted and recreated session has another.');
  });
});
