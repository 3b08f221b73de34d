import { readReloadNumber, reloadGrantId } from '../../domain/credit/reload-state.ts';
import type {
  AnswerReloadCommand,
  AnswerReloadReply,
  ClaimReloadReply,
  RequestReloadCommand,
  RequestReloadReply,
  SetReloadCommand,
  SetReloadReply,
} from '../../ledger/ledger.ts';
import type { ReloadLedger } from '../../ledger/reload-ledger.ts';
import { writeJson } from './ledger-arguments.ts';
import { readBalance } from './ledger-replies.ts';
import { readWord } from './read-reply.ts';
import { LEDGER_TAGS, ledgerKeys, ledgerScriptKeys, ledgerTag } from './redis-keys.ts';
import type { RedisLedgerContext } from './redis-ledger-context.ts';
import { readReload } from './reload-records.ts';

export function createReloadTransitions(context: RedisLedgerContext): ReloadLedger {
  const { run, ask, now } = context;
  const keysOf = (accountId: string): string[] => {
    const { reload, dueReloads } = ledgerKeys;
    return [...ledgerScriptKeys(accountId), reload(accountId), dueReloads(ledgerTag(accountId))];
  };
  return {
    setReload: (command) =>
      run('tollgateSetReload', keysOf(command.accountId), [command.accountId, now(), ...termsOf(command)], readSet),
    requestReload: (command) => {
      const { accountId } = command;
      return run('tollgateRequestReload', keysOf(accountId), [accountId, now(), ...causeOf(command)], readRequest);
    },
    answerReload: (command) => {
      const { accountId } = command;
      return run('tollgateAnswerReload', keysOf(accountId), [accountId, now(), ...outcomeOf(command)], readAnswer);
    },
    claimReload: ({ accountId, number, pauseMs }) => {
      const { account, reload, dueReloads } = ledgerKeys;
      const keys = [account(accountId), reload(accountId), dueReloads(ledgerTag(accountId))];
      const args = [accountId, now(), `${number}`, `${pauseMs}`];
      return run('tollgateClaimReload', keys, args, (words) => ({ result: readWord(words, 0) }) as ClaimReloadReply);
    },
    async readReload(accountId) {
      const exists = await ask(
        (client) => client.exists(ledgerKeys.account(accountId)),
        (count) => count === 1,
      );
      if (!exists) return undefined;
      return ask(
        (client) => client.hgetall(ledgerKeys.reload(accountId)),
        (fields) => readReload(new Map(Object.entries(fields))),
      );
    },
    findDueReloads: async (limit, aheadMs = 0) => {
      const found = await Promise.all(LEDGER_TAGS.map((tag) => findDueOf(context, tag, limit, aheadMs)));
      return found
        .flat()
        .sort((left, right) => left.atMs - right.atMs)
        .slice(0, limit)
        .map(({ accountId }) => accountId);
    },
  };
}

function termsOf({ terms, details }: SetReloadCommand): string[] {
  if (terms === undefined) return ['0', '', '', '', '', '', writeJson(details)];
  const { thresholdNanoUsd, mode, amountNanoUsd, monthlyCapNanoUsd, hourlyCount } = terms;
  const numbers = [`${amountNanoUsd}`, `${monthlyCapNanoUsd}`, `${hourlyCount}`];
  return ['1', `${thresholdNanoUsd}`, mode, ...numbers, writeJson(details)];
}

function causeOf({ monthEndsAtMs, refused }: RequestReloadCommand): string[] {
  return [`${monthEndsAtMs}`, `${refused?.neededNanoUsd ?? ''}`, writeJson(refused?.modelLabels ?? [])];
}

function outcomeOf(command: AnswerReloadCommand): string[] {
  const { accountId, reloadId, outcome, amountNanoUsd, expiresAtMs, details } = command;
  const ids = [reloadId, `${readReloadNumber(accountId, reloadId) ?? ''}`, reloadGrantId(reloadId)];
  return [...ids, outcome, `${amountNanoUsd}`, `${expiresAtMs}`, writeJson(details)];
}

function readSet(words: readonly string[]): SetReloadReply {
  const result = readWord(words, 0);
  if (result === 'set' || result === 'unchanged') return { result, balance: readBalance(words, 1) };
  if (result === 'out_of_range') return { result, what: readWord(words, 1) };
  return { result } as SetReloadReply;
}

function readRequest(words: readonly string[]): RequestReloadReply {
  const result = readWord(words, 0);
  switch (result) {
    case 'requested': {
      const pending = {
        number: Number(readWord(words, 1)),
        amountNanoUsd: BigInt(readWord(words, 2)),
        requestedAtMs: Number(readWord(words, 3)),
      };
      return { result, pending, balance: readBalance(words, 4) };
    }
    case 'waiting':
    case 'too_often':
    case 'cap_reached':
      return { result, untilMs: Number(readWord(words, 1)) };
    case 'out_of_range':
      return { result, what: readWord(words, 1) };
    default:
      return { result } as RequestReloadReply;
  }
}

function readAnswer(words: readonly string[]): AnswerReloadReply {
  const result = readWord(words, 0);
  switch (result) {
    case 'paid':
    case 'exists':
      return { result, balance: readBalance(words, 1) };
    case 'declined': {
      const [declines, nextAtMs] = [Number(readWord(words, 1)), Number(readWord(words, 2))];
      return { result, declines, nextAtMs, disabled: readWord(words, 3) === '1', balance: readBalance(words, 4) };
    }
    case 'out_of_range':
      return { result, what: readWord(words, 1) };
    default:
      return { result } as AnswerReloadReply;
  }
}

async function findDueOf(
  { run, now }: RedisLedgerContext,
  tag: string,
  limit: number,
  aheadMs: number,
): Promise<{ accountId: string; atMs: number }[]> {
  return run('tollgateFindDueReloads', [ledgerKeys.dueReloads(tag)], ['', now(), `${limit}`, `${aheadMs}`], (words) =>
    Array.from({ length: words.length / 2 }, (_, index) => ({
      accountId: readWord(words, 2 * index),
      atMs: Number(readWord(words, 2 * index + 1)),
    })),
  );
}
