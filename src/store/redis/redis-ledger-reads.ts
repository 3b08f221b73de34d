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
    readBalance: (accountId) =>
      run('tollgateTick', ledgerScriptKeys(accountId), [accountId, now()], (words) =>
        words[0] === 'no_account' ? undefined : readBalance(words, 1),
      ),
    readGrants: (accountId) =>
      run('tollgateReadGrants', ledgerScriptKeys(accountId), [accountId, now()], ([, ...words]) =>
        readPairs(words, readGrant).sort(compareBurnOrder),
      ),
    readHolds: (accountId) =>
      ask(
        (client) => client.hgetall(ledgerKeys.holds(accountId)),
        (holds) =>
          Object.keys(holds)
            .sort()
            .map((holdId) => readHold(holdId, holds[holdId] ?? '')),
      ),
    readJournal: (accountId, { afterSequence, limit }) =>
      ask(
        (client) => client.xrange(ledgerKeys.journal(accountId), `${afterSequence + 1}`, '+', 'COUNT', limit),
        (entries) => entries.map(([id, fields]) => readEntry(accountId, id, fields)),
      ),
    readCells: async (accountId, cells) => {
      if (cells.length === 0) return [];
      return ask(
        (client) => client.hmget(ledgerKeys.cells(accountId), ...cells.map(cellKey)),
        (records) => records.map(readCell),
      );
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

interface Due {
  holds: { accountId: string; holdId: string }[];
  accounts: string[];
}

/** All partitions are asked at once; the client sends them without waiting, and in a cluster each to its node. */
function findDueOf({ run, now }: RedisLedgerContext, tag: string, limit: number): Promise<Due> {
  const keys = [ledgerKeys.dueHolds(tag), ledgerKeys.dueAccounts(tag)];
  return run('tollgateFindDue', keys, ['', now(), `${limit}`], (words) => {
    const border = words.indexOf('');
    return { holds: words.slice(0, border).map(readDueHold), accounts: words.slice(border + 1) };
  });
}

/** `account|hold`; a hold id has no bar. */
function readDueHold(member: string): { accountId: string; holdId: string } {
  const bar = member.lastIndexOf('|');
  return { accountId: member.slice(0, bar), holdId: member.slice(bar + 1) };
}
