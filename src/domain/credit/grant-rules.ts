import { MAX_NANO_USD } from '../money.ts';
import type { AccountBooks } from './account-books.ts';
import type { GrantCommand, GrantReply, VoidGrantCommand, VoidGrantReply } from './credit-commands.ts';
import { MAX_LIVE_GRANTS } from './credit-limits.ts';
import type { GrantState, JournalEntry } from './credit-types.ts';
import { answerDraft, beginDraft, commitDraft, type Decision, type Draft, post } from './draft.ts';

/** Adds credit. A frozen account may be topped up, a closed one may not. */
export function grant(books: AccountBooks, command: GrantCommand, nowMs: number): Decision<GrantReply> {
  const draft = beginDraft(books, nowMs);
  const present = books.grants.get(command.grantId);
  if (present !== undefined) {
    return answerDraft(draft, (balance) =>
      isSameGrant(present, command) ? { result: 'exists', balance } : { result: 'conflict' },
    );
  }
  if (books.status === 'closed') return answerDraft(draft, () => ({ result: 'closed' }));
  if (command.expiresAtMs <= command.effectiveAtMs || command.expiresAtMs <= draft.nowMs) {
    return answerDraft(draft, () => ({ result: 'bad_time' }));
  }
  const outOfRange = findGrantOutOfRange(books, command);
  if (outOfRange !== undefined) return answerDraft(draft, () => ({ result: 'out_of_range', what: outOfRange }));

  const { grantId, amountNanoUsd, details } = command;
  const terms = addGrant(draft, command);
  return commitDraft(draft, { operation: 'grant', subjectId: grantId, amountNanoUsd, terms, details }, (balance) => ({
    result: 'granted',
    balance,
  }));
}

/** The terms that a grant is made of. */
export type GrantTerms = Omit<GrantCommand, 'accountId' | 'details'>;

/** Puts a grant into the books, all of it checked. @returns what its journal entry tells of it. */
export function addGrant(draft: Draft, terms: GrantTerms): NonNullable<JournalEntry['terms']> {
  const { books } = draft;
  books.grantCount += 1;
  const ordinal = books.grantCount;
  books.grants.set(terms.grantId, createGrant(terms, ordinal));
  post(draft, 'grant', terms.amountNanoUsd, terms.grantId);
  const { kind, priority, effectiveAtMs, expiresAtMs, models } = terms;
  return { kind, priority, effectiveAtMs, expiresAtMs, ordinal, ...(models === undefined ? {} : { models }) };
}

/** Takes back what is left of a grant. Its held part is voided when it comes back; what is spent stays spent. */
export function voidGrant(books: AccountBooks, command: VoidGrantCommand, nowMs: number): Decision<VoidGrantReply> {
  const draft = beginDraft(books, nowMs);
  const found = books.grants.get(command.grantId);
  if (found === undefined) return answerDraft(draft, () => ({ result: 'no_grant' }));
  if (found.voided) return answerDraft(draft, (balance) => ({ result: 'already_voided', balance }));
  found.voided = true;
  const amountNanoUsd = found.remainingNanoUsd;
  post(draft, 'void', amountNanoUsd, found.grantId);
  return commitDraft(
    draft,
    { operation: 'void', subjectId: found.grantId, amountNanoUsd, details: command.details },
    (balance) => ({ result: 'voided', balance }),
  );
}

/** A grant of nothing yet: the `grant` posting fills it. */
export function createGrant(
  terms: Pick<GrantState, 'grantId' | 'kind' | 'priority' | 'effectiveAtMs' | 'expiresAtMs' | 'models'>,
  ordinal: number,
): GrantState {
  return {
    grantId: terms.grantId,
    kind: terms.kind,
    priority: terms.priority,
    effectiveAtMs: terms.effectiveAtMs,
    expiresAtMs: terms.expiresAtMs,
    ordinal,
    ...(terms.models === undefined ? {} : { models: terms.models }),
    voided: false,
    grantedNanoUsd: 0n,
    remainingNanoUsd: 0n,
    heldNanoUsd: 0n,
    spentNanoUsd: 0n,
    expiredNanoUsd: 0n,
    voidedNanoUsd: 0n,
  };
}

function isSameGrant(present: GrantState, command: GrantCommand): boolean {
  return (
    present.grantedNanoUsd === command.amountNanoUsd &&
    present.kind === command.kind &&
    present.priority === command.priority &&
    present.effectiveAtMs === command.effectiveAtMs &&
    present.expiresAtMs === command.expiresAtMs &&
    present.models?.join() === command.models?.join()
  );
}

/** The bound that a grant would pass; undefined when none. */
export function findGrantOutOfRange(books: AccountBooks, command: GrantTerms): string | undefined {
  if (command.amountNanoUsd <= 0n || command.amountNanoUsd > MAX_NANO_USD) return 'amount';
  if (!Number.isInteger(command.priority) || command.priority < 0 || command.priority > 99) return 'priority';
  if (books.totals.grantedNanoUsd + command.amountNanoUsd > MAX_NANO_USD) return 'granted';
  let live = 0;
  for (const grant of books.grants.values()) if (grant.remainingNanoUsd > 0n || grant.heldNanoUsd > 0n) live += 1;
  return live >= MAX_LIVE_GRANTS ? 'grants' : undefined;
}
