import type { Paint } from './paint.ts';
import { clip, pad, widthOf, wrap } from './text.ts';

export interface Column {
  head: string;
  /** Cut first when the terminal is narrow. */
  elastic?: boolean;
  /** For sentences: goes on in the next line instead of being cut. */
  wraps?: boolean;
}

const gap = 2;
const narrowest = 8;

/** Rows under heads, aligned, without rules, so that `grep` and `awk` can read them. Ends with a line break. */
export function table(
  columns: readonly Column[],
  rows: readonly string[][],
  look: { paint: Paint; width: number },
): string {
  const widths = columns.map((column, at) =>
    Math.max(widthOf(column.head), ...rows.map((row) => widthOf(row[at] ?? ''))),
  );
  shrink(widths, columns, look.width);
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => pad(clip(cell, widths[at] ?? 0), widths[at] ?? 0))
      .join(' '.repeat(gap))
      .trimEnd();
  const lines = (cells: readonly string[]) => {
    const parts = cells.map((cell, at) => (columns[at]?.wraps ? wrap(cell, widths[at] ?? 0) : [cell]));
    const height = Math.max(1, ...parts.map(({ length }) => length));
    return Array.from({ length: height }, (_, row) => line(parts.map((part) => part[row] ?? '')));
  };
  const head = look.paint('dim', line(columns.map((column) => column.head)));
  return `${[head, ...rows.flatMap(lines)].join('\n')}\n`;
}

/** Takes what is too wide from the elastic columns, the widest first. */
function shrink(widths: number[], columns: readonly Column[], available: number): void {
  const total = () => widths.reduce((sum, width) => sum + width + gap, -gap);
  while (total() > available) {
    const widest = columns.reduce<number>(
      (best, column, at) => (column.elastic && (widths[at] ?? 0) > (widths[best] ?? narrowest) ? at : best),
      -1,
    );
    if (widest < 0) return;
    widths[widest] = (widths[widest] ?? 0) - Math.min(total() - available, (widths[widest] ?? 0) - narrowest);
  }
}
