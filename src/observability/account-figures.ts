import { createLinkedMap } from '../collections/linked-map.ts';
import type { AlertKind } from '../domain/alert-kinds.ts';
import type { AccountBalance } from '../domain/credit/credit-types.ts';
import { QUOTAS_AT_MOST, type QuotaFigure } from './quota-figure.ts';

/** What the gauges of accounts are read from; the Directory, the Ledger and the Alerts fit. */
export interface AccountSources {
  directory: {
    listAccounts(page: { limit: number }): Promise<readonly NamedAccount[]>;
    findAccount(accountId: string): Promise<NamedAccount | undefined>;
  };
  ledger: {
    ping(): Promise<void>;
    readBalance(accountId: string): Promise<AccountBalance | undefined>;
    findDue(limit: number): Promise<{ holds: readonly unknown[] }>;
  };
  alerts?: { listFired(limit: number): Promise<readonly FiredAlert[]> };
  /** How the quotas of an account stand; undefined: none have gauges. */
  readQuotas?(accountId: string): Promise<readonly QuotaFigure[]>;
  /** When the credit ends at the burn of the last days, as far as that is known; asks no store. */
  findEmptyAtMs?(accountId: string): number | undefined;
}

export interface NamedAccount {
  id: string;
  name: string;
  closedAtMs?: number;
}

export interface FiredAlert {
  alert: AlertKind;
  /** Absent: the installation's. */
  accountId?: string;
  /** Of levels that are amounts. */
  levelNanoUsd?: bigint;
}

export interface AccountFigures {
  accounts: readonly { id: string; name: string; balance: AccountBalance; emptyAtMs: number | undefined }[];
  /** Holds past their lease that nobody has reclaimed yet, counted to {@link MOST_OVERDUE_HOLDS}. */
  overdueHolds: number;
  firedAlerts: readonly FiredAlert[];
  /** Of accounts lately active, {@link QUOTAS_AT_MOST} in all. */
  quotas: readonly QuotaFigure[];
}

export interface AccountFiguresOptions {
  /** The most accounts with gauges of their own: those lately active first, then those with a fired alert, then the oldest. */
  accountsAtMost: number;
  /** An account without calls for so long loses its place to others. */
  activeForMs: number;
  /** Figures younger than this are not read again. */
  freshForMs: number;
  /** Figures that old are not shown, whatever the store does. */
  staleAfterMs: number;
  /** How long a scrape waits for the store. */
  scrapeBudgetMs: number;
  /** How long a reading may take in all. */
  readTimeoutMs: number;
  nowMs: () => number;
  /** Accounts were left out of a reading for want of room. */
  onFold: () => void;
  /** The same of quotas. */
  onQuotaFold: () => void;
}

export const MOST_OVERDUE_HOLDS = 100;

/** `up`: the last completed reading got an answer. Undefined: none has completed yet. */
export interface FiguresReading {
  up: boolean | undefined;
  figures: AccountFigures | undefined;
}

export interface AccountFiguresReader {
  watch(sources: AccountSources): void;
  /** An account made a call: it has a place among the gauges. */
  touch(accountId: string): void;
  /** Answers within the scrape's budget: with what the store says, or with nothing. Never throws. */
  read(): Promise<FiguresReading>;
}

/**
 * Reads balances for the gauges, shared by all of them and by scrapes at the same time. A slow store delays a scrape
 * by the budget at most; the reading goes on, and the next scrape has it.
 */
export function createAccountFiguresReader(options: AccountFiguresOptions): AccountFiguresReader {
  let sources: AccountSources | undefined;
  let running: Promise<void> | undefined;
  let last: { atMs: number; up: boolean; figures: AccountFigures | undefined } | undefined;
  const active = createActiveAccounts(options);

  const refresh = async (from: AccountSources): Promise<void> => {
    const figures = await settleWithin(readFigures(from, active.list(), options), options.readTimeoutMs);
    last = { atMs: options.nowMs(), up: figures !== undefined, figures };
    running = undefined;
  };
  const show = (): FiguresReading => {
    if (last === undefined) return { up: undefined, figures: undefined };
    const stale = options.nowMs() - last.atMs > options.staleAfterMs;
    return { up: last.up, figures: stale ? undefined : last.figures };
  };
  return {
    watch(next) {
      sources = next;
    },
    touch: active.touch,
    async read() {
      if (sources === undefined) return { up: undefined, figures: undefined };
      if (last !== undefined && options.nowMs() - last.atMs < options.freshForMs) return show();
      running ??= refresh(sources);
      await settleWithin(running, options.scrapeBudgetMs);
      return show();
    },
  };
}

function createActiveAccounts(options: AccountFiguresOptions) {
  // Latest last.
  const seen = createLinkedMap<{ accountId: string; atMs: number }>();
  return {
    touch(accountId: string): void {
      seen.setLast(accountId, { accountId, atMs: options.nowMs() });
      const oldest = seen.size > options.accountsAtMost ? seen.firstKey() : undefined;
      if (oldest === undefined) return;
      seen.delete(oldest);
      options.onFold();
    },
    list(): string[] {
      const since = options.nowMs() - options.activeForMs;
      for (const { accountId, atMs } of seen.values()) if (atMs < since) seen.delete(accountId);
      return seen
        .values()
        .map(({ accountId }) => accountId)
        .reverse();
    },
  };
}

async function readFigures(
  sources: AccountSources,
  activeIds: readonly string[],
  options: AccountFiguresOptions,
): Promise<AccountFigures> {
  const { directory, ledger, alerts } = sources;
  const [listed, due, fired, quotas] = await Promise.all([
    directory.listAccounts({ limit: options.accountsAtMost + 1 }),
    ledger.findDue(MOST_OVERDUE_HOLDS),
    alerts?.listFired(options.accountsAtMost) ?? [],
    readQuotas(sources, activeIds, options),
    ledger.ping(),
  ]);
  const byId = new Map(listed.map((account) => [account.id, account]));
  const ids = [...new Set([...activeIds, ...fired.flatMap(({ accountId }) => accountId ?? []), ...byId.keys()])];
  if (ids.length > options.accountsAtMost) options.onFold();
  const closed = new Set<string>();
  const accounts = await Promise.all(
    ids.slice(0, options.accountsAtMost).map(async (id) => {
      const account = byId.get(id) ?? (await directory.findAccount(id));
      const balance = await ledger.readBalance(id);
      if (account?.closedAtMs !== undefined) closed.add(id);
      if (account === undefined || account.closedAtMs !== undefined || balance === undefined) return [];
      return [{ id, name: account.name, balance, emptyAtMs: sources.findEmptyAtMs?.(id) }];
    }),
  );
  return {
    accounts: accounts.flat(),
    overdueHolds: due.holds.length,
    firedAlerts: fired.filter(({ accountId }) => accountId === undefined || !closed.has(accountId)),
    quotas,
  };
}

async function readQuotas(
  sources: AccountSources,
  activeIds: readonly string[],
  { onQuotaFold }: Pick<AccountFiguresOptions, 'onQuotaFold'>,
): Promise<QuotaFigure[]> {
  const read = await Promise.all(activeIds.map((accountId) => sources.readQuotas?.(accountId) ?? []));
  const quotas = read.flat();
  if (quotas.length > QUOTAS_AT_MOST) onQuotaFold();
  return quotas.slice(0, QUOTAS_AT_MOST);
}

/** The promise's value, or undefined when it fails or takes longer. */
async function settleWithin<T>(promise: Promise<T>, timeoutMs: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), timeoutMs);
    timer.unref();
  });
  try {
    return await Promise.race([promise, timeout]);
  } catch {
    // The store's state is what is being measured: a fault is the reading "down", and the store's own users log it.
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
