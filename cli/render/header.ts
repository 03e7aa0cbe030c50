import type { Look } from './value.ts';

/** The first line of a report about a gateway: what it is, and of which profile. */
export function header(title: string, profile: string | undefined, { paint }: Pick<Look, 'paint'>): string {
  return `${paint('bold', title)} · profile ${profile ?? 'default'}`;
}
