import { readReloadNumber } from '../domain/credit/reload-state.ts';
import { oneYearAfter } from '../domain/grant-term.ts';
import type { AnswerReloadReply, Ledger } from '../ledger/ledger.ts';
import type { ReloadMetrics, ReloadOutcome } from '../observability/reload-metrics.ts';
import type { OnReloadEvent, ReloadEvent } from './reload-event.ts';

export interface RecordedAnswer {
  outcome: 'paid' | 'declined';
  /** What the payment side calls its charge. */
  reference?: string | undefined;
  /** Why it was declined. */
  reason?: string | undefined;
  note?: string | undefined;
}

export interface RecordAnswerParts {
  ledger: Pick<Ledger, 'readReload' | 'answerReload'>;
  nowMs: () => number;
  metrics: Pick<ReloadMetrics, 'reloadHappened'>;
  onReloadEvent: OnReloadEvent;
  logger: { info(facts: object, text: string): void; warn(facts: object, text: string): void };
}

/**
 * Takes the payment side's answer, by whichever way it comes: what was paid is credit for one calendar year from now,
 * once. Events go beside it: what cannot be told does not undo what was paid.
 */
export async function recordAnswer(
  parts: RecordAnswerParts,
  accountId: string,
  reloadId: string,
  answer: RecordedAnswer,
): Promise<AnswerReloadReply> {
  const { ledger, nowMs, logger } = parts;
  const reload = await ledger.readReload(accountId);
  if (reload === undefined) return { result: 'no_account' };
  const number = readReloadNumber(accountId, reloadId);
  // The ledger would take the payment of a request that it has lost, which only who made the request can tell.
  if (number === undefined || number > reload.count) return { result: 'unknown' };
  const amountNanoUsd = reload.pending?.number === number ? reload.pending.amountNanoUsd : 0n;
  const { outcome, reference, reason, note } = answer;
  const details = { note: note ?? `Auto-reload ${reloadId}`, reference, reason };
  const expiresAtMs = oneYearAfter(nowMs());
  const reply = await ledger.answerReload({ accountId, reloadId, outcome, amountNanoUsd, expiresAtMs, details });
  const facts = { account_id: accountId, reload_id: reloadId, outcome, result: reply.result };
  if (reply.result === 'paid' || reply.result === 'declined') logger.info(facts, 'reload answered');
  else if (reply.result !== 'exists') logger.warn(facts, 'an answer to a reload could not be taken');
  for (const event of findEvents(reply, { accountId, reloadId, amountNanoUsd, atMs: nowMs() }, answer)) {
    await tell(parts, event);
  }
  return reply;
}

type Facts = Pick<ReloadEvent, 'accountId' | 'reloadId' | 'amountNanoUsd' | 'atMs'>;

function findEvents(reply: AnswerReloadReply, facts: Facts, { reference, reason }: RecordedAnswer): ReloadEvent[] {
  if (reply.result === 'paid') return [{ ...facts, type: 'reload.paid', reference }];
  if (reply.result !== 'declined') return [];
  const { declines, nextAtMs, disabled } = reply;
  const declined: ReloadEvent = { ...facts, type: 'reload.declined', reason, declines, nextAtMs };
  return disabled ? [declined, { ...facts, type: 'reload.disabled', reason, declines }] : [declined];
}

/** Counts, logs and tells. Never rejects. */
export async function tell(
  { onReloadEvent, logger, metrics }: Pick<RecordAnswerParts, 'onReloadEvent' | 'logger' | 'metrics'>,
  event: ReloadEvent,
): Promise<void> {
  metrics.reloadHappened(event.type.slice('reload.'.length) as ReloadOutcome);
  const facts = { event: event.type, account_id: event.accountId, reload_id: event.reloadId };
  if (event.type !== 'reload.paid') logger.warn(facts, 'auto-reload needs a look');
  try {
    await onReloadEvent(event);
  } catch (error) {
    logger.warn({ ...facts, err: error }, 'what became of a reload could not be told');
  }
}
