import { replaceFile } from '../../server/config/replace-file.ts';
import { askForLeave, canAsk } from '../ask.ts';
import { readIfThere } from '../local/file-text.ts';
import { exitCodes, misuse } from '../misuse.ts';
import { answer, type Shell } from '../shell.ts';
import type { Remedy, Severity } from './check.ts';
import { createContext, type DoctorContext } from './context.ts';
import { type Examination, type Examined, examine, type Report } from './examine.ts';
import { keepOld, readLastGood } from './kept.ts';
import { type Mended, mend } from './mend.ts';
import { type Proposal, propose } from './proposal.ts';
import type { Reading } from './reading.ts';
import { checks } from './registry.ts';
import { renderLint, renderProposal, renderReport } from './view.ts';

// look ─► report                                            without --fix, nothing is changed
//   └─► propose ─► show ─► asked ─► mend ─► look again ─► report          with it

export interface DoctorFlags {
  fix: boolean;
  lint: boolean;
  /** Does what was proposed without asking. */
  yes: boolean;
  generateToken: boolean;
  restoreLastGood: boolean;
  only: readonly string[];
  skip: readonly string[];
  /** Default: notes are told to people only. */
  least: Severity | undefined;
}

/** `openclaw doctor`. @throws GatewayError bad usage. */
export async function runDoctor(shell: Shell, flags: DoctorFlags): Promise<number> {
  checkNames(flags);
  const examination = { only: flags.only, skip: flags.skip, least: flags.least ?? leastFor(shell, flags) };
  const context = await createContext(shell, flags);
  const examined = await examine(checks, context, examination);
  const wantsChange = flags.fix || flags.generateToken || flags.restoreLastGood;
  if (!wantsChange) return report(context, examined, flags);
  return change({ shell, context, examined, examination, flags });
}

// --- internal ---

/** Programs hear of what needs doing; people also of what is good to know. */
function leastFor({ globals }: Shell, { lint }: DoctorFlags): Severity {
  return globals.json || lint ? 'warning' : 'info';
}

function checkNames({ only, skip }: DoctorFlags): void {
  const known = checks.flatMap(({ id, number }) => [id, id.slice(id.lastIndexOf('/') + 1), String(number)]);
  const unknown = [...only, ...skip].find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw misuse(
      `there is no check "${unknown}"; there are: ${checks.map(({ number, id }) => `${number} ${id}`).join(', ')}`,
    );
}

function toReport({ remedies: _, ...report }: Examined): Report {
  return report;
}

function report({ shell, command }: DoctorContext, examined: Examined, { lint }: DoctorFlags): number {
  const mendable = examined.remedies.length;
  answer(shell, toReport(examined), (look) => {
    if (lint) return renderLint(examined);
    const next = mendable > 0 ? `${command} doctor --fix mends ${mendable} of them, and shows how before.\n` : '';
    return `${renderReport(examined, look)}${next}Doctor complete.\n`;
  });
  return lint && !examined.ok ? exitCodes.failed : exitCodes.ok;
}

interface Changing {
  shell: Shell;
  context: DoctorContext;
  examined: Examined;
  examination: Examination;
  flags: DoctorFlags;
}

async function change({ shell, context, examined, examination, flags }: Changing): Promise<number> {
  const proposal = await draft(context, examined, flags);
  if (proposal.text === undefined && proposal.actions.length === 0) {
    answer(shell, { ...toReport(examined), changes: none }, (look) => {
      const left = examined.ok ? '' : 'Nothing of this can be mended without guessing.\n';
      return `${renderReport(examined, look)}${left}Doctor complete.\n`;
    });
    return exitCodes.ok;
  }
  if (!shell.globals.json) shell.out(`${renderReport(examined, shell.look)}\n${renderProposal(proposal, shell.look)}`);
  if (!flags.yes && !(canAsk(shell) && (await askForLeave('Do this?')))) return refuse(shell, examined, proposal);
  const mended = await mend(context.reading, proposal);
  const after = await examine(checks, await createContext(shell), examination);
  const changes = { ...mended, diff: proposal.diff };
  answer(
    shell,
    { ...toReport(after), changes },
    (look) => `${renderMended(mended)}${renderReport(after, look)}Doctor complete.\n`,
  );
  return mended.failed.length > 0 ? exitCodes.failed : exitCodes.ok;
}

const none = { done: [], failed: [], diff: '' };

/** What the flags ask for: everything that can be mended, or only the token, or only the last good file. */
async function draft(context: DoctorContext, { remedies }: Examined, flags: DoctorFlags): Promise<Proposal> {
  const wanted = remedies.filter(({ finding }) => flags.fix || finding.path === 'gateway.auth.token');
  const list = wanted.map(({ remedy }) => remedy);
  if (!flags.restoreLastGood) return propose(context.reading, list);
  const { path, raw } = context.reading;
  const kept = await readLastGood(path);
  if (!kept) throw misuse(`no configuration is kept that a gateway has started with: ${path}.last-good is not there`);
  const { default: JSON5 } = await import('json5');
  // What was edited into the broken file is not edited into the one that takes its place.
  const rest = list.filter(({ kind }) => kind === 'action');
  const restored = kept.text === raw ? undefined : { ...kept, parsed: JSON5.parse(kept.text) };
  return propose(context.reading, [...(await restoreIncluded(context.reading)), ...rest], restored);
}

/** Included files that are at fault get what they said then, too. */
async function restoreIncluded({ path, issues }: Reading): Promise<Remedy[]> {
  const files = new Set(issues.map(({ file }) => file).filter((file) => file !== path));
  const remedies = await Promise.all(
    [...files].map(async (file): Promise<Remedy[]> => {
      const kept = await readLastGood(file);
      if (!kept) return [];
      return [
        { kind: 'action', what: `puts ${kept.from} in place of ${file}`, run: () => replaceKept(file, kept.text) },
      ];
    }),
  );
  return remedies.flat();
}

async function replaceKept(file: string, text: string): Promise<string | undefined> {
  const old = await readIfThere(file);
  const copy = old === undefined ? undefined : await keepOld(file, old, { broken: true });
  await replaceFile(file, text);
  return copy && `kept as ${copy}`;
}

/** Nobody said yes. */
function refuse(shell: Shell, examined: Examined, { diff, edits, actions }: Proposal): number {
  const proposed = [...edits, ...actions.map(({ what }) => what)];
  const why = canAsk(shell) ? 'Nothing was changed.' : 'Nothing was changed: add --yes to do this without being asked.';
  if (shell.globals.json) answer(shell, { ...toReport(examined), changes: { ...none, proposed, diff } }, () => '');
  shell.note(why);
  return exitCodes.failed;
}

function renderMended({ done, failed, kept }: Mended): string {
  return [
    ...done.map((what) => `done   ${what}`),
    ...(kept ? [`kept   the file as it was: ${kept}`] : []),
    ...failed.map((what) => `failed ${what}`),
    '',
    '',
  ].join('\n');
}
