import type { AccountBalance } from '../domain/credit/credit-types.ts';
import type { HoldCommand, HoldReply, Ledger } from '../ledger/ledger.ts';
import { observeReplies } from '../ledger/observe-replies.ts';
import type { AlertBook } from './alert-book.ts';
import { observeBalance, observeQuotas, type QuotaUseReading } from './observe-account.ts';
import type { AlertWatch } from './watch-alerts.ts';
import type { FindWatchedAccount } from './watched-accounts.ts';

export interface ObserveLedgerOptions {
  watch: Pick<AlertWatch, 'observe'>;
  book: Pick<AlertBook, 'findAccountRules'>;
  findAccount: FindWatchedAccount;
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
  const show = (accountId: string, seen: Seen): void => {
    showSeen(options, accountId, seen).catch((error: unknown) =>
      options.logger.warn({ err: error, account_id: accountId }, 'balance not watched'),
    );
  };
  const observed = observeReplies(ledger, (accountId, balance) => show(accountId, { balance }));
  return {
    ...observed,
    async hold(command) {
      options.onHold(command.accountId);
      const reply = await observed.hold(command);
      const quotas = readQuotas(command, reply);
      if (quotas.length > 0) show(command.accountId, { quotas });
      return reply;
    },
  };
}

interface Seen {
  balance?: AccountBalance;
  quotas?: readonly QuotaUseReading[];
}

async function showSeen(options: ObserveLedgerOptions, accountId: string, seen: Seen): Promise<void> {
  const { watch, book, findAccount } = options;
  const account = await findAccount(accountId);
  if (account === undefined) return;
  const rules = await book.findAccountRules(accountId);
  const { balance, quotas = [] } = seen;
  if (balance !== undefined) observeBalance(watch, account, rules, balance, options.findRunwayMs(accountId));
  if (quotas.length > 0) observeQuotas(watch, account, rules, quotas, false);
}

/** A refused call has met its quota: where nearly all is used, that is all there is. */
const NEARLY_USED_PERCENT = 90n;

function readQuotas(command: HoldCommand, reply: HoldReply): QuotaUseReading[] {
  if (command.cells.length === 0) return [];
  if (reply.result === 'quota_exceeded') {
    const { quotaId, limit, room } = reply;
    const cell = command.cells.find((one) => one.quotaId === quotaId);
    const isUsed = (limit - room) * 100n >= limit * NEARLY_USED_PERCENT;
    return cell === undefined || !isUsed ? [] : [{ quotaId, measure: cell.measure, limit, used: limit }];
  }
  if (reply.result !== 'held') return [];
  return command.cells.flatMap(({ quotaId, measure, limit }, index) => {
    const use = reply.cells[index];
    if (use === undefined) return [];
    return [{ quotaId, measure, limit, used: measure === 'concurrency' ? use.held : use.used }];
  });
}
