/** Undoes percent-encoding; undefined when it is broken, which names nothing. */
export function decodePath(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    // The only way the platform has of saying that a percent sign stands alone.
    return undefined;
  }
}
