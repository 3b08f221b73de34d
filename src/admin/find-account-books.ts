import type { FastifyReply } from 'fastify';
import type { Account, Directory } from '../directory/directory.ts';
import type { AccountBalance } from '../domain/credit/credit-types.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { refuse } from './problem.ts';

/** An account is in the directory and its books are not in the ledger: one of the stores was lost or restored alone. */
export class AccountWithoutBooks extends Error {
  readonly code = 'ACCOUNT_WITHOUT_BOOKS';
  override readonly name = 'AccountWithoutBooks';
}

/** @throws AccountWithoutBooks: books are opened before an account is listed, so it cannot be a matter of order. */
export async function readBooks(ledger: Ledger, account: Account): Promise<AccountBalance> {
  const balance = await ledger.readBalance(account.id);
  if (balance === undefined) throw new AccountWithoutBooks(`account ${account.id} has no books`);
  return balance;
}

export async function findAccountBooks(
  parts: { directory: Directory; ledger: Ledger },
  accountId: string,
): Promise<{ account: Account; balance: AccountBalance } | undefined> {
  const account = await parts.directory.findAccount(accountId);
  return account === undefined ? undefined : { account, balance: await readBooks(parts.ledger, account) };
}

export function refuseWithoutBooks(reply: FastifyReply): FastifyReply {
  const next = 'Bring them back with "tollgate restore" from the journal export before anything is written';
  return refuse(reply, 'account_without_books', `The ledger has no books of this account. ${next}.`);
}
