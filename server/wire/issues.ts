/** The part of a zod issue that people are told. */
export interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

const maxIssues = 5;
/** Input names itself in messages; nobody needs more of it back. */
const maxLineLength = 200;

/** Puts validation issues on one line: `limit: Invalid input: expected number, received string; ...`. */
export function describeIssues(issues: readonly Issue[]): string {
  const lines = issues.slice(0, maxIssues).map(({ path, message }) => {
    const where = path.map(String).join('.');
    return (where ? `${where}: ${message}` : message).slice(0, maxLineLength);
  });
  if (issues.length > maxIssues) lines.push(`and ${issues.length - maxIssues} more`);
  return lines.join('; ');
}
