import type { QuotaScopeType } from '../domain/quota.ts';
import type { QuotaWindow } from '../domain/quota-window.ts';

/** How a quota stands, for its gauges. */
export interface QuotaFigure {
  accountId: string;
  quotaId: string;
  scope: QuotaScopeType;
  window: QuotaWindow;
  /** Dollars; absent for the other measures. */
  limitUsd?: number;
  /** What is settled, or for concurrency open, over the limit in force; absent where that is zero. */
  usedRatio?: number;
  /** Absent where the window has no end. */
  resetsAtMs?: number;
}

/** The most quotas with gauges of their own; the rest are folded. */
export const QUOTAS_AT_MOST = 500;
