import { type AccountBooks, createBooks } from '../../domain/credit/account-books.ts';
import type { AccountMode, AccountStatus } from '../../domain/credit/credit-types.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { readCell, readGrant, readHold } from './ledger-replies.ts';
import { readWord } from './read-reply.ts';
import { ledgerKeys } from './redis-keys.ts';
import type { RedisLedgerContext } from './redis-ledger-context.ts';
import { readReload } from './reload-records.ts';

type Fields = [name: string, value: string][];

export function createBooksReader({ run }: RedisLedgerContext): Pick<Ledger, 'readBooks'> {
  const { account, liveGrants, endedGrants, holds, cells, refunds, reload } = ledgerKeys;
  const parts = [account, liveGrants, endedGrants, holds, cells, refunds, reload];
  return {
    readBooks: (accountId) => {
      const keys = parts.map((keyOf) => keyOf(accountId));
      return run('tollgateReadBooks', keys, [], (words) => readBooks(accountId, words));
    },
  };
}

function readBooks(accountId: string, words: readonly string[]): AccountBooks | undefined {
  if (words[0] === 'no_account') return undefined;
  const [account = [], live = [], ended = [], holds = [], cells = [], refunds = [], reload = []] = readLists(words);
  const books = readAccount(accountId, new Map(account));
  for (const [grantId, record] of [...live, ...ended]) books.grants.set(grantId, readGrant(grantId, record));
  for (const [holdId, record] of holds) books.holds.set(holdId, readHold(holdId, record));
  for (const [key, record] of cells) books.cells.set(key, readCell(record));
  for (const [name, value] of refunds) readRefundField(books, name, value);
  books.reload = readReload(new Map(reload));
  return books;
}

/** Lists of pairs, each behind its length. */
function readLists(words: readonly string[]): Fields[] {
  const lists: Fields[] = [];
  for (let at = 1; at < words.length; ) {
    const count = Number(readWord(words, at));
    const start = at + 1;
    lists.push(
      Array.from({ length: count }, (_, index) => [
        readWord(words, start + 2 * index),
        readWord(words, start + 2 * index + 1),
      ]),
    );
    at = start + 2 * count;
  }
  return lists;
}

function readAccount(accountId: string, fields: ReadonlyMap<string, string>): AccountBooks {
  const amount = (name: string): bigint => BigInt(fields.get(name) ?? `${name} is missing`);
  return {
    ...createBooks(accountId),
    status: fields.get('status') as AccountStatus,
    mode: fields.get('mode') as AccountMode,
    creditLimitNanoUsd: amount('limit'),
    debtNanoUsd: amount('debt'),
    debtHeldNanoUsd: amount('debt_held'),
    chargedNanoUsd: amount('charged'),
    totals: {
      grantedNanoUsd: amount('granted'),
      remainingNanoUsd: amount('remaining'),
      heldNanoUsd: amount('held'),
      spentNanoUsd: amount('spent'),
      expiredNanoUsd: amount('expired'),
      voidedNanoUsd: amount('voided'),
    },
    sequence: Number(amount('sequence')),
    lastMs: Number(amount('last_ms')),
    grantCount: Number(amount('grant_count')),
  };
}

/** `refund|<id>` is `hold;amount`, `hold|<id>` an amount. */
function readRefundField(books: AccountBooks, name: string, value: string): void {
  const border = name.indexOf('|');
  const id = name.slice(border + 1);
  if (name.startsWith('hold|')) {
    books.refunded.set(id, BigInt(value));
    return;
  }
  const split = value.lastIndexOf(';');
  books.refunds.set(id, { holdId: value.slice(0, split), amountNanoUsd: BigInt(value.slice(split + 1)) });
}
