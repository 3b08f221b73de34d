import type { AccountBooks } from './account-books.ts';
import { createBooks } from './account-books.ts';
import type {
  AccountRefusal,
  CloseAccountReply,
  OpenAccountCommand,
  OpenAccountReply,
  SetPolicyCommand,
  SetPolicyReply,
  TickReply,
} from './credit-commands.ts';
import { answerDraft, beginDraft, commitDraft, type Decision, type Draft, post } from './draft.ts';

/** Opens the books of a new account. The caller has found none under this id. */
export function openAccount(
  command: OpenAccountCommand,
  nowMs: number,
): Decision<OpenAccountReply> & { books: AccountBooks } {
  const books = createBooks(command.accountId);
  const draft = beginDraft(books, nowMs);
  books.mode = command.mode;
  books.creditLimitNanoUsd = command.creditLimitNanoUsd;
  const decision = commitDraft<OpenAccountReply>(
    draft,
    { operation: 'open', subjectId: command.accountId, terms: policyTerms(books) },
    () => ({ result: 'opened' }),
  );
  return { ...decision, books };
}

/** Freezes, re-opens, changes mode or credit limit. A lower limit binds new holds; running ones keep theirs. */
export function setPolicy(books: AccountBooks, command: SetPolicyCommand, nowMs: number): Decision<SetPolicyReply> {
  const draft = beginDraft(books, nowMs);
  if (books.status === 'closed') return answerDraft(draft, () => ({ result: 'closed' }));
  const wanted = {
    status: command.status ?? books.status,
    mode: command.mode ?? books.mode,
    creditLimitNanoUsd: command.creditLimitNanoUsd ?? books.creditLimitNanoUsd,
  };
  const same =
    wanted.status === books.status &&
    wanted.mode === books.mode &&
    wanted.creditLimitNanoUsd === books.creditLimitNanoUsd;
  if (same) return answerDraft(draft, () => ({ result: 'unchanged' }));
  Object.assign(books, wanted);
  return commitDraft(draft, { operation: 'policy', subjectId: books.accountId, terms: policyTerms(books) }, () => ({
    result: 'set',
  }));
}

/** Ends an account: unspent credit expires at once (the API's credit terms); what holds give back later expires then. */
export function closeAccount(books: AccountBooks, nowMs: number): Decision<CloseAccountReply> {
  const draft = beginDraft(books, nowMs);
  if (books.status === 'closed') return answerDraft(draft, () => ({ result: 'closed' }));
  books.status = 'closed';
  for (const grant of books.grants.values()) post(draft, 'expire', grant.remainingNanoUsd, grant.grantId);
  return commitDraft(
    draft,
    { operation: 'close', subjectId: books.accountId, terms: policyTerms(books) },
    (balance) => ({ result: 'closed_now', balance }),
  );
}

/** Does what is due by time alone. */
export function tick(books: AccountBooks, nowMs: number): Decision<TickReply> {
  const draft = beginDraft(books, nowMs);
  if (draft.postings.length === 0) return { reply: { result: 'idle' } };
  return answerDraft(draft, (balance) => ({ result: 'advanced', balance }));
}

/** The refusal of new credit or holds by status; undefined when the account is open. */
export function findStatusRefusal(draft: Draft): AccountRefusal | undefined {
  const { status } = draft.books;
  return status === 'open' ? undefined : { result: status };
}

function policyTerms(books: AccountBooks): { status: string; mode: string; creditLimitNanoUsd: string } {
  return { status: books.status, mode: books.mode, creditLimitNanoUsd: books.creditLimitNanoUsd.toString() };
}
