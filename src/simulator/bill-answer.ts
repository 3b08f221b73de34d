import type { BillableCall } from './bill.ts';
import type { AnswerTruth } from './prepare-answer.ts';
import { isFreeRefusal, readBilledUsage, readUsageSoFar } from './read-usage.ts';
import type { Progress } from './send-answer.ts';
import type { AbortBilling, CallEnd } from './simulator-types.ts';

/**
 * Decides what is owed for an answer that ended so.
 * A finished answer owes its final usage. A client that left owes what `abortBilling` says. A cut on the API's side owes
 * what was generated, as the API sees no difference, and nothing where no byte had been sent. An error event ends a
 * failed request, which is not charged.
 */
export function billAnswer(
  truth: AnswerTruth,
  end: CallEnd,
  progress: Progress,
  abortBilling: AbortBilling,
): Omit<BillableCall, 'requestId' | 'status'> {
  const { whole, start } = truth;
  const model = whole.model;
  const full = readBilledUsage(whole);
  if (end === 'error_event') return { model, usage: full, reason: 'failed' };
  if (isFreeRefusal(whole)) return { model, usage: full, reason: 'refusal_not_billed' };
  if (end === 'finished') return { model, usage: full, reason: 'completed' };
  if (end === 'cut' && !progress.begun) return { model, usage: full, reason: 'failed' };
  const all = progress.complete || (end === 'client_gone' && abortBilling === 'full');
  const usage = all ? full : readUsageSoFar(whole, progress.begun ? start : undefined, progress.share);
  return { model, usage, reason: end };
}
