import type { Command } from 'commander';
import { loadCliProcessSettings } from '../config/cli-settings.ts';
import { type AdminAnswer, type AdminCall, callAdmin } from './admin-client.ts';
import { CliFailure, EXIT_CODES } from './exit-codes.ts';
import { type Column, formatRecord, formatTable } from './format-table.ts';

/** Where a command writes to. */
export interface CliOutput {
  out(text: string): void;
  error(text: string): void;
  /** What a person sees: the output may be coloured, a secret may stand on the error output. Nothing unless given. */
  terminal?: { colours: boolean; error: boolean };
}

/** The options of every command. */
interface GlobalOptions {
  json?: boolean;
  adminUrl?: string;
  idempotencyKey?: string;
}

export type PageRow = { readonly [field: string]: unknown };

/** A page's query, and whether all pages are wanted. */
export interface PageQuery {
  readonly [name: string]: string | number | true | undefined;
  readonly all?: true;
}

const LARGEST_PAGE = 200;

/** What a command's action works with. */
export interface CliSession {
  call(call: Omit<AdminCall, 'idempotencyKey'>): Promise<AdminAnswer>;
  /** Calls under an idempotency key of its own, for a command that writes more than once. */
  callUnder(idempotencyKey: string, call: Omit<AdminCall, 'idempotencyKey'>): Promise<AdminAnswer>;
  /** `--idempotency-key`, which such a command derives its own from. */
  idempotencyKey: string | undefined;
  /** Calls and shows one record, or a line where the answer has no body. */
  showRecord(call: Omit<AdminCall, 'idempotencyKey'>, done?: string): Promise<void>;
  /** Calls and shows a page as a table; `present` makes the row that is shown. */
  showPage(
    call: Omit<AdminCall, 'idempotencyKey' | 'query'> & { query?: PageQuery },
    columns: readonly Column[],
    present?: (row: PageRow) => PageRow,
  ): Promise<void>;
  output: CliOutput;
  isJson: boolean;
}

/** The session of the command that runs. Settings are read here, so that `--help` needs none. */
export function openSession(command: Command, output: CliOutput): CliSession {
  const options = command.optsWithGlobals<GlobalOptions>();
  const callUnder = async (
    idempotencyKey: string | undefined,
    one: Omit<AdminCall, 'idempotencyKey'>,
  ): Promise<AdminAnswer> => {
    const loaded = loadCliProcessSettings(options.adminUrl);
    if (!loaded.ok) throw new CliFailure(loaded.problems.join('\n'), EXIT_CODES.usage);
    return callAdmin(loaded.settings, one.method === 'GET' ? one : { ...one, idempotencyKey });
  };
  const { idempotencyKey } = options;
  const call: CliSession['call'] = (one) => callUnder(idempotencyKey, one);
  const isJson = options.json === true;
  return {
    call,
    callUnder,
    idempotencyKey,
    output,
    isJson,
    showRecord: async (one, done) => showRecord(await call(one), output, isJson, done),
    showPage: async (one, columns, present = (row) => row) =>
      showPage(await readPages(call, one), output, isJson, columns, present),
  };
}

/** One page; with `all` in the query every page from there on, as one. */
async function readPages(
  call: CliSession['call'],
  { query: { all, ...query } = {}, ...one }: Parameters<CliSession['showPage']>[0],
): Promise<Pick<AdminAnswer, 'json'>> {
  const asked = query as NonNullable<AdminCall['query']>;
  if (all !== true) return call({ ...one, query: asked });
  const data: PageRow[] = [];
  for (let { after } = asked; ; ) {
    const { json } = await call({ ...one, query: { limit: LARGEST_PAGE, ...asked, after } });
    const page = json as { data: PageRow[]; next_after?: string };
    data.push(...page.data);
    if (page.next_after === undefined) return { json: { data, has_more: false } };
    after = page.next_after;
  }
}

function showRecord({ json }: AdminAnswer, output: CliOutput, isJson: boolean, done: string | undefined): void {
  if (json === undefined) {
    if (!isJson && done !== undefined) output.out(done);
    return;
  }
  const record = json as { secret?: unknown };
  output.out(isJson ? JSON.stringify(json, null, 2) : formatRecord(record));
  if (typeof record.secret === 'string' && !isJson) output.error('Keep the secret now: it is not shown again.');
}

function showPage(
  { json }: Pick<AdminAnswer, 'json'>,
  output: CliOutput,
  isJson: boolean,
  columns: readonly Column[],
  present: (row: PageRow) => PageRow,
): void {
  if (isJson) {
    output.out(JSON.stringify(json, null, 2));
    return;
  }
  const { data, next_after: nextAfter } = json as { data: PageRow[]; next_after?: unknown };
  output.out(data.length === 0 ? 'None.' : formatTable(data.map(present), columns));
  if (nextAfter !== undefined) output.error(`There is more: --after ${nextAfter}`);
}
