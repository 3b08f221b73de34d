import type { AccountBalance } from '../domain/credit/credit-types.ts';
import type { HoldCommand, HoldReply, Ledger } from '../ledger/ledger.ts';
import { observeReplies } from '../ledger/observe-replies.ts';
import type { AlertBook } from './alert-book.ts';
import type { AlertRule } from './alert-rule.ts';
import {
  findBalanceBand,
  findQuotaBand,
  observeBalance,
  observeQuotas,
  type QuotaUseReading,
} from './observe-account.ts';
import type { QuietAccounts } from './quiet-accounts.ts';
import { netBalance } from './read-levels.ts';
import type { AlertWatch } from './watch-alerts.ts';
import type { WatchedAccount, WatchedAccounts } from './watched-accounts.ts';

export interface ObserveLedgerOptions {
  watch: Pick<AlertWatch, 'observe'>;
  book: Pick<AlertBook, 'findAccountRules' | 'knowsAccountRulesUntilMs'>;
  accounts: WatchedAccounts;
  quiet: QuietAccounts;
  /** How long credit lasts, as far as that is known without asking. */
  findRunwayMs(accountId: string): number | undefined;
  logger: { warn(facts: object, text: string): void };
  /** An account asked for a hold: it is in use. */
  onHold(accountId: string): void;
}

/**
 * The same ledger, whose every reply that carries a balance or the use of quotas is shown to the watch, beside the
 * caller's way.
 */
export function observeLedger(ledger: Ledger, options: ObserveLedgerOptions): Ledger {
  const { quiet } = options;
  const lookAt = (accountId: string, show: Show): void => {
    look(options, accountId, show).catch((error: unknown) =>
      options.logger.warn({ err: error, account_id: accountId }, 'balance not watched'),
    );
  };
  const showBalance = (accountId: string, balance: AccountBalance): void => {
    if (!quiet.isBalanceQuiet(accountId, netBalance(balance), balance.sequence))
      lookAt(accountId, (account, rules, known) => observeBalanceOf(options, account, rules, balance, known));
  };
  const showQuotas = (command: HoldCommand, reply: HoldReply): void => {
    if (areQuotasQuiet(quiet, command, reply)) return;
    const quotas = readQuotas(command, reply);
    if (quotas.length > 0)
      lookAt(command.accountId, (account, rules, known) => observeQuotasOf(options, account, rules, quotas, known));
  };
  const hold: Ledger['hold'] = (command) => {
    options.onHold(command.accountId);
    return ledger.hold(command).then((reply) => {
      if ('balance' in reply) showBalance(command.accountId, reply.balance);
      if (command.cells.length > 0) showQuotas(command, reply);
      return reply;
    });
  };
  return { ...observeReplies(ledger, showBalance), hold };
}

/** How long what was read of the account and its rules holds, and since when nothing of them was forgotten. */
interface Known {
  untilMs: number;
  generation: number;
}
type Show = (account: WatchedAccount, rules: readonly AlertRule[], known: Known) => void;

async function look({ book, accounts, quiet }: ObserveLedgerOptions, accountId: string, show: Show): Promise<void> {
  const generation = quiet.generation();
  const account = await accounts.find(accountId);
  if (account === undefined) return;
  const rules = await book.findAccountRules(accountId);
  const untilMs = Math.min(accounts.knowsUntilMs(accountId), book.knowsAccountRulesUntilMs(accountId));
  show(account, rules, { untilMs, generation });
}

/** Shows a balance to all rules of the account, and remembers which balances are quiet if nothing came of this one. */
function observeBalanceOf(
  { watch, quiet, findRunwayMs }: ObserveLedgerOptions,
  account: WatchedAccount,
  rules: readonly AlertRule[],
  balance: AccountBalance,
  { untilMs, generation }: Known,
): void {
  const quietMs = observeBalance(watch, account, rules, balance, findRunwayMs(account.id));
  const band = findBalanceBand(account, rules, netBalance(balance), Math.min(quietMs, untilMs));
  quiet.noteBalance(account.id, band, generation);
}

/** The same for the use of quotas. */
function observeQuotasOf(
  { watch, quiet }: ObserveLedgerOptions,
  account: WatchedAccount,
  rules: readonly AlertRule[],
  quotas: readonly QuotaUseReading[],
  { untilMs, generation }: Known,
): void {
  const quietMs = observeQuotas(watch, account, rules, quotas, false);
  for (const quota of quotas) {
    const band = findQuotaBand(rules, quota, Math.min(quietMs, untilMs));
    quiet.noteQuota(account.id, quota.quotaId, quota.limit, band, generation);
  }
}

function areQuotasQuiet(quiet: QuietAccounts, { accountId, cells }: HoldCommand, reply: HoldReply): boolean {
  if (reply.result === 'quota_exceeded') return false;
  if (reply.result !== 'held') return true;
  const isQuiet = quiet.quietQuotasOf(accountId);
  for (let index = 0; index < cells.length; index += 1) {
    const cell = cells[index] as HoldCommand['cells'][number];
    const use = reply.cells[index];
    if (use === undefined) continue;
    if (!isQuiet(cell.quotaId, cell.limit, usedOf(cell, use))) return false;
  }
  return true;
}

function usedOf({ measure }: { measure: string }, { used, held }: { used: bigint; held: bigint }): bigint {
  return measure === 'concurrency' ? held : used;
}

/** A refused call has met its quota: where nearly all is used, that is all there is. */
const NEARLY_USED_PERCENT = 90n;

function readQuotas(command: HoldCommand, reply: HoldReply): QuotaUseReading[] {
  if (reply.result === 'quota_exceeded') {
    const { quotaId, limit, room } = reply;
    const cell = command.cells.find((one) => one.quotaId === quotaId);
    const isUsed = (limit - room) * 100n >= limit * NEARLY_USED_PERCENT;
    return cell === undefined || !isUsed ? [] : [{ quotaId, measure: cell.measure, limit, used: limit }];
  }
  if (reply.result !== 'held') return [];
  return command.cells.flatMap((cell, index) => {
    const { quotaId, measure, limit } = cell;
    const use = reply.cells[index];
    return use === undefined ? [] : [{ quotaId, measure, limit, used: usedOf(cell, use) }];
  });
}
