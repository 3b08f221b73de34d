import { larger, MAX_NANO_USD, type NanoUsd, smaller } from '../money.ts';
import type { AccountBooks } from './account-books.ts';
import { findStatusRefusal } from './account-rules.ts';
import { findSpendable } from './burn-order.ts';
import { answerDraft, beginDraft, commitDraft, type Decision, type Draft } from './draft.ts';
import { addGrant, findGrantOutOfRange } from './grant-rules.ts';
import type {
  AnswerReloadCommand,
  AnswerReloadReply,
  RequestReloadCommand,
  RequestReloadReply,
  SetReloadCommand,
  SetReloadReply,
} from './reload-commands.ts';
import {
  CENT_NANO_USD,
  findReloadOutOfRange,
  MIN_RELOAD_NANO_USD,
  MONTH_AT_MOST_MS,
  noteDecline,
  notePaid,
  noteRequest,
  RELOAD_HOUR_MS,
  type ReloadState,
  readReloadNumber,
  recentRequests,
  reloadGrantId,
  requestedInMonth,
  turnReload,
  writeReloadId,
} from './reload-state.ts';

/** Turns auto-reload on, by other terms, or off. What declines had led to is over then. */
export function setReload(books: AccountBooks, command: SetReloadCommand, nowMs: number): Decision<SetReloadReply> {
  const draft = beginDraft(books, nowMs);
  const { reload } = books;
  const { terms } = command;
  if (books.status === 'closed') return answerDraft(draft, () => ({ result: 'closed' }));
  const outOfRange = terms === undefined ? undefined : findReloadOutOfRange(terms);
  if (outOfRange !== undefined) return answerDraft(draft, () => ({ result: 'out_of_range', what: outOfRange }));
  const wanted = { ...reload, enabled: terms !== undefined, ...terms };
  const isCalm = reload.declines === 0 && reload.disabledReason === undefined;
  if (isCalm && JSON.stringify(policyTerms(wanted)) === JSON.stringify(policyTerms(reload))) {
    return answerDraft(draft, (balance) => ({ result: 'unchanged', balance }));
  }
  turnReload(reload, wanted.enabled, wanted);
  return commitDraft(
    draft,
    {
      operation: 'reload_policy',
      subjectId: books.accountId,
      terms: policyTerms(reload),
      details: command.details,
    },
    (balance) => ({ result: 'set', balance }),
  );
}

function policyTerms(reload: ReloadState) {
  return {
    enabled: reload.enabled,
    thresholdNanoUsd: reload.thresholdNanoUsd.toString(),
    mode: reload.mode,
    amountNanoUsd: reload.amountNanoUsd.toString(),
    monthlyCapNanoUsd: reload.monthlyCapNanoUsd.toString(),
    hourlyCount: reload.hourlyCount,
  };
}

/**
 * Asks for a reload where one is due, and notes it in the same step: of however many processes see a balance fall, one
 * makes the request, and neither the month's cap nor the hour's can be passed.
 *
 * The balance that counts is what is not spent: available, held and yet to come, less debt, so that large holds ask for
 * nothing. A refused hold asks where all that is held now would not make room for it, and a reload would.
 */
export function requestReload(
  books: AccountBooks,
  command: RequestReloadCommand,
  nowMs: number,
): Decision<RequestReloadReply> {
  const draft = beginDraft(books, nowMs);
  const refusal = findRequestRefusal(draft, command);
  if (refusal !== undefined) return answerDraft(draft, () => refusal);
  const plan = planRequest(draft, command);
  if (typeof plan !== 'bigint') return answerDraft(draft, () => plan);
  const { reload } = books;
  noteRequest(reload, plan, command.monthEndsAtMs, draft.nowMs);
  const pending = { ...(reload.pending as NonNullable<ReloadState['pending']>) };
  return commitDraft(
    draft,
    {
      operation: 'reload_request',
      subjectId: writeReloadId(books.accountId, pending.number),
      amountNanoUsd: plan,
      terms: { monthEndsAtMs: command.monthEndsAtMs, refusedHold: command.refused !== undefined },
    },
    (balance) => ({ result: 'requested', pending, balance }),
  );
}

function findRequestRefusal(draft: Draft, command: RequestReloadCommand): RequestReloadReply | undefined {
  const { books, nowMs } = draft;
  const { reload } = books;
  const status = findStatusRefusal(draft);
  if (status !== undefined) return status;
  if (!reload.enabled) return { result: 'off' };
  if (books.mode === 'postpaid') return { result: 'postpaid' };
  if (reload.pending !== undefined) return { result: 'pending' };
  if (nowMs < reload.nextAtMs) return { result: 'waiting', untilMs: reload.nextAtMs };
  if (!isNeeded(draft, command)) return { result: 'not_needed' };
  const toMonthEndMs = command.monthEndsAtMs - nowMs;
  if (toMonthEndMs <= 0 || toMonthEndMs > MONTH_AT_MOST_MS) return { result: 'bad_time' };
  const recent = recentRequests(reload, nowMs);
  const [oldest = nowMs] = recent;
  return recent.length < reload.hourlyCount ? undefined : { result: 'too_often', untilMs: oldest + RELOAD_HOUR_MS };
}

function isNeeded(draft: Draft, { refused }: RequestReloadCommand): boolean {
  if (refused === undefined) return unspent(draft.books) < draft.books.reload.thresholdNanoUsd;
  return withinReach(draft, refused.modelLabels) < refused.neededNanoUsd;
}

function unspent({ totals, debtNanoUsd }: AccountBooks): NanoUsd {
  return totals.remainingNanoUsd + totals.heldNanoUsd - debtNanoUsd;
}

/** What a call of the model could be paid from if all that is held came back. */
function withinReach({ books, nowMs }: Draft, modelLabels: readonly string[]): NanoUsd {
  const spendable = findSpendable(books, nowMs, modelLabels);
  return spendable.reduce((sum, { remainingNanoUsd }) => sum + remainingNanoUsd, books.totals.heldNanoUsd);
}

/** The amount to ask for, or why none. */
function planRequest(draft: Draft, { monthEndsAtMs, refused }: RequestReloadCommand): NanoUsd | RequestReloadReply {
  const { books, nowMs } = draft;
  const { reload } = books;
  const monthEndMs = nowMs < reload.monthEndsAtMs ? reload.monthEndsAtMs : monthEndsAtMs;
  const room = reload.monthlyCapNanoUsd - requestedInMonth(reload, nowMs);
  if (room < MIN_RELOAD_NANO_USD) return { result: 'cap_reached', untilMs: monthEndMs };
  const wanted = wantedAmount(reload, unspent(books), room);
  const asked = smaller(larger(wanted, MIN_RELOAD_NANO_USD), room);
  if (refused !== undefined) {
    const gained = wanted === 0n ? 0n : larger(asked - books.debtNanoUsd, 0n);
    if (withinReach(draft, refused.modelLabels) + gained < refused.neededNanoUsd) return { result: 'too_small' };
  }
  if (books.totals.grantedNanoUsd + asked > MAX_NANO_USD) return { result: 'out_of_range', what: 'granted' };
  return asked;
}

/** One charge, however far the balance has fallen. More than there is room for makes no difference. */
function wantedAmount(reload: ReloadState, unspentNanoUsd: NanoUsd, room: NanoUsd): NanoUsd {
  const { mode, amountNanoUsd, thresholdNanoUsd } = reload;
  if (mode === 'target') return roundUp(smaller(amountNanoUsd - unspentNanoUsd, room), CENT_NANO_USD);
  const short = smaller(larger(thresholdNanoUsd - unspentNanoUsd, 1n), room);
  return roundUp(short, amountNanoUsd);
}

function roundUp(amount: NanoUsd, step: NanoUsd): NanoUsd {
  return amount <= 0n ? 0n : ((amount + step - 1n) / step) * step;
}

/**
 * Takes what became of a request: credit once, or a decline. The answer may come twice, by two ways and in two versions;
 * the first counts. A paid request that the store has lost, with its record, becomes credit all the same.
 */
export function answerReload(
  books: AccountBooks,
  command: AnswerReloadCommand,
  nowMs: number,
): Decision<AnswerReloadReply> {
  const draft = beginDraft(books, nowMs);
  const { reload } = books;
  const { reloadId, outcome } = command;
  const number = readReloadNumber(books.accountId, reloadId);
  if (number === undefined) return answerDraft(draft, () => ({ result: 'unknown' }));
  const isPaid = books.grants.has(reloadGrantId(reloadId));
  const isPending = !isPaid && reload.pending?.number === number;
  const isLost = !isPaid && number > reload.count;
  if (!isPending && !(isLost && outcome === 'paid')) {
    if (isLost) return answerDraft(draft, () => ({ result: 'unknown' }));
    return answerDraft(draft, (balance) =>
      isPaid === (outcome === 'paid') ? { result: 'exists', balance } : { result: 'conflict' },
    );
  }
  return outcome === 'paid' ? pay(draft, command, number) : decline(draft, command);
}

function pay(draft: Draft, command: AnswerReloadCommand, number: number): Decision<AnswerReloadReply> {
  const { books, nowMs } = draft;
  const { reloadId, amountNanoUsd, expiresAtMs } = command;
  if (books.status === 'closed') return answerDraft(draft, () => ({ result: 'closed' }));
  if (expiresAtMs <= nowMs) return answerDraft(draft, () => ({ result: 'bad_time' }));
  const grantId = reloadGrantId(reloadId);
  const grant = { grantId, amountNanoUsd, kind: 'paid' as const, priority: 50, effectiveAtMs: nowMs, expiresAtMs };
  const outOfRange = findGrantOutOfRange(books, grant);
  if (outOfRange !== undefined) return answerDraft(draft, () => ({ result: 'out_of_range', what: outOfRange }));
  notePaid(books.reload, number, amountNanoUsd);
  const terms = { ...addGrant(draft, grant), reloadId };
  return commitDraft(
    draft,
    { operation: 'grant', subjectId: grantId, amountNanoUsd, terms, details: command.details },
    (balance) => ({ result: 'paid', balance }),
  );
}

function decline(draft: Draft, { reloadId, details }: AnswerReloadCommand): Decision<AnswerReloadReply> {
  const { reload } = draft.books;
  const amountNanoUsd = reload.pending?.amountNanoUsd ?? 0n;
  const wasEnabled = reload.enabled;
  noteDecline(reload, draft.nowMs);
  const { declines, nextAtMs } = reload;
  const disabled = wasEnabled && !reload.enabled;
  return commitDraft(
    draft,
    {
      operation: 'reload_decline',
      subjectId: reloadId,
      amountNanoUsd,
      terms: { declines, disabled },
      details,
    },
    (balance) => ({ result: 'declined', declines, nextAtMs, disabled, balance }),
  );
}
