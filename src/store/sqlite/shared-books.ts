import type { AccountBooks } from '../../domain/credit/account-books.ts';
import type { WrittenEntry } from '../../domain/credit/draft.ts';
import { type BooksRows, grantsOf, type Named } from './books-rows.ts';
import type { Shared } from './commit-queue.ts';

/**
 * The books of the accounts that a batch of transitions is about: read once, and the account's own line and its grants
 * written once, at the end. Everything that is a transition's own (its entry, its hold, its cells) is written with it.
 * The rules leave books whole that they refuse to change, so what one transition left is what the next one finds.
 */
export interface SharedBooks extends Shared {
  load(accountId: string, named: Named): AccountBooks | undefined;
  /** @param books as {@link load} gave them. */
  save(books: AccountBooks, entry: WrittenEntry): void;
}

interface OpenBooks {
  books: AccountBooks;
  /** Grants whose rows are behind; undefined: nothing of the account is. */
  changed: Set<string> | undefined;
}

export function createSharedBooks(rows: BooksRows): SharedBooks {
  /** As many as a batch has transitions, at most. */
  let open: OpenBooks[] = [];
  const find = (accountId: string): OpenBooks | undefined => open.find(({ books }) => books.accountId === accountId);
  return {
    load(accountId, named) {
      const known = find(accountId)?.books;
      if (known !== undefined) {
        rows.loadNamed(known, named);
        return known;
      }
      const books = rows.load(accountId, named);
      if (books !== undefined) open.push({ books, changed: undefined });
      return books;
    },
    save(books, entry) {
      const known = find(books.accountId);
      if (known === undefined) throw new RangeError(`the books of ${books.accountId} were not loaded in this batch`);
      known.changed ??= new Set();
      for (const grantId of grantsOf(entry)) known.changed.add(grantId);
      rows.saveParts(books, entry);
    },
    flush() {
      for (const one of open) {
        if (one.changed !== undefined) rows.saveAccount(one.books, one.changed);
        one.changed = undefined;
      }
    },
    forget() {
      open = [];
    },
  };
}
