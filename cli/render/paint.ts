import { styleText } from 'node:util';

/** The few ways in which the command line dresses text. */
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';
export type Paint = (style: Style, text: string) => string;

/** Colours for a stream: none when it is no terminal, after `--no-color`, or by NO_COLOR (https://no-color.org). */
export function paintFor(stream: NodeJS.WriteStream, wanted: boolean): Paint {
  if (!wanted) return plain;
  return (style, text) => styleText(style, text, { stream, validateStream: true });
}

export const plain: Paint = (_style, text) => text;
