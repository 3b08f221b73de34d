import type { BatchRecord } from '../../directory/batch-record.ts';
import { MAX_BATCH_LIFE_MS } from '../../domain/credit/credit-limits.ts';
import { readIdTimeMs } from '../../domain/hold-id.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A batch ends within 24 hours and its results stay for 29 days after its creation; the rest is for outages. */
export const BATCH_LEASE_MS = MAX_BATCH_LIFE_MS;
/** When results that nobody could read are given up: by the API's rule they have been gone for a day. */
export const GIVE_UP_AFTER_MS = 30 * DAY_MS;
/** Between the last instant at which a creation can still reach the API and the look that counts as the last. */
const CREATION_MARGIN_MS = HOUR_MS;
/** How far the API's clock may be off ours. */
const CLOCK_SLACK_MS = 2 * MINUTE_MS;
const FIRST_LOOK_MS = 15_000;

/** When a batch was held for, and could be sent: its prices are of an earlier instant, before its body was read. */
export function placedAtMs({ id, createdAtMs }: Pick<BatchRecord, 'id' | 'createdAtMs'>): number {
  return readIdTimeMs('batch', id) ?? createdAtMs;
}

/** Age of a batch whose creation was left without an answer at which it is taken to have never come to be. */
export function creationGraceMs(callTotalMs: number): number {
  return callTotalMs + CREATION_MARGIN_MS;
}

/** Whether an instant of the API's can be that of a creation which was sent after one of ours. */
export function mayBeCreation(sentAfterMs: number, upstreamAtMs: number, callTotalMs: number): boolean {
  return upstreamAtMs >= earliestCreationMs(sentAfterMs) && upstreamAtMs <= sentAfterMs + callTotalMs + CLOCK_SLACK_MS;
}

/** The earliest instant of the API's at which a creation that was sent after one of ours can have come to be. */
export function earliestCreationMs(sentAfterMs: number): number {
  return sentAfterMs - CLOCK_SLACK_MS;
}

/** The time until the next look at a batch: a quarter of its age, within bounds. */
export function nextLookMs(ageMs: number, longestMs: number): number {
  return Math.min(Math.max(ageMs / 4, FIRST_LOOK_MS), longestMs);
}
