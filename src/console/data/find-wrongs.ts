import type { Account, HealthReport, Quota, Runway } from './api-types.ts';
import { formatMoney, toNano } from './money.ts';
import { readQuota } from './quota-view.ts';
import { formatDate, formatDistance, formatPercent } from './words.ts';

export interface Wrong {
  grade: 'urgent' | 'soon';
  text: string;
  /** Where to do something about it. */
  page: string;
}

interface Seen {
  account: Account | undefined;
  runway: Runway | undefined;
  quotas: readonly Quota[];
  health: HealthReport | undefined;
  nowMs: number;
}

const DAY_MS = 86_400_000;
const ENDS_SOON_MS = 7 * DAY_MS;
const EXPIRES_SOON_MS = 14 * DAY_MS;
const NEAR = 0.8;
const OLD_CARD_DAYS = 60;
const QUOTAS_NAMED = 5;

/** What is worth a look, the worst first. */
export function findWrongs(seen: Seen): Wrong[] {
  const all = [...findMoneyWrongs(seen), ...findQuotaWrongs(seen), ...findHealthWrongs(seen)];
  return all.sort((one, other) => Number(one.grade === 'soon') - Number(other.grade === 'soon'));
}

function* findMoneyWrongs({ account, runway, nowMs }: Seen): Generator<Wrong> {
  const page = '/credits';
  if (account === undefined) return;
  if (account.status === 'without_books')
    yield { grade: 'urgent', text: 'The ledger has lost the books of this account', page: '/health' };
  else if (account.status !== 'open')
    yield { grade: 'urgent', text: `The account is ${account.status}: every call is refused`, page };
  const { balance } = account;
  if (balance === null || balance === undefined) return;
  const available = toNano(balance.available_usd);
  if (toNano(balance.debt_usd) > 0n) yield { grade: 'urgent', text: `${formatMoney(balance.debt_usd)} is owed`, page };
  if (available <= 0n) yield { grade: 'urgent', text: 'The credit is used up: calls are refused', page };
  const passed = (account.low_balance_usd ?? [])
    .filter((level) => available + toNano(balance.held_usd) <= toNano(level))
    .at(-1);
  if (available > 0n && passed !== undefined)
    yield { grade: 'soon', text: `The balance is below the level of ${formatMoney(passed)}`, page };
  if (runway?.ends_at && Date.parse(runway.ends_at) - nowMs < ENDS_SOON_MS && available > 0n) {
    yield { grade: 'soon', text: `The credit ends ${formatDistance(runway.ends_at, nowMs)} at this burn`, page };
  }
  for (const { expires_at: expiresAt, amount_usd: amount } of runway?.unused ?? []) {
    if (Date.parse(expiresAt) - nowMs > EXPIRES_SOON_MS) continue;
    yield { grade: 'soon', text: `${formatMoney(amount)} will expire unused on ${formatDate(expiresAt)}`, page };
  }
}

function* findQuotaWrongs({ quotas }: Seen): Generator<Wrong> {
  const full = quotas
    .map(readQuota)
    .filter(({ share, mode, measure }) => share >= NEAR && mode !== 'shadow' && measure !== 'concurrency')
    .sort((one, other) => other.share - one.share);
  for (const { share, words } of full.slice(0, QUOTAS_NAMED)) {
    yield {
      grade: share >= 1 ? 'urgent' : 'soon',
      text: `${formatPercent(Math.min(share, 1))} of ${words} used`,
      page: '/teams',
    };
  }
  if (full.length > QUOTAS_NAMED)
    yield { grade: 'soon', text: `${full.length - QUOTAS_NAMED} more limits are nearly used up`, page: '/teams' };
}

function* findHealthWrongs({ health, nowMs }: Seen): Generator<Wrong> {
  const page = '/health';
  if (health === undefined) return;
  for (const [name, state] of Object.entries(health.checks)) {
    if (state !== 'ok') yield { grade: 'urgent', text: `${name}: ${state}`, page };
  }
  const { upstream, spool, drift, rate_card: card } = health;
  if (upstream.last_error_at !== null && nowMs - Date.parse(upstream.last_error_at) < DAY_MS) {
    yield { grade: 'urgent', text: `The upstream refused us ${formatDistance(upstream.last_error_at, nowMs)}`, page };
  }
  if (drift.differing.length > 0)
    yield {
      grade: 'urgent',
      text: `Books of ${drift.differing.length} accounts are not the fold of their journal`,
      page,
    };
  if (spool.waiting > 0) yield { grade: 'soon', text: `${spool.waiting} ends of calls wait for the store`, page };
  if (card.age_days > OLD_CARD_DAYS)
    yield { grade: 'soon', text: `The prices were last checked ${card.age_days} days ago`, page };
}
