import type { Command } from 'commander';
import { type CliOutput, openSession } from './cli-session.ts';
import { CliFailure, EXIT_CODES } from './exit-codes.ts';
import { listAll } from './list-all.ts';
import { toTerminalText } from './terminal-text.ts';

/** A whole journal is read; the longest take minutes. */
const TIMEOUT_MS = 30 * 60_000;

interface Found {
  account_id: string;
  ok: boolean;
  sequence: number;
  entries: number;
  drift_usd: string;
  differences: { what: string; journal: string | null; store: string | null }[];
  truncated: boolean;
}

export function addReconcileCommand(program: Command, output: CliOutput): void {
  program
    .command('reconcile')
    .description('prove that the books are the fold of the journal; changes nothing, ends with 1 where they differ')
    .argument('[account]', 'id of the account; all accounts unless given')
    .action(async (account: string | undefined, _options: unknown, command: Command) => {
      const session = openSession(command, output);
      let count = 0;
      let wrong = 0;
      for await (const { id } of account === undefined ? listAll(session, ['accounts']) : [{ id: account }]) {
        const path = ['accounts', id, 'reconciliation'];
        const found = (await session.call({ method: 'GET', path, timeoutMs: TIMEOUT_MS })).json as Found;
        output.out(session.isJson ? JSON.stringify(found) : describe(found));
        count += 1;
        if (!found.ok) wrong += 1;
      }
      if (wrong > 0)
        throw new CliFailure(`${wrong} of ${count} accounts do not agree with their journal`, EXIT_CODES.refused);
    });
}

function describe({ account_id: id, ok, sequence, entries, drift_usd: drift, differences, truncated }: Found): string {
  if (ok) return `${id}: ok up to entry ${sequence}, ${entries} read`;
  const lines = differences.map(
    ({ what, journal, store }) =>
      `  ${toTerminalText(what)}: journal ${toTerminalText(journal)}, store ${toTerminalText(store)}`,
  );
  const head = `${id}: DIFFERS up to entry ${sequence}, ${entries} read, drift ${drift} USD`;
  return [head, ...lines, ...(truncated ? ['  and more'] : [])].join('\n');
}
