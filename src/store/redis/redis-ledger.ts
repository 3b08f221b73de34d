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
import { writeCells, writeGrantTerms, writeJson } from './ledger-arguments.ts';
import { readBalance, readHeld, readRoomRefusal } from './ledger-replies.ts';
import { readWord } from './read-reply.ts';
import { ledgerScriptKeys } from './redis-keys.ts';
import { createRedisLedgerContext, type RedisLedgerContext } from './redis-ledger-context.ts';
import { createLedgerReads } from './redis-ledger-reads.ts';

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
    ...createLedgerReads(context),
    ping: async () => void (await context.run('tollgatePing', ledgerScriptKeys('').slice(0, 1), [])),
    close: async () => {},
  };
}

/** Runs a script on an account's keys. */
function runOnAccount(
  { run, now }: RedisLedgerContext,
  script: ScriptName,
  accountId: string,
  args: readonly string[],
): Promise<string[]> {
  return run(script, ledgerScriptKeys(accountId), [accountId, now(), ...args]);
}

/** Runs a script that names a hold: its key of ended holds comes from the instant in the hold's id. */
function runOnHold(
  { run, now }: RedisLedgerContext,
  script: ScriptName,
  { accountId, holdId }: { accountId: string; holdId: string },
  args: readonly string[],
): Promise<string[]> {
  const idMs = readHoldTimeMs(holdId);
  return run(script, ledgerScriptKeys(accountId, idMs ?? 0), [accountId, now(), holdId, `${idMs ?? ''}`, ...args]);
}

/** A reply of one word and nothing else. */
function readBare<Reply extends { result: string }>(words: readonly string[]): Reply {
  return { result: readWord(words, 0) } as Reply;
}

type AccountTransitions = Pick<Ledger, 'openAccount' | 'setPolicy' | 'closeAccount' | 'tick'>;

function createAccountTransitions(context: RedisLedgerContext): AccountTransitions {
  return {
    openAccount: async ({ accountId, mode, creditLimitNanoUsd }) => {
      const args = [mode, `${creditLimitNanoUsd}`];
      return readBare<OpenAccountReply>(await runOnAccount(context, 'tollgateOpenAccount', accountId, args));
    },
    setPolicy: async ({ accountId, status = '', mode = '', creditLimitNanoUsd }) => {
      const args = [status, mode, `${creditLimitNanoUsd ?? ''}`];
      return readBare<SetPolicyReply>(await runOnAccount(context, 'tollgateSetPolicy', accountId, args));
    },
    closeAccount: async ({ accountId }) => {
      const words = await runOnAccount(context, 'tollgateCloseAccount', accountId, []);
      if (words[0] !== 'closed_now') return readBare<CloseAccountReply>(words);
      return { result: 'closed_now', balance: readBalance(words, 1) };
    },
    tick: async ({ accountId }) => {
      const words = await runOnAccount(context, 'tollgateTick', accountId, []);
      if (words[0] !== 'advanced') return readBare<TickReply>(words);
      return { result: 'advanced', balance: readBalance(words, 1) };
    },
  };
}

function createGrantTransitions(context: RedisLedgerContext): Pick<Ledger, 'grant' | 'voidGrant'> {
  return {
    grant: async (command) => {
      const { accountId, grantId, amountNanoUsd, kind, priority, effectiveAtMs, expiresAtMs } = command;
      const terms = [kind, `${priority}`, `${effectiveAtMs}`, `${expiresAtMs}`, writeJson(command.models)];
      const args = [grantId, `${amountNanoUsd}`, ...terms, writeGrantTerms(command), writeJson(command.details)];
      const words = await runOnAccount(context, 'tollgateGrant', accountId, args);
      const result = readWord(words, 0);
      if (result === 'granted' || result === 'exists') return { result, balance: readBalance(words, 1) };
      if (result === 'out_of_range') return { result, what: readWord(words, 1) };
      return readBare<GrantReply>(words);
    },
    voidGrant: async ({ accountId, grantId, details }) => {
      const args = [grantId, writeJson(details)];
      const words = await runOnAccount(context, 'tollgateVoidGrant', accountId, args);
      const result = readWord(words, 0);
      if (result === 'voided' || result === 'already_voided') return { result, balance: readBalance(words, 1) };
      return readBare<VoidGrantReply>(words);
    },
  };
}

function createHoldTransitions(context: RedisLedgerContext): Pick<Ledger, 'hold' | 'extend'> {
  return {
    hold: async (command) => {
      const words = await runOnHold(context, 'tollgateHold', command, holdArguments(command));
      const result = readWord(words, 0);
      if (result === 'held' || result === 'exists') return readHeld(result, words, command.cells);
      return readRoomRefusal(words, command.cells) ?? readBare<HoldReply>(words);
    },
    extend: async (command) => {
      // Tokens, calls and open calls were counted whole when the hold was made.
      const cells = command.cells.filter((cell) => cell.measure === 'usd');
      const numbers = [`${command.toNanoUsd}`, `${command.leaseMs}`];
      const args = [...numbers, writeJson(command.modelLabels), writeCells(cells)];
      const words = await runOnHold(context, 'tollgateExtend', command, args);
      if (words[0] === 'extended') {
        return { result: 'extended', amountNanoUsd: BigInt(readWord(words, 1)), balance: readBalance(words, 2) };
      }
      return readRoomRefusal(words, cells) ?? readBare<ExtendReply>(words);
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
    settle: async (command) => {
      const { amountNanoUsd, tokens, modelLabels, cells, details } = command;
      const args = [`${amountNanoUsd}`, `${tokens}`, writeJson(modelLabels), writeCells(cells), writeJson(details)];
      const words = await runOnHold(context, 'tollgateSettle', command, args);
      const result = readWord(words, 0);
      if (result === 'settled' || result === 'late') {
        return { result, overageNanoUsd: BigInt(readWord(words, 1)), balance: readBalance(words, 2) };
      }
      if (result === 'out_of_range') return { result, what: readWord(words, 1) };
      return readBare<SettleReply>(words);
    },
    release: async (command) => {
      const words = await runOnHold(context, 'tollgateRelease', command, [writeJson(command.details)]);
      if (words[0] !== 'released') return readBare<ReleaseReply>(words);
      return { result: 'released', balance: readBalance(words, 1) };
    },
    reclaim: async (command) => {
      const words = await runOnHold(context, 'tollgateReclaim', command, [writeJson(command.details)]);
      if (words[0] !== 'reclaimed') return readBare<ReclaimReply>(words);
      return { result: 'reclaimed', amountNanoUsd: BigInt(readWord(words, 1)), balance: readBalance(words, 2) };
    },
  };
}
