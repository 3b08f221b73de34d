import { readHoldTimeMs } from '../../domain/hold-id.ts';
import type {
  CloseAccountReply,
  ExtendReply,
  GrantReply,
  HoldCommand,
  HoldReply,
  Ledger,
  OpenAccountReply,
  QuotaCell,
  ReclaimReply,
  ReleaseReply,
  SetPolicyReply,
  SettleReply,
  TickReply,
  VoidGrantReply,
} from '../../ledger/ledger.ts';
import type { RedisClient } from './connect-redis.ts';
import type { ScriptName } from './define-scripts.ts';
import { type CallJoiner, createCallJoiner } from './join-calls.ts';
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
  const direct = createRedisLedgerContext(options.client, options.clock);
  const calls = createCallJoiner(direct);
  const context = followCalls(direct, calls);
  return {
    ...createAccountTransitions(context),
    ...createGrantTransitions(context),
    ...createCallTransitions(calls),
    ...createHoldTransitions(context),
    ...createRefundTransition(context),
    ...createReloadTransitions(context),
    ...createLedgerReads(context),
    ...createBooksReader(context),
    ping: () => context.run('tollgatePing', [ledgerKeys.account('')], [], () => undefined),
    close: async () => calls.flush(),
  };
}

/** The same context, whose commands go out after the calls that were made before them. */
function followCalls(context: RedisLedgerContext, calls: CallJoiner): RedisLedgerContext {
  const { run, ask } = context;
  return {
    ...context,
    run: (script, keys, args, read) => {
      calls.flush();
      return run(script, keys, args, read);
    },
    ask: (command, read) => {
      calls.flush();
      return ask(command, read);
    },
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

/** What calls do, as a rule: many of one account at once. */
function createCallTransitions(calls: CallJoiner): Pick<Ledger, 'hold' | 'settle' | 'release'> {
  return {
    hold: (command) => {
      const { accountId, holdId, cells } = command;
      const read = (words: readonly string[]): HoldReply => readHoldReply(words, cells);
      return calls.send({ script: 'tollgateHold', accountId, holdId, args: holdArguments(command), read });
    },
    settle: ({ accountId, holdId, amountNanoUsd, tokens, modelLabels, cells, details }) => {
      const texts = [writeJson(modelLabels), writeCells(cells), writeEntryDetails(details)];
      const args = [`${amountNanoUsd}`, `${tokens}`, ...texts];
      return calls.send({ script: 'tollgateSettle', accountId, holdId, args, read: readSettleReply });
    },
    release: ({ accountId, holdId, details }) => {
      const args = [writeEntryDetails(details)];
      return calls.send({ script: 'tollgateRelease', accountId, holdId, args, read: readReleaseReply });
    },
  };
}

function createHoldTransitions(context: RedisLedgerContext): Pick<Ledger, 'extend' | 'reclaim'> {
  return {
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
    reclaim: (command) =>
      runOnHold(context, 'tollgateReclaim', [command, writeEntryDetails(command.details)], (words): ReclaimReply => {
        if (words[0] !== 'reclaimed') return readBare<ReclaimReply>(words);
        return { result: 'reclaimed', amountNanoUsd: BigInt(readWord(words, 1)), balance: readBalance(words, 2) };
      }),
  };
}

function holdArguments(command: HoldCommand): string[] {
  const { amountNanoUsd, minNanoUsd = amountNanoUsd, tokens, leaseMs } = command;
  const numbers = [`${amountNanoUsd}`, `${minNanoUsd}`, `${tokens}`, `${leaseMs}`];
  return [...numbers, writeJson(command.modelLabels), writeCells(command.cells)];
}

function readHoldReply(words: readonly string[], cells: readonly QuotaCell[]): HoldReply {
  const result = readWord(words, 0);
  if (result === 'held' || result === 'exists') return readHeld(result, words, cells);
  return readRoomRefusal(words, cells) ?? readBare<HoldReply>(words);
}

function readReleaseReply(words: readonly string[]): ReleaseReply {
  if (words[0] !== 'released') return readBare<ReleaseReply>(words);
  return { result: 'released', balance: readBalance(words, 1) };
}

function readSettleReply(words: readonly string[]): SettleReply {
  const result = readWord(words, 0);
  if (result === 'settled' || result === 'late') {
    return { result, overageNanoUsd: BigInt(readWord(words, 1)), balance: readBalance(words, 2) };
  }
  if (result === 'out_of_range') return { result, what: readWord(words, 1) };
  return readBare<SettleReply>(words);
}
