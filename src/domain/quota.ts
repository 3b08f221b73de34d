import type { QuotaCell } from './credit/credit-commands.ts';
import type { QuotaWindow, WindowFinder } from './quota-window.ts';

/** Whose calls a quota counts, from the widest to the narrowest. */
export const QUOTA_SCOPES = ['account', 'team', 'member', 'key'] as const;
export type QuotaScopeType = (typeof QUOTA_SCOPES)[number];

/** What a quota counts: nano-dollars, tokens of all classes, calls, or calls open at the same time. */
export const QUOTA_MEASURES = ['usd', 'tokens', 'requests', 'concurrency'] as const;
export type QuotaMeasure = QuotaCell['measure'];

/** `hard` refuses; `soft` lets pass and tells once; `shadow` only counts what it would have refused. */
export const QUOTA_MODES = ['hard', 'soft', 'shadow'] as const;
export type QuotaMode = QuotaCell['mode'];

/** A limit on what one account, team, member or key may use in a window. */
export interface Quota {
  /** `quota_...` */
  id: string;
  accountId: string;
  /** The id is of that type's record; for `account` it is the account's own. */
  scope: { type: QuotaScopeType; id: string };
  /** `total` for concurrency. */
  window: QuotaWindow;
  /** Day of the month on which `month` begins, 1 to 31; absent: the first. */
  anchorDay?: number;
  measure: QuotaMeasure;
  /** In the measure's unit. Zero blocks. */
  limit: bigint;
  /** Model ids or families it counts; absent: all. */
  models?: readonly string[];
  mode: QuotaMode;
  raises: readonly QuotaRaise[];
  createdAtMs: number;
}

/** A higher limit for a while, `startsAtMs <= instant < endsAtMs`. */
export interface QuotaRaise {
  /** `raise_...`; the same raise sent again is one raise. */
  id: string;
  limit: bigint;
  startsAtMs: number;
  endsAtMs: number;
}

/** What a call is judged by. */
export interface QuotaCall {
  accountId: string;
  teamId?: string | undefined;
  memberId?: string | undefined;
  keyId: string;
  /** Ids and families of every model the call can reach; `any`: each one there is. */
  modelLabels: readonly string[] | 'any';
  /** The call's start: it belongs to the windows of that instant, however long it runs. */
  atMs: number;
  /** The account's. */
  timezone: string;
}

/** A quota and the cell in which it counts a call. */
export interface AppliedQuota {
  quota: Quota;
  cell: QuotaCell;
}

/**
 * The quotas that count a call, each with its cell and the limit in force, in the order given.
 * @param findWindow `findWindow` of quota-window.ts, or a cache of it.
 */
export function findQuotaCells(quotas: readonly Quota[], call: QuotaCall, findWindow: WindowFinder): AppliedQuota[] {
  const applied: AppliedQuota[] = [];
  for (const quota of quotas) {
    if (!isInScope(quota, call) || !countsModels(quota, call.modelLabels)) continue;
    const span = findWindow(quota.window, call.atMs, call.timezone, quota.anchorDay);
    const cell = {
      quotaId: quota.id,
      window: span.name,
      measure: quota.measure,
      limit: limitAt(quota, call.atMs),
      mode: quota.mode,
      ...(span.endsAtMs === undefined ? {} : { endsAtMs: span.endsAtMs }),
    };
    applied.push({ quota, cell });
  }
  return applied;
}

/** The instants around one, `fromMs <= instant < untilMs`, in which {@link findQuotaCells} answers the same for a call. */
export function findSameCells(
  quotas: readonly Quota[],
  { atMs, timezone }: Pick<QuotaCall, 'atMs' | 'timezone'>,
  findWindow: WindowFinder,
): { fromMs: number; untilMs: number } {
  let [fromMs, untilMs] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (const { window, anchorDay, raises } of quotas) {
    const { startsAtMs, endsAtMs } = findWindow(window, atMs, timezone, anchorDay);
    const borders = raises.flatMap((raise) => [raise.startsAtMs, raise.endsAtMs]);
    if (endsAtMs !== undefined) borders.push(startsAtMs, endsAtMs);
    for (const border of borders) {
      if (border <= atMs) fromMs = Math.max(fromMs, border);
      else untilMs = Math.min(untilMs, border);
    }
  }
  return { fromMs, untilMs };
}

/** Whether a quota counts calls of any of these models (ids and families). */
export function countsModels({ models }: Pick<Quota, 'models'>, labels: readonly string[] | 'any'): boolean {
  return models === undefined || labels === 'any' || models.some((model) => labels.includes(model));
}

/** The limit in force at an instant: the highest of its own and those of the raises that run then. */
export function limitAt({ limit, raises }: Pick<Quota, 'limit' | 'raises'>, atMs: number): bigint {
  return raises.reduce(
    (highest, raise) =>
      raise.startsAtMs <= atMs && atMs < raise.endsAtMs && raise.limit > highest ? raise.limit : highest,
    limit,
  );
}

/** Of two quotas that refuse a call, the first is told: the one that lasts longest, so that no client waits in vain. */
const TOLD_FIRST: readonly QuotaWindow[] = ['total', 'month', 'week', 'day', 'hour', 'minute'];

/** Sorts quotas into the order in which they are checked; those of equal rank keep theirs. */
export function orderQuotas(quotas: readonly Quota[]): Quota[] {
  const rank = ({ measure, window, scope }: Quota): number => {
    const patience = measure === 'concurrency' ? TOLD_FIRST.length : TOLD_FIRST.indexOf(window);
    return patience * QUOTA_SCOPES.length + QUOTA_SCOPES.indexOf(scope.type);
  };
  return quotas.toSorted((left, right) => rank(left) - rank(right));
}

function isInScope({ scope }: Quota, call: QuotaCall): boolean {
  switch (scope.type) {
    case 'account':
      return scope.id === call.accountId;
    case 'team':
      return scope.id === call.teamId;
    case 'member':
      return scope.id === call.memberId;
    case 'key':
      return scope.id === call.keyId;
  }
}
