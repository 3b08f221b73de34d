import type { AlertKind } from '../domain/alert-kinds.ts';
import type { AlertBook } from './alert-book.ts';
import { isAccountKind } from './alert-rule.ts';
import type { NoticeData } from './create-notice.ts';
import type { AlertWatch } from './watch-alerts.ts';
import type { FindWatchedAccount } from './watched-accounts.ts';

/** Something happened that people may want to be told of. */
export interface AlertEvent {
  kind: Exclude<AlertKind, 'balance_low' | 'quota_used' | 'burn_rate' | 'credit_expiry' | 'store_down'>;
  accountId?: string;
  /** Which of the ways it can happen, each told for itself: one of a few words, never what a client wrote. */
  reason: string;
  /** What the notice says besides. */
  data?: NoticeData;
  /** It is known to be over. */
  isOver?: boolean;
}

export interface RaiseAlertsParts {
  book: Pick<AlertBook, 'findAccountRules' | 'listInstallationRules'>;
  watch: Pick<AlertWatch, 'observe'>;
  findAccount: FindWatchedAccount;
  logger: { error(facts: object, text: string): void };
}

/**
 * Tells an event by the rules of its kind, once for each reason in a quiet time. Returns at once and never throws:
 * events happen on the way of calls.
 */
export function createAlertRaiser(parts: RaiseAlertsParts): (event: AlertEvent) => void {
  return (event) => {
    raise(parts, event).catch((error: unknown) =>
      parts.logger.error({ err: error, alert: event.kind, reason: event.reason }, 'an event was not told'),
    );
  };
}

async function raise({ book, watch, findAccount }: RaiseAlertsParts, event: AlertEvent): Promise<void> {
  const { kind, accountId, reason, data = {}, isOver = false } = event;
  const account = accountId === undefined ? undefined : await findAccount(accountId);
  // Events of an account that is gone are told all the same, by its id.
  const named = accountId === undefined ? undefined : { id: accountId, name: account?.name ?? accountId };
  const rules =
    accountId !== undefined && isAccountKind(kind)
      ? await book.findAccountRules(accountId)
      : await book.listInstallationRules();
  for (const rule of rules) {
    if (rule.condition.kind !== kind || !rule.enabled) continue;
    watch.observe({
      rule,
      account: named,
      readings: [{ level: reason, subject: reason, isReached: !isOver, isRecovered: isOver }],
      isWhole: false,
      describe: () => ({ reason, ...data }),
    });
  }
}
