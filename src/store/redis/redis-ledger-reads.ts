import { cellKey } from '../../domain/credit/account-books.ts';
import { compareBurnOrder } from '../../domain/credit/burn-order.ts';
import type { GrantState } from '../../domain/credit/credit-types.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { readBalance, readCell, readEntry, readGrant, readHold } from './ledger-replies.ts';
import { readWord } from './read-reply.ts';
import { LEDGER_TAGS, ledgerKeys, ledgerScriptKeys } from './redis-keys.ts';
import type { RedisLedgerContext } from './redis-ledger-context.ts';

type LedgerReads = Pick<Ledger, 'readBalance' | 'readGrants' | 'readHolds' | 'readJournal' | 'readCells' | 'findDue'>;

export function createLedgerReads(context: RedisLedgerContext): LedgerReads {
  const { run, ask, now } = context;
  return {
    /** What is due by time is done first, so that a balance never shows credit that has expired. */
    readBalance: async (accountId) => {
      const words = await run('tollgateTick', ledgerScriptKeys(accountId), [accountId, now()]);
      return words[0] === 'no_account' ? undefined : readBalance(words, 1);
    },
    readGrants: async (accountId) => {
      const [, ...words] = await run('tollgateReadGrants', ledgerScriptKeys(accountId), [accountId, now()]);
      return readPairs(words, readGrant).sort(compareBurnOrder);
    },
    readHolds: async (accountId) => {
      const holds = await ask((client) => client.hgetall(ledgerKeys.holds(accountId)));
      const ids = Object.keys(holds).sort();
      return ids.map((holdId) => readHold(holdId, holds[holdId] ?? ''));
    },
    readJournal: async (accountId, { afterSequence, limit }) => {
      const key = ledgerKeys.journal(accountId);
      const entries = await ask((client) => client.xrange(key, `${afterSequence + 1}`, '+', 'COUNT', limit));
      return entries.map(([id, fields]) => readEntry(accountId, id, fields));
    },
    readCells: async (accountId, cells) => {
      if (cells.length === 0) return [];
      const records = await ask((client) => client.hmget(ledgerKeys.cells(accountId), ...cells.map(cellKey)));
      return records.map(readCell);
    },
    findDue: async (limit) => {
      const found = await Promise.all(LEDGER_TAGS.map((tag) => findDueOf(context, tag, limit)));
      return {
        holds: found.flatMap((due) => due.holds).slice(0, limit),
        accounts: found.flatMap((due) => due.accounts).slice(0, limit),
      };
    },
  };
}

function readPairs(words: readonly string[], read: (id: string, record: string) => GrantState): GrantState[] {
  return Array.from({ length: words.length / 2 }, (_, index) =>
    read(readWord(words, 2 * index), readWord(words, 2 * index + 1)),
  );
}

/** All partitions are asked at once; the client sends them without waiting, and in a cluster each to its node. */
async function findDueOf(
  { run, now }: RedisLedgerContext,
  tag: string,
  limit: number,
): Promise<{ holds: { accountId: string; holdId: string }[]; accounts: string[] }> {
  const keys = [ledgerKeys.dueHolds(tag), ledgerKeys.dueAccounts(tag)];
  const words = await run('tollgateFindDue', keys, ['', now(), `${limit}`]);
  const border = words.indexOf('');
  const holds = words.slice(0, border).map((member) => {
    const [accountId = '', holdId = ''] = member.split('|');
    return { accountId, holdId };
  });
  return { holds, accounts: words.slice(border + 1) };
}
