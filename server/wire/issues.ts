/** The part of a zod issue that people are told. */
export interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** Of a value that has several shapes: what kept it from each of them. */
  readonly errors?: readonly (readonly Issue[])[];
}

const maxIssues = 5;
/** Input names itself in messages; nobody needs more of it back. */
const maxLineLength = 200;

/** Puts validation issues on one line: `limit: Invalid input: expected number, received string; ...`. */
export function describeIssues(issues: readonly Issue[]): string {
  const all = issues.flatMap((issue) => unfold(issue));
  const lines = all.slice(0, maxIssues).map(({ path, message }) => {
    const where = path.map(String).join('.');
    return (where ? `${where}: ${message}` : message).slice(0, maxLineLength);
  });
  if (all.length > maxIssues) lines.push(`and ${all.length - maxIssues} more`);
  return lines.join('; ');
}

// --- internal ---

/** What kept a value from the shape that it comes nearest to, where that says more than that it has none of them. */
function unfold(issue: Issue): readonly Issue[] {
  const [nearest] = (issue.errors ?? [])
    .map((errors) => errors.flatMap((one) => unfold({ ...one, path: [...issue.path, ...one.path] })))
    .filter((errors) => errors.some(({ path }) => path.length > issue.path.length))
    .sort((a, b) => a.length - b.length);
  return nearest ?? [issue];
}
