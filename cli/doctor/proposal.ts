import { editJson5 } from '../../server/config/json5-edit.ts';
import { mapTree } from '../../server/config/key-path.ts';
import { findKey } from '../../server/config/key-tree.ts';
import { redactConfig, redacted } from '../../server/config/redact.ts';
import type { ActionRemedy, EditRemedy, Remedy } from './check.ts';
import type { Reading } from './reading.ts';

/** Everything that `--fix` would do, before any of it is done. */
export interface Proposal {
  /** The configuration file as it would be; undefined when it stays as it is. */
  text: string | undefined;
  /** The change of the file as a unified diff, secrets hidden; empty when it stays. */
  diff: string;
  /** What happens to the file, in words. */
  edits: string[];
  actions: ActionRemedy[];
}

/** Puts the remedies together. @param restored a whole text that takes the file's place before anything is edited. */
export async function propose(
  reading: Reading,
  remedies: readonly Remedy[],
  restored?: { text: string; from: string; parsed: Record<string, unknown> },
): Promise<Proposal> {
  const edits = remedies.filter((remedy): remedy is EditRemedy => remedy.kind === 'edit');
  const before = restored?.parsed ?? reading.parsed ?? (reading.exists ? undefined : {});
  const actions = remedies.filter((remedy): remedy is ActionRemedy => remedy.kind === 'action');
  const isEdited = before !== undefined && edits.length > 0;
  if (!isEdited && !restored) return { text: undefined, diff: '', edits: [], actions: unique(actions) };
  const source = restored?.text ?? reading.raw ?? '{}\n';
  const after = edits.reduce((tree, { edit }) => edit(tree), before ?? {});
  const text = isEdited ? editJson5(source, after) : source;
  const words = [...new Set(edits.map(({ what }) => what))];
  return {
    text,
    diff: await toDiff(reading, { text, tree: after }),
    edits: restored ? [`puts ${restored.from} in place of the file`, ...words] : words,
    actions: unique(actions),
  };
}

// --- internal ---

function unique(actions: readonly ActionRemedy[]): ActionRemedy[] {
  return actions.filter(({ what }, index) => actions.findIndex((other) => other.what === what) === index);
}

async function toDiff(
  { path, raw, parsed }: Reading,
  after: { text: string; tree: Record<string, unknown> },
): Promise<string> {
  const { createTwoFilesPatch } = await import('diff');
  const before = raw === undefined ? '' : await hide(raw, parsed);
  const patch = createTwoFilesPatch(path, path, before, await hide(after.text, after.tree), 'now', 'after', {
    context: 3,
  });
  return patch.replace(/^(?:Index: .*\n)?=+\n/, '');
}

/** The text as it may be shown: secrets, and texts under keys that nobody knows, are not. */
async function hide(text: string, tree: Record<string, unknown> | undefined): Promise<string> {
  const { createRedactor } = await import('../../server/log/redact.ts');
  const redactor = createRedactor();
  // A broken file has no keys to go by: only what looks like a secret can be hidden.
  if (!tree) return redactor.text(text);
  const shown = mapTree(redactConfig(tree), (value, path) => {
    if (typeof value !== 'string') return value;
    return findKey(path) ? value.replaceAll(redacted, '***') : '***';
  });
  return redactor.text(editJson5(text, shown));
}
