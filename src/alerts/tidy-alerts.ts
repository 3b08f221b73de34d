import type { AlertBook } from './alert-book.ts';
import { type AlertRule, alertKeyOf, isEventKind, LOW_BALANCE_ID } from './alert-rule.ts';
import type { AlertStore, FiredLevel } from './alert-store.ts';
import { lastSeenMs } from './decide-alert.ts';
import type { AlertWatch } from './watch-alerts.ts';
import type { FindWatchedAccount } from './watched-accounts.ts';

export interface TidyParts {
  store: Pick<AlertStore, 'listFired' | 'readAlerts' | 'changeAlerts'>;
  book: Pick<AlertBook, 'findAccountRules' | 'listInstallationRules'>;
  watch: Pick<AlertWatch, 'observe'>;
  findAccount: FindWatchedAccount;
  nowMs: () => number;
}

/** An event that did not happen for so long is over, where nothing says so. */
export const EVENT_OVER_AFTER_MS = 3_600_000;
const FIRED_AT_MOST = 1_000;
const TURNS_AT_MOST = 5;

/** Ends alerts that nothing else would end: of events that happen no more, and of rules and accounts that are gone. */
export async function tidyAlerts(parts: TidyParts): Promise<void> {
  const fired = await parts.store.listFired(FIRED_AT_MOST);
  const byKey = new Map(fired.map((level) => [alertKeyOf({ id: level.ruleId }, level.accountId), level]));
  for (const [key, level] of byKey) {
    const account = level.accountId === undefined ? undefined : await parts.findAccount(level.accountId);
    const rule = await findRule(parts, level);
    const isGone = level.accountId !== undefined && (account === undefined || account.closedAtMs !== undefined);
    const hasLevels = level.ruleId === LOW_BALANCE_ID && account !== undefined && account.lowBalanceNanoUsd.length > 0;
    if (isGone || (rule === undefined && !hasLevels)) await forgetAlert(parts, key);
    else if (rule !== undefined && isEventKind(rule.condition.kind)) await endEvents(parts, rule, key, account);
  }
}

async function findRule({ book }: TidyParts, { ruleId, accountId }: FiredLevel): Promise<AlertRule | undefined> {
  const ofAccount = accountId === undefined ? [] : await book.findAccountRules(accountId);
  const rules = [...ofAccount, ...(await book.listInstallationRules())];
  return rules.find(({ id, enabled }) => id === ruleId && enabled);
}

async function endEvents(
  { store, watch, nowMs }: TidyParts,
  rule: AlertRule,
  key: string,
  account: { id: string; name: string } | undefined,
): Promise<void> {
  // These do not pass by themselves: a check says that books agree again, a payment that reloads work.
  if (rule.condition.kind === 'ledger_drift' || rule.condition.kind === 'reload_failed') return;
  const { states } = await store.readAlerts(key);
  const over = states.filter((state) => state.state === 'fired' && nowMs() - lastSeenMs(state) >= EVENT_OVER_AFTER_MS);
  if (over.length === 0) return;
  watch.observe({
    ...{ rule, account, isWhole: false },
    readings: over.map(({ level }) => ({ level, subject: level, isReached: false, isRecovered: true })),
    describe: ({ level }) => ({ reason: level }),
  });
}

async function forgetAlert({ store, nowMs }: TidyParts, key: string): Promise<void> {
  for (let turn = 1; turn <= TURNS_AT_MOST; turn += 1) {
    const { revision, states } = await store.readAlerts(key);
    if (states.length === 0) return;
    if ((await store.changeAlerts({ key, revision, states: [], nowMs: nowMs() })) === 'changed') return;
  }
}
