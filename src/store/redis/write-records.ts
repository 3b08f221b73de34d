import type { AccountBooks } from '../../domain/credit/account-books.ts';
import type { GrantState, HoldState, JournalEntry } from '../../domain/credit/credit-types.ts';
import { writeJson } from './ledger-arguments.ts';

/** Records of the ledger as its scripts write them, the reverse of ledger-replies.ts: every number is a text. */

type Texts = { [name: string]: string };

/** The fields of an account; `due_ms` is the script's to find. */
export function writeAccount(books: AccountBooks, lastEffectMs: number): Texts {
  const { totals } = books;
  return {
    ...{ status: books.status, mode: books.mode, limit: `${books.creditLimitNanoUsd}` },
    ...{ granted: `${totals.grantedNanoUsd}`, remaining: `${totals.remainingNanoUsd}`, held: `${totals.heldNanoUsd}` },
    ...{ spent: `${totals.spentNanoUsd}`, expired: `${totals.expiredNanoUsd}`, voided: `${totals.voidedNanoUsd}` },
    ...{ debt: `${books.debtNanoUsd}`, debt_held: `${books.debtHeldNanoUsd}`, charged: `${books.chargedNanoUsd}` },
    ...{ sequence: `${books.sequence}`, last_ms: `${books.lastMs}`, grant_count: `${books.grantCount}` },
    ...{ due_ms: '0', last_effect_ms: `${lastEffectMs}` },
  };
}

export function writeGrant(grant: GrantState): string {
  const record: Texts = {
    ...{ kind: grant.kind, is_void: grant.voided ? '1' : '0', priority: `${grant.priority}` },
    ...{ effective: `${grant.effectiveAtMs}`, expires: `${grant.expiresAtMs}`, ordinal: `${grant.ordinal}` },
    ...{ granted: `${grant.grantedNanoUsd}`, remaining: `${grant.remainingNanoUsd}`, held: `${grant.heldNanoUsd}` },
    ...{ spent: `${grant.spentNanoUsd}`, expired: `${grant.expiredNanoUsd}`, voided: `${grant.voidedNanoUsd}` },
    ...(grant.models === undefined ? {} : { models: JSON.stringify(grant.models) }),
  };
  return JSON.stringify(record);
}

/** An empty list is left out, as the scripts do. */
export function writeHold(hold: HoldState): string {
  const allocations = hold.allocations.map(({ grantId, amountNanoUsd }) => [grantId, `${amountNanoUsd}`]);
  const cells = hold.cells.map(({ quotaId, window, held }) => [quotaId, window, `${held}`]);
  return JSON.stringify({
    ...{ amount: `${hold.amountNanoUsd}`, deadline: `${hold.deadlineMs}`, created: `${hold.createdAtMs}` },
    debt_held: `${hold.debtHeldNanoUsd}`,
    ...(allocations.length === 0 ? {} : { allocations }),
    ...(cells.length === 0 ? {} : { cells }),
  });
}

/** Names and values of an entry in the journal's stream. */
export function writeEntry(entry: JournalEntry): string[] {
  const postings = entry.postings.map(({ kind, grantId, amountNanoUsd }) => [kind, grantId ?? '', `${amountNanoUsd}`]);
  const cells = entry.cells.map(({ quotaId, window, held, used }) => [quotaId, window, `${held}`, `${used}`]);
  return [
    ...['at', `${entry.atMs}`, 'operation', entry.operation, 'subject', entry.subjectId],
    ...['amount', `${entry.amountNanoUsd}`, 'postings', JSON.stringify(postings), 'cells', JSON.stringify(cells)],
    ...['terms', writeJson(entry.terms), 'details', writeJson(entry.details)],
  ];
}
