import { readHoldTimeMs } from '../../domain/hold-id.ts';
import type {
  CloseAccountReply,
  ExtendReply,
  GrantReply,
  HoldCommand,
  HoldReply,
  Ledger,
  OpenAccountReply,
  ReclaimReply,
  ReleaseReply,
  SetPolicyReply,
  SettleReply,
  TickReply,
  VoidGrantReply,
} from '../../ledger/ledger.ts';
import type { RedisClient } from './connect-redis.ts';
import type { ScriptName } from './define-scripts.ts';
import { writeCells, writeEntryDetails, writeGrantTerms, writeJson } from './ledger-arguments.ts';
import { readBalance, readHeld, readRoomRefusal } from './ledger-replies.ts';
import { readWord } from './read-reply.ts';
import { createBooksReader } from './redis-books.ts';
import { ledgerKeys, ledgerScriptKeys } from './redis-keys.ts';
import { createRedisLedgerContext, type RedisLedgerContext } from './redis-ledger-context.ts';
import { createLedgerReads } from './redis-ledger-reads.ts';
import { createRefundTransition } from './redis-refund.ts';
import { createReloadTransitions } from './redis-reload.ts';

export interface RedisLedgerOptions {
  /** Stays the caller's to close. */
  client: RedisClient;
  /** Milliseconds since 1970, for tests. Without it the server's own clock counts, one for all replicas. */
  clock?: () => number;
}

/** The ledger in Redis, for any number of processes: every transition is one script on one slot. */
export function createRedisLedger(options: RedisLedgerOptions): Ledger {
  const context = createRedisLedgerContext(options.client, options.clock);
  return {
    ...createAccountTransitions(context),
    ...createGrantTransitions(context),
    ...createHoldTransitions(context),
    ...createEndTransitions(context),
    ...createRefundTransition(context),
    ...createReloadTransitions(context),
    ...createLedgerReads(context),
    ...createBooksReader(context),
    ping: () => context.run('tollgatePing', [ledgerKeys.account('')], [], () => undefined),
    close: async () => {},
  };
}

/** Runs a script on an account's keys. */
function runOnAccount<Reply>(
  { run, now }: RedisLedgerContext,
  script: ScriptName,
  [accountId, ...args]: readonly [accountId: string, ...args: string[]],
  read: (words: readonly string[]) => Reply,
): Promise<Reply> {
  return run(script, ledgerScriptKeys(accountId), [accountId, now(), ...args], read);
}

/** Runs a script that names a hold: its key of ended holds comes from the instant in the hold's id. */
function runOnHold<Reply>(
  { run, now }: RedisLedgerContext,
  script: ScriptName,
  [{ accountId, holdId }, ...args]: readonly [command: { accountId: string; holdId: string }, ...args: string[]],
  read: (words: readonly string[]) => Reply,
): Promise<Reply> {
  const idMs = readHoldTimeMs(holdId);
  const keys = ledgerScriptKeys(accountId, idMs ?? 0);
  return run(script, keys, [accountId, now(), holdId, `${idMs ?? ''}`, ...args], read);
}

/** A reply of one word and nothing else. */
function readBare<Reply extends { result: string }>(words: readonly string[]): Reply {
  return { result: readWord(words, 0) } as Reply;
}

type AccountTransitions = Pick<Ledger, 'openAccount' | 'setPolicy' | 'closeAccount' | 'tick'>;

function createAccountTransitions(context: RedisLedgerContext): AccountTransitions {
  return {
    openAccount: ({ accountId, mode, creditLimitNanoUsd }) => {
      const args = [accountId, mode, `${creditLimitNanoUsd}`] as const;
      return runOnAccount(context, 'tollgateOpenAccount', args, readBare<OpenAccountReply>);
    },
    setPolicy: ({ accountId, status = '', mode = '', creditLimitNanoUsd }) => {
      const args = [accountId, status, mode, `${creditLimitNanoUsd ?? ''}`] as const;
      return runOnAccount(context, 'tollgateSetPolicy', args, readBare<SetPolicyReply>);
    },
    closeAccount: ({ accountId }) =>
      runOnAccount(context, 'tollgateCloseAccount', [accountId], (words): CloseAccountReply => {
        if (words[0] !== 'closed_now') return readBare<CloseAccountReply>(words);
        return { result: 'closed_now', balance: readBalance(words, 1) };
      }),
    tick: ({ accountId }) =>
      runOnAccount(context, 'tollgateTick', [accountId], (words): TickReply => {
        if (words[0] !== 'advanced') return readBare<TickReply>(words);
        return { result: 'advanced', balance: readBalance(words, 1) };
      }),
  };
}

function createGrantTransitions(context: RedisLedgerContext): Pick<Ledger, 'grant' | 'voidGrant'> {
  return {
    grant: (command) => {
      const { accountId, grantId, amountNanoUsd, kind, priority, effectiveAtMs, expiresAtMs } = command;
      const terms = [kind, `${priority}`, `${effectiveAtMs}`, `${expiresAtMs}`, writeJson(command.models)];
      const texts = [writeGrantTerms(command), writeEntryDetails(command.details)];
      const args = [accountId, grantId, `${amountNanoUsd}`, ...terms, ...texts] as const;
      return runOnAccount(context, 'tollgateGrant', args, readGrantReply);
    },
    voidGrant: ({ accountId, grantId, details }) =>
      runOnAccount(
        context,
        'tollgateVoidGrant',
        [accountId, grantId, writeEntryDetails(details)],
        (words): VoidGrantReply => {
          const result = readWord(words, 0);
          if (result === 'voided' || result === 'already_voided') return { result, balance: readBalance(words, 1) };
          return readBare<VoidGrantReply>(words);
        },
      ),
  };
}

function readGrantReply(words: readonly string[]): GrantReply {
  const result = readWord(words, 0);
  if (result === 'granted' || result === 'exists') return { result, balance: readBalance(words, 1) };
  if (result === 'out_of_range') return { result, what: readWord(words, 1) };
  return readBare<GrantReply>(words);
}

function createHoldTransitions(context: RedisLedgerContext): Pick<Ledger, 'hold' | 'extend'> {
  return {
    hold: (command) =>
      runOnHold(context, 'tollgateHold', [command, ...holdArguments(command)], (words): HoldReply => {
        const result = readWord(words, 0);
        if (result === 'held' || result === 'exists') return readHeld(result, words, command.cells);
        return readRoomRefusal(words, command.cells) ?? readBare<HoldReply>(words);
      }),
    extend: (command) => {
      // Tokens, calls and open calls were counted whole when the hold was made.
      const cells = command.cells.filter((cell) => cell.measure === 'usd');
      const numbers = [`${command.toNanoUsd}`, `${command.leaseMs}`];
      const args = [command, ...numbers, writeJson(command.modelLabels), writeCells(cells)] as const;
      return runOnHold(context, 'tollgateExtend', args, (words): ExtendReply => {
        if (words[0] !== 'extended') return readRoomRefusal(words, cells) ?? readBare<ExtendReply>(words);
        return { result: 'extended', amountNanoUsd: BigInt(readWord(words, 1)), balance: readBalance(words, 2) };
      });
    },
  };
}

function holdArguments(command: HoldCommand): string[] {
  const { amountNanoUsd, minNanoUsd = amountNanoUsd, tokens, leaseMs } = command;
  const numbers = [`${amountNanoUsd}`, `${minNanoUsd}`, `${tokens}`, `${leaseMs}`];
  return [...numbers, writeJson(command.modelLabels), writeCells(command.cells)];
}

function createEndTransitions(context: RedisLedgerContext): Pick<Ledger, 'settle' | 'release' | 'reclaim'> {
  return {
    settle: (command) => {
      const { amountNanoUsd, tokens, modelLabels, cells, details } = command;
      const texts = [writeJson(modelLabels), writeCells(cells), writeEntryDetails(details)];
      const args = [command, `${amountNanoUsd}`, `${tokens}`, ...texts] as const;
      return runOnHold(context, 'tollgateSettle', args, readSettleReply);
    },
    release: (command) =>
      runOnHold(context, 'tollgateRelease', [command, writeEntryDetails(command.details)], (words): ReleaseReply => {
        if (words[0] !== 'released') return readBare<ReleaseReply>(words);
        return { result: 'released', balance: readBalance(words, 1) };
      }),
    reclaim: (command) =>
      runOnHold(context, 'tollgateReclaim', [command, writeEntryDetails(command.details)], (words): ReclaimReply => {
        if (words[0] !== 'reclaimed') return readBare<ReclaimReply>(words);
        return { result: 'reclaimed', amountNanoUsd: BigInt(readWord(words, 1)), balance: readBalance(words, 2) };
      }),
  };
}

function readSettleReply(words: readonly string[]): SettleReply {
  const result = readWord(words, 0);
  if (result === 'settled' || result === 'late') {
    return { result, overageNanoUsd: BigInt(readWord(words, 1)), balance: readBalance(words, 2) };
  }
  if (result === 'out_of_range') return { result, what: readWord(words, 1) };
  return readBare<SettleReply>(words);
}
