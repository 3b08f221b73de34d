import type { Command } from 'commander';
import type { FileProblem } from '../organisation/cursor.ts';
import type { PresentAccount, WantedAccount } from '../organisation/kind.ts';
import { parseOrganisation } from '../organisation/parse-organisation.ts';
import type { Plan, Step } from '../organisation/plan.ts';
import { matchAccounts, planChanges } from '../organisation/plan-changes.ts';
import { countSteps, describeKept, describeStep, diffLines, planJson } from '../organisation/present-plan.ts';
import { carryOutPlan } from './carry-out-plan.ts';
import { type CliOutput, type CliSession, openSession } from './cli-session.ts';
import { CliFailure, EXIT_CODES } from './exit-codes.ts';
import { openSecretKeeper } from './keep-secrets.ts';
import { readSource } from './read-card-files.ts';
import { listAccounts, readAccount } from './read-organisation.ts';
import { toTerminalText } from './terminal-text.ts';

/** As of a file. */
const MAX_INPUT_BYTES = 16 * 1024 * 1024;

interface ApplyOptions {
  file: string;
  dryRun?: boolean;
  detailedExitcode?: boolean;
  prune?: boolean;
  yes?: boolean;
  account?: string;
  secretsFile?: string;
}

export function addApplyCommand(program: Command, output: CliOutput, nowMs: () => number): void {
  program
    .command('apply')
    .description(
      'make accounts, teams, members, keys and quotas as a YAML says; shows what differs, and never grants credit',
    )
    .requiredOption('-f, --file <path>', 'the YAML, as export writes it; - reads the standard input')
    .option('--dry-run', 'show what differs and change nothing')
    .option('--detailed-exitcode', 'with --dry-run: end with 4 where something differs')
    .option('--prune', 'delete teams, members and quotas that a section of the file does not have')
    .option('--yes', 'with --prune: revoke keys too, which is for good')
    .option('--account <account>', 'only this account of the file, by its id or name')
    .option('--secrets-file <path>', 'a new file for the secrets of new keys; needed unless at a terminal')
    .action((options: ApplyOptions, command: Command) => apply(openSession(command, output), options, nowMs()));
}

async function apply(session: CliSession, options: ApplyOptions, nowMs: number): Promise<void> {
  const { output, isJson } = session;
  const plan = await makePlan(session, options, nowMs);
  const { steps } = plan;
  if (!isJson) showPlan(plan, output);
  if (options.dryRun === true || steps.length === 0) {
    if (isJson) output.out(JSON.stringify(presentOutcome(plan, 0, options), null, 2));
    if (options.detailedExitcode === true && steps.length > 0) throw new CliFailure('', EXIT_CODES.changes);
    return;
  }
  const keys = steps.filter(({ action, kind }) => action === 'create' && kind.removal === 'revoke').length;
  const secrets = openSecretKeeper(options.secretsFile, keys, output);
  let done = 0;
  try {
    const onDone = (): void => {
      done += 1;
    };
    await carryOutPlan(session, steps, { onDone, onKey: (key) => secrets.keep(key) });
  } catch (error) {
    throw explainStop(error, steps, done);
  } finally {
    secrets.close();
    if (isJson) output.out(JSON.stringify(presentOutcome(plan, done, options), null, 2));
  }
  if (!isJson) output.out(`Done: ${steps.length === 1 ? 'one change' : `${steps.length} changes`}.`);
}

async function makePlan(session: CliSession, options: ApplyOptions, nowMs: number): Promise<Plan> {
  const text = options.file === '-' ? await readStandardInput() : readSource(options.file).text;
  const parsed = parseOrganisation(text);
  if (!parsed.ok) throw refuseFile(options.file, parsed.problems);
  const wanted = chooseAccounts(parsed.accounts, options.account);
  const matched = matchAccounts(wanted, await listAccounts(session));
  if (!matched.ok) throw refuseFile(options.file, matched.problems);
  const accounts: { wanted: WantedAccount; present: PresentAccount | undefined }[] = [];
  for (const match of matched.matches) {
    const present = match.present === undefined ? undefined : await readAccount(session, match.present);
    accounts.push({ wanted: match.wanted, present });
  }
  const { prune = false, yes = false } = options;
  const planned = planChanges(accounts, { prune, revokes: prune && yes, nowMs });
  if (!planned.ok) throw refuseFile(options.file, planned.problems);
  return planned.plan;
}

async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    size += (chunk as Buffer).byteLength;
    if (size > MAX_INPUT_BYTES) throw new CliFailure('the standard input is above 16 MiB', EXIT_CODES.refused);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function chooseAccounts(accounts: WantedAccount[], named: string | undefined): WantedAccount[] {
  if (named === undefined) return accounts;
  const chosen = accounts.filter(({ id, values }) => id === named || values.name === named);
  if (chosen.length === 0) throw new CliFailure(`the file has no account ${toTerminalText(named)}`, EXIT_CODES.usage);
  return chosen;
}

/** `org.yaml:12:7: accounts[0].teams[1]: no such field; ...`, as editors jump to it. */
function refuseFile(file: string, problems: readonly FileProblem[]): CliFailure {
  const lines = problems.map(({ line, column, path, message }) =>
    toTerminalText(`${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}${message}`),
  );
  return new CliFailure(`nothing was changed:\n${lines.join('\n')}`, EXIT_CODES.refused);
}

const COLOURS = { '+': 32, '-': 31, '~': 33, ' ': undefined } as const;

function showPlan({ steps, kept }: Plan, output: CliOutput): void {
  for (const { sign, text } of diffLines(steps)) {
    const line = `${sign} ${toTerminalText(text)}`;
    const colour = output.terminal?.colours === true ? COLOURS[sign] : undefined;
    output.out(colour === undefined ? line : `\u001b[${colour}m${line}\u001b[0m`);
  }
  for (const record of kept) output.error(toTerminalText(describeKept(record)));
  output.out(steps.length === 0 ? 'No changes.' : `${countSteps(steps)}.`);
}

function presentOutcome(plan: Plan, done: number, { dryRun = false }: ApplyOptions) {
  return { dry_run: dryRun, has_changes: plan.steps.length > 0, ...planJson(plan, done) };
}

/** Steps done stay done. Run again, the command finds what is left. */
function explainStop(error: unknown, steps: readonly Step[], done: number): unknown {
  const step = steps[done];
  if (!(error instanceof CliFailure) || step === undefined) return error;
  const where = `${done} of ${steps.length} changes are made; this one is not certain or refused: ${toTerminalText(describeStep(step))}`;
  const key =
    error.exitCode === EXIT_CODES.unreachable && step.action === 'create' && step.kind.removal === 'revoke'
      ? '\nIf the key is there, its secret is lost: rotate it.'
      : '';
  const text = `${where}\n${error.message}\nMend that and run it again: it goes on from there.${key}`;
  return new CliFailure(text, error.exitCode, { cause: error });
}
