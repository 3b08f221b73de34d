import type { Receipt } from '../domain/receipt.ts';
import type { CallUsage } from '../domain/usage.ts';

export const ROUTES = ['messages', 'count_tokens', 'models', 'files', 'batches', 'balance', 'other'] as const;
export type Route = (typeof ROUTES)[number];

export const OUTCOMES = ['completed', 'refused', 'upstream_error', 'interrupted', 'client_gone', 'not_sent'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What a charge stands on: the usage reported, an estimate, or nothing to charge. */
export const CHARGE_BASES = ['reported', 'estimated', 'none'] as const;
export type ChargeBasis = (typeof CHARGE_BASES)[number];

export const CUT_REASONS = [
  'client_gone',
  'upstream_cut',
  'upstream_silent',
  'upstream_unreachable',
  'upstream_slow',
  'upstream_busy',
  'error_event',
  'shutdown',
  'credit_exhausted',
  'quota_exhausted',
] as const;
export type CutReason = (typeof CUT_REASONS)[number];

/** A metered call that was admitted, after its end. */
export interface FinishedCall {
  requestId: string;
  /** As the client asked for it. */
  model: string;
  /** Whose call it was; undefined: no team's. */
  team?: { id: string; accountId: string; name: string } | undefined;
  /** HTTP status the client was sent; 0: none. */
  status: number;
  outcome: Exclude<Outcome, 'refused'>;
  /** Why it broke off, for `interrupted`, `client_gone` and `not_sent`. */
  cutReason?: CutReason | undefined;
  basis: ChargeBasis;
  usage: CallUsage | undefined;
  /** What was charged; undefined: nothing. */
  receipt: Receipt | undefined;
  /** The credit held for the call when it ended. */
  heldNanoUsd: bigint;
  /** From the request's arrival to the end of the answer. */
  durationMs: number;
  /** From sending upstream to the end of its answer; undefined: not sent. */
  upstreamMs?: number | undefined;
  /** From sending upstream to the first byte of the answer's body. */
  timeToFirstByteMs?: number | undefined;
}
