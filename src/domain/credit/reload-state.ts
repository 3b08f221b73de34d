import { MAX_NANO_USD, type NanoUsd, smaller } from '../money.ts';

/** `fixed`: as many times the amount as lift the balance to the threshold. `target`: up to the amount. */
export type ReloadMode = 'fixed' | 'target';

/** What an account has asked for. */
export interface ReloadTerms {
  /** A balance below it asks for a reload. */
  thresholdNanoUsd: NanoUsd;
  mode: ReloadMode;
  /** Of one reload, or the balance to reach. */
  amountNanoUsd: NanoUsd;
  /** Requested in one calendar month at most. */
  monthlyCapNanoUsd: NanoUsd;
  /** Requests within any hour at most. */
  hourlyCount: number;
}

/** A request of which the outcome is not known. */
export interface PendingReload {
  number: number;
  amountNanoUsd: NanoUsd;
  requestedAtMs: number;
}

/** Auto-reload of one account. */
export interface ReloadState extends ReloadTerms {
  enabled: boolean;
  /** Why it is off though its owner had it on; absent else. */
  disabledReason?: 'declined';
  /** Requests ever made: the source of their ids. */
  count: number;
  /** One at a time. */
  pending?: PendingReload;
  /** End of the month in which `monthNanoUsd` was requested; declined requests are taken off. 0: none yet. */
  monthEndsAtMs: number;
  monthNanoUsd: NanoUsd;
  /** Instants of the requests of the last hour, oldest first. */
  recentMs: number[];
  /** Declined in a row. */
  declines: number;
  /** No request before that; 0: at once. */
  nextAtMs: number;
}

/** Amounts are charged: whole cents, a dollar at least, a million at most. */
export const CENT_NANO_USD: NanoUsd = 10_000_000n;
export const MIN_RELOAD_NANO_USD: NanoUsd = 1_000_000_000n;
export const MAX_RELOAD_NANO_USD: NanoUsd = 1_000_000_000_000_000n;
export const MAX_HOURLY_RELOADS = 10;
/** A month and a day: further off no month can end. */
export const MONTH_AT_MOST_MS = 32 * 86_400_000;
export const RELOAD_HOUR_MS = 3_600_000;
/** Pauses after the first and the second decline in a row; the third turns auto-reload off. */
export const DECLINE_PAUSES_MS: readonly number[] = [RELOAD_HOUR_MS, 4 * RELOAD_HOUR_MS];

export function createReload(): ReloadState {
  return {
    enabled: false,
    thresholdNanoUsd: 0n,
    mode: 'fixed',
    amountNanoUsd: 0n,
    monthlyCapNanoUsd: 0n,
    hourlyCount: 0,
    count: 0,
    monthEndsAtMs: 0,
    monthNanoUsd: 0n,
    recentMs: [],
    declines: 0,
    nextAtMs: 0,
  };
}

/**
 * The id of an account's request, the same wherever it is made: `reload_`, what follows `acct_` in the account's id, and
 * the number.
 */
export function writeReloadId(accountId: string, number: number): string {
  return `reload_${accountId.replace(/^acct_/, '')}_${number}`;
}

/** The number in an id of this account; undefined when it is none. */
export function readReloadNumber(accountId: string, reloadId: string): number | undefined {
  const text = /_([1-9]\d{0,8})$/.exec(reloadId)?.[1];
  const number = Number(text ?? 0);
  return text !== undefined && writeReloadId(accountId, number) === reloadId ? number : undefined;
}

/** The id of the credit that a paid request becomes: one request, one grant. */
export function reloadGrantId(reloadId: string): string {
  return `grant_${reloadId}`;
}

/** The field of the terms that cannot be; undefined when all can. */
export function findReloadOutOfRange(terms: ReloadTerms): keyof ReloadTerms | undefined {
  const { thresholdNanoUsd, mode, amountNanoUsd, monthlyCapNanoUsd, hourlyCount } = terms;
  if (thresholdNanoUsd < 0n || thresholdNanoUsd > MAX_RELOAD_NANO_USD) return 'thresholdNanoUsd';
  if (!isCharge(amountNanoUsd)) return 'amountNanoUsd';
  if (mode === 'target' && amountNanoUsd <= thresholdNanoUsd) return 'amountNanoUsd';
  if (!isCharge(monthlyCapNanoUsd)) return 'monthlyCapNanoUsd';
  return hourlyCount < 1 || hourlyCount > MAX_HOURLY_RELOADS ? 'hourlyCount' : undefined;
}

/** Whether that much can be asked for in one payment. */
export function isCharge(amount: NanoUsd): boolean {
  return amount >= MIN_RELOAD_NANO_USD && amount <= MAX_RELOAD_NANO_USD && amount % CENT_NANO_USD === 0n;
}

/** What has been requested in the month of `nowMs`. */
export function requestedInMonth({ monthEndsAtMs, monthNanoUsd }: ReloadState, nowMs: number): NanoUsd {
  return nowMs < monthEndsAtMs ? monthNanoUsd : 0n;
}

/** The requests within the hour before `nowMs`. */
export function recentRequests({ recentMs }: ReloadState, nowMs: number): number[] {
  return recentMs.filter((atMs) => atMs > nowMs - RELOAD_HOUR_MS);
}

/** One of the four changes that there are: the rules and the fold of the journal make them alike. */
export function turnReload(reload: ReloadState, enabled: boolean, terms: ReloadTerms): void {
  const { thresholdNanoUsd, mode, amountNanoUsd, monthlyCapNanoUsd, hourlyCount } = terms;
  Object.assign(reload, { enabled, thresholdNanoUsd, mode, amountNanoUsd, monthlyCapNanoUsd, hourlyCount });
  Object.assign(reload, { declines: 0, nextAtMs: 0 });
  delete reload.disabledReason;
}

/** @param monthEndsAtMs of the month of `nowMs`; one that is running goes on to its own end. */
export function noteRequest(reload: ReloadState, amountNanoUsd: NanoUsd, monthEndsAtMs: number, nowMs: number): void {
  const requested = requestedInMonth(reload, nowMs);
  if (nowMs >= reload.monthEndsAtMs) reload.monthEndsAtMs = monthEndsAtMs;
  reload.monthNanoUsd = requested + amountNanoUsd;
  reload.recentMs = [...recentRequests(reload, nowMs), nowMs];
  reload.count += 1;
  reload.pending = { number: reload.count, amountNanoUsd, requestedAtMs: nowMs };
}

/** A request of a number never given out was lost by the store with its record: it counts from now on. */
export function notePaid(reload: ReloadState, number: number, amountNanoUsd: NanoUsd): void {
  if (number > reload.count) {
    reload.count = number;
    reload.monthNanoUsd = smaller(reload.monthNanoUsd + amountNanoUsd, MAX_NANO_USD);
  }
  if (reload.pending?.number === number) delete reload.pending;
  reload.declines = 0;
  reload.nextAtMs = 0;
}

/** The month cannot have changed since it was requested: no other request comes in between. */
export function noteDecline(reload: ReloadState, nowMs: number): void {
  reload.monthNanoUsd -= reload.pending?.amountNanoUsd ?? 0n;
  delete reload.pending;
  // Once it is turned off there is nothing to wait for.
  if (!reload.enabled) return;
  const pauseMs = DECLINE_PAUSES_MS[reload.declines];
  reload.declines += 1;
  reload.nextAtMs = pauseMs === undefined ? 0 : nowMs + pauseMs;
  if (pauseMs !== undefined) return;
  reload.enabled = false;
  reload.disabledReason = 'declined';
}
