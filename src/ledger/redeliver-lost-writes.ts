import type { AccountBalance } from '../domain/credit/credit-types.ts';
import { createLastWriteCheck } from './last-write-check.ts';
import type { Ledger, SetPolicyCommand } from './ledger.ts';
import { createRecentWrites, REPEATABLE_WRITES, type RecentWrites, type RepeatableWrite } from './recent-writes.ts';
import { createRedelivery, type Redelivery } from './redelivery.ts';
import { createSeenSequences, type Regression, type SeenAtSending, type SeenSequences } from './seen-sequences.ts';

export interface RedeliverOptions {
  nowMs: () => number;
  /** How many acknowledged writes are remembered, for two minutes at most. */
  writesAtMost: number;
  /** An account has gone back. */
  onRegression(): void;
  logger: { error(facts: object, text: string): void; warn(facts: object, text: string): void };
}

/** A ledger that notices that its store lost writes, and sends them again. */
export interface RedeliveringLedger {
  ledger: Ledger;
  /**
   * Asks for accounts that were written to lately and not heard of since, and sends again what could not be sent. To
   * be called every second or so. Never rejects.
   */
  probe(): Promise<void>;
  /** The connection to the store was made anew: it may lead to another one. The next probe asks what that has. */
  suspect(): void;
  /** Resolves when nothing is being sent again. */
  settled(): Promise<void>;
}

/** More than any replication lag and any fsync interval after which what a store acknowledged may be lost. */
const REMEMBERED_MS = 120_000;
const ACCOUNTS_AT_MOST = 50_000;
/** An account of which nothing was heard for so long is asked for. */
const SILENT_MS = 5_000;
const PROBES_AT_ONCE = 64;

/** Replies by which a write is done, now or before. */
const DONE: { readonly [Operation in RepeatableWrite]: readonly string[] } = {
  openAccount: ['opened', 'exists'],
  grant: ['granted', 'exists'],
  voidGrant: ['voided', 'already_voided'],
  settle: ['settled', 'late', 'duplicate'],
  release: ['released', 'duplicate'],
  refund: ['refunded', 'exists'],
  correct: ['corrected', 'exists'],
  answerReload: ['paid', 'declined', 'exists'],
  closeAccount: ['closed_now', 'closed'],
};

/**
 * Watches the account's sequence in every reply. A store that fails over to a replica which lagged, or comes back from
 * a file without its end, shows an older state: the sequence is lower than this process has seen. Every write of the
 * last two minutes that names what it changes is then sent again: what was kept ignores it, what was lost is done anew.
 * Where other processes wrote on after a fail-over, the sequence does not show it: after each reconnection the last write
 * of each account is asked for as well. A change of policy names nothing; it is made again when the account shows another one than before.
 */
export function redeliverLostWrites(ledger: Ledger, options: RedeliverOptions): RedeliveringLedger {
  const recent = createRecentWrites(REMEMBERED_MS, options.writesAtMost);
  const seen = createSeenSequences(options.nowMs, ACCOUNTS_AT_MOST);
  const redelivery = createRedelivery({ ledger, options, seen, doneReplies: DONE, keepMs: REMEMBERED_MS });
  const regress = (regression: Regression | undefined): void => {
    if (regression === undefined) return;
    const { accountId, before, found } = regression;
    options.onRegression();
    const writes = recent.of(accountId);
    options.logger.error(
      {
        account_id: accountId,
        seen_sequence: before.sequence,
        found_sequence: found?.sequence ?? 0,
        writes: writes.length,
      },
      'the store has lost writes that it had acknowledged; the last two minutes are sent again',
    );
    redelivery.start(accountId, before.policy, writes);
  };
  const lastWrites = createLastWriteCheck({
    ...{ ledger, recent, logger: options.logger },
    onLost(accountId) {
      options.onRegression();
      const writes = recent.of(accountId);
      const facts = { account_id: accountId, writes: writes.length };
      options.logger.error(
        facts,
        'the store lacks the last write that it had acknowledged; two minutes are sent again',
      );
      redelivery.start(accountId, undefined, writes);
    },
  });
  const parts: WatchParts = { ledger, options, recent, seen, redelivery, regress };
  const readBalance = async (accountId: string): Promise<AccountBalance | undefined> => {
    const sent = seen.beforeSending(accountId);
    const balance = await ledger.readBalance(accountId);
    regress(seen.see(accountId, balance, sent));
    return balance;
  };
  return {
    ledger: { ...ledger, ...watchCommands(parts), readBalance },
    suspect: lastWrites.suspect,
    async probe() {
      if (recent.takeOverflow())
        options.logger.warn({ at_most: options.writesAtMost }, 'writes are forgotten before two minutes have passed');
      await redelivery.tryAgain();
      await lastWrites.ask();
      const silent = seen
        .silentSince(options.nowMs() - SILENT_MS)
        .filter(recent.has)
        .slice(0, PROBES_AT_ONCE);
      // A store that does not answer is asked again by the next probe.
      await Promise.allSettled(silent.map(readBalance));
    },
    settled: redelivery.settled,
  };
}

interface WatchParts {
  ledger: Ledger;
  options: RedeliverOptions;
  recent: RecentWrites;
  seen: SeenSequences;
  redelivery: Redelivery;
  regress(regression: Regression | undefined): void;
}

interface AnyReply {
  result?: string;
  balance?: AccountBalance;
}

/** Reads the sequence out of a reply, whichever command it answers. */
function show({ seen, regress }: WatchParts, accountId: string, reply: AnyReply, sent: SeenAtSending): void {
  if (reply.balance !== undefined) regress(seen.see(accountId, reply.balance, sent));
  else if (reply.result === 'no_account') regress(seen.see(accountId, undefined, sent));
}

type Command = { accountId: string };
type Run = (command: Command) => Promise<AnyReply>;

function watchCommands(parts: WatchParts): Partial<Ledger> {
  const { ledger, seen } = parts;
  const observe =
    (operation: keyof Ledger): Run =>
    (command) => {
      const sent = seen.beforeSending(command.accountId);
      return (ledger[operation] as unknown as Run)(command).then((reply) => {
        show(parts, command.accountId, reply, sent);
        return reply;
      });
    };
  const remember =
    (operation: RepeatableWrite): Run =>
    (command) => {
      const sent = seen.beforeSending(command.accountId);
      return (ledger[operation] as unknown as Run)(command).then((reply) => {
        if (DONE[operation].includes(reply.result ?? '')) noteWrite(parts, operation, command, sent);
        show(parts, command.accountId, reply, sent);
        return reply;
      });
    };
  const commands = {
    ...Object.fromEntries(
      (['hold', 'extend', 'reclaim', 'tick', 'setReload', 'requestReload'] as const).map((name) => [
        name,
        observe(name),
      ]),
    ),
    ...Object.fromEntries(REPEATABLE_WRITES.map((name) => [name, remember(name)])),
  };
  return { ...(commands as Partial<Ledger>), setPolicy: (command) => setPolicy(parts, command) };
}

function noteWrite(parts: WatchParts, operation: RepeatableWrite, command: Command, sent: SeenAtSending): void {
  const { accountId } = command;
  const write = { accountId, operation, command: command as never, atMs: parts.options.nowMs() };
  parts.recent.add(write);
  // Acknowledged by a store that has gone back meanwhile, it may be among what was lost.
  if (parts.seen.isOutdated(accountId, sent)) parts.redelivery.add(write);
}

/** The reply has no balance, so the sequence that the change has is asked for. */
async function setPolicy({ ledger, seen, regress }: WatchParts, command: SetPolicyCommand) {
  const { accountId, status, mode, creditLimitNanoUsd } = command;
  const reply = await ledger.setPolicy(command);
  if (reply.result !== 'set' && reply.result !== 'unchanged') return reply;
  seen.notePolicy(accountId, {
    ...(status === undefined ? {} : { status }),
    ...(mode === undefined ? {} : { mode }),
    ...(creditLimitNanoUsd === undefined ? {} : { creditLimitNanoUsd }),
  });
  const sent = seen.beforeSending(accountId);
  // Beside the caller's way: the change is made, whatever becomes of this.
  void ledger.readBalance(accountId).then(
    (balance) => regress(seen.see(accountId, balance, sent)),
    () => undefined,
  );
  return reply;
}
