import type { FastifyReply } from 'fastify';
import type { Account, Directory } from '../directory/directory.ts';
import { refuse } from './problem.ts';

/** The account, or undefined after it has been answered that there is none. */
export async function findAccountOrRefuse(
  directory: Directory,
  accountId: string,
  reply: FastifyReply,
): Promise<Account | undefined> {
  const account = await directory.findAccount(accountId);
  if (account === undefined) refuse(reply, 'not_found', 'There is no such account.');
  return account;
}

/** As {@link findAccountOrRefuse}, for what a closed account no longer takes. */
export async function findOpenAccountOrRefuse(
  directory: Directory,
  accountId: string,
  reply: FastifyReply,
): Promise<Account | undefined> {
  const account = await findAccountOrRefuse(directory, accountId, reply);
  if (account?.closedAtMs === undefined) return account;
  refuse(reply, 'account_closed', 'A closed account takes nothing new.');
  return undefined;
}
