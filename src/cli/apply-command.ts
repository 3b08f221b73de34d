import type { Command } from 'commander';
import { readNamedVariable } from '../config/cli-settings.ts';
import type { FileProblem } from '../organisation/cursor.ts';
import { type Bearer, findDenied, findUnseenSections } from '../organisation/find-denied.ts';
import type { PresentAccount, WantedAccount, WantedOrganisation } from '../organisation/kind.ts';
import { parseOrganisation } from '../organisation/parse-organisation.ts';
import type { Plan, Step } from '../organisation/plan.ts';
import { matchAccounts, planChanges } from '../organisation/plan-changes.ts';
import { countSteps, describeKept, describeStep, diffLines, planJson } from '../organisation/present-plan.ts';
import { carryOutPlan } from './carry-out-plan.ts';
import { type CliOutput, type CliSession, openSession } from './cli-session.ts';
import { CliFailure, EXIT_CODES } from './exit-codes.ts';
import { openSecretKeeper } from './keep-secrets.ts';
import { readSource } from './read-card-files.ts';
import { listAccounts, readAccount, readBearer, readInstallation } from './read-organisation.ts';
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
      'make accounts, what belongs to them, and alerts as a YAML says; shows what differs, and never grants credit',
    )
    .requiredOption('-f, --file <path>', 'the YAML, as export writes it; - reads the standard input')
    .option('--dry-run', 'show what differs and change nothing')
    .option('--detailed-exitcode', 'with --dry-run: end with 4 where something differs')
    .option('--prune', 'delete teams, members, quotas, alerts and channels that a section of the file does not have')
    .option('--yes', 'with --prune: revoke keys too, which is for good')
    .option('--account <account>', 'only this account of the file, by its id or name, and nothing of the installation')
    .option('--secrets-file <path>', 'a new file for the secrets of new keys and webhooks; needed unless at a terminal')
    .action((options: ApplyOptions, command: Command) => apply(openSession(command, output), options, nowMs()));
}

async function apply(session: CliSession, options: ApplyOptions, nowMs: number): Promise<void> {
  const { output, isJson } = session;
  const bearer = await readBearer(session);
  const plan = await makePlan(session, options, nowMs, bearer);
  const { steps } = plan;
  if (!isJson) showPlan(plan, output);
  const denied = findDenied(steps, bearer).map(({ message }) => toTerminalText(message));
  const refusal = `this token may not do all of it:\n${denied.join('\n')}`;
  if (denied.length > 0 && options.dryRun === true) output.error(refusal);
  if (denied.length > 0 && options.dryRun !== true)
    throw new CliFailure(`nothing was changed: ${refusal}`, EXIT_CODES.refused);
  if (options.dryRun === true || steps.length === 0) {
    if (isJson) output.out(JSON.stringify(presentOutcome(plan, 0, options), null, 2));
    if (options.detailedExitcode === true && steps.length > 0) throw new CliFailure('', EXIT_CODES.changes);
    return;
  }
  const made = steps.filter(({ action, kind, values }) => action === 'create' && kind.isSecretMade?.(values) === true);
  const secrets = openSecretKeeper(options.secretsFile, made.length, output);
  let done = 0;
  try {
    const onDone = (): void => {
      done += 1;
    };
    await carryOutPlan(session, steps, {
      onDone,
      onSecret: (secret) => secrets.keep(secret),
      environment: readNamedVariable,
    });
  } catch (error) {
    throw explainStop(error, steps, done);
  } finally {
    secrets.close();
    if (isJson) output.out(JSON.stringify(presentOutcome(plan, done, options), null, 2));
  }
  if (!isJson) output.out(`Done: ${steps.length === 1 ? 'one change' : `${steps.length} changes`}.`);
}

async function makePlan(session: CliSession, options: ApplyOptions, nowMs: number, bearer: Bearer): Promise<Plan> {
  const text = options.file === '-' ? await readStandardInput() : readSource(options.file).text;
  const parsed = parseOrganisation(text);
  if (!parsed.ok) throw refuseFile(options.file, parsed.problems);
  const organisation = chooseAccounts(parsed.organisation, options.account);
  const unseen = findUnseenSections(organisation, bearer);
  if (unseen.length > 0) throw refuseFile(options.file, unseen);
  const matched = matchAccounts(organisation.accounts, await listAccounts(session));
  if (!matched.ok) throw refuseFile(options.file, matched.problems);
  const installation = await readInstallation(session, bearer);
  const accounts: { wanted: WantedAccount; present: PresentAccount | undefined }[] = [];
  for (const { wanted, present } of matched.matches) {
    const read = present === undefined ? undefined : await readAccount(session, present, installation, bearer);
    accounts.push({ wanted, present: read });
  }
  const { prune = false, yes = false } = options;
  const { sections: wanted } = organisation;
  const planned = planChanges(
    { accounts, installation: installation === undefined ? undefined : { wanted, present: installation } },
    { prune, revokes: prune && yes, nowMs, environment: readNamedVariable },
  );
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

function chooseAccounts(organisation: WantedOrganisation, named: string | undefined): WantedOrganisation {
  if (named === undefined) return organisation;
  const accounts = organisation.accounts.filter(({ id, values }) => id === named || values.name === named);
  if (accounts.length === 0) throw new CliFailure(`the file has no account ${toTerminalText(named)}`, EXIT_CODES.usage);
  return { accounts, sections: new Map() };
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
