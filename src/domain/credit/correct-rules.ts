import { MAX_NANO_USD } from '../money.ts';
import type { AccountBooks } from './account-books.ts';
import type { CorrectCommand, CorrectReply } from './credit-commands.ts';
import { answerDraft, beginDraft, commitDraft, type Decision } from './draft.ts';
import { addRefund, findChargeOutOfRange, planRefund, postRefund, sumCharge } from './refund-rules.ts';
import { drawCredit } from './settle-rules.ts';

/**
 * Sets what an ended call is charged: a later fact stands in place of an estimate, or of a call that was released. The
 * difference is an entry of its own: a `refund` where the call cost less, as {@link refund} gives it back; a `charge`
 * where it cost more, drawn from any live credit, whatever its model scope, like debt, and owed where there is none.
 *
 * Quota cells stay as they are: their windows have mostly ended, and what was asked of the API was asked.
 */
export function correct(books: AccountBooks, command: CorrectCommand, nowMs: number): Decision<CorrectReply> {
  const draft = beginDraft(books, nowMs);
  const { correctionId, holdId, toNanoUsd } = command;
  const present = books.refunds.get(correctionId);
  if (present !== undefined) {
    return answerDraft(draft, (balance) =>
      present.holdId === holdId
        ? { result: 'exists', changeNanoUsd: -present.amountNanoUsd, balance }
        : { result: 'conflict' },
    );
  }
  const refusal = findCorrectRefusal(books, command);
  if (refusal !== undefined) return answerDraft(draft, () => refusal);
  const before = books.refunded.get(holdId) ?? 0n;
  const changeNanoUsd = toNanoUsd - (sumCharge(command) - before);
  if (changeNanoUsd === 0n) return answerDraft(draft, (balance) => ({ result: 'unchanged', balance }));
  if (changeNanoUsd > 0n) {
    if (books.chargedNanoUsd + changeNanoUsd > MAX_NANO_USD)
      return answerDraft(draft, () => ({ result: 'out_of_range', what: 'charged' }));
    drawCredit(draft, changeNanoUsd);
  } else {
    const plan = planRefund(books, command, -changeNanoUsd, before);
    if (plan === undefined) return answerDraft(draft, () => ({ result: 'no_credit' }));
    postRefund(draft, plan);
  }
  addRefund(books, correctionId, { holdId, amountNanoUsd: -changeNanoUsd });
  return commitDraft(
    draft,
    {
      operation: changeNanoUsd > 0n ? 'charge' : 'refund',
      subjectId: correctionId,
      amountNanoUsd: changeNanoUsd > 0n ? changeNanoUsd : -changeNanoUsd,
      terms: { holdId },
      details: command.details,
    },
    (balance) => ({ result: 'corrected', changeNanoUsd, balance }),
  );
}

function findCorrectRefusal(books: AccountBooks, command: CorrectCommand): CorrectReply | undefined {
  const { holdId, toNanoUsd } = command;
  const outOfRange = findChargeOutOfRange(command);
  if (outOfRange !== undefined) return outOfRange;
  if (toNanoUsd < 0n || toNanoUsd > MAX_NANO_USD) return { result: 'out_of_range', what: 'amount' };
  // A settle of a reclaimed hold may still come, and would be charged besides.
  const ended = books.tombstones.get(holdId);
  const isOther = ended !== undefined && (ended.state === 'reclaimed' || ended.amountNanoUsd !== sumCharge(command));
  return books.holds.has(holdId) || isOther ? { result: 'not_settled' } : undefined;
}
