import { readHoldTimeMs } from '../../domain/hold-id.ts';
import { atTurnEnd } from '../../event-loop/turn-end.ts';
import { LedgerCorrupt } from '../../ledger/ledger.ts';
import type { ScriptReply } from './define-scripts.ts';
import { readJoinedWords } from './read-reply.ts';
import { ledgerKeys, ledgerScriptKeys } from './redis-keys.ts';
import { type RedisLedgerContext, toLedgerFault } from './redis-ledger-context.ts';

/** The scripts that turn.lua knows, by the word it knows each by. */
const JOINABLE = { tollgateHold: 'hold', tollgateSettle: 'settle', tollgateRelease: 'release' } as const;

/** A hold, settle or release. */
export interface JoinableCall<Reply> {
  script: keyof typeof JOINABLE;
  accountId: string;
  holdId: string;
  /** What its script has from the fifth on. */
  args: readonly string[];
  read: (words: readonly string[]) => Reply;
}

export interface CallJoiner {
  /** Sends a call at the end of this turn of the event loop, in one script with others of its account. */
  send<Reply>(call: JoinableCall<Reply>): Promise<Reply>;
  /** Sends what waits at once. To be called ahead of every other command, so that what is sent later comes later. */
  flush(): void;
}

interface WaitingCall extends JoinableCall<unknown> {
  /** The instant in the id, in ms; undefined when it is no hold id. */
  idMs: number | undefined;
  resolve: (reply: never) => void;
  reject: (fault: unknown) => void;
}

/** What waits of one account. Kept from turn to turn: see docs/performance.md. */
interface Line {
  accountId: string;
  calls: WaitingCall[];
}

/** A script keeps everybody else waiting while it runs: two milliseconds or so. */
const CALLS_AT_MOST = 32;
const LINES_AT_MOST = 10_000;
/** A shorter list is as quickly sent as its place. */
const LIST_CHARACTERS = 16;

/**
 * Joins the holds, settles and releases of one account in one turn of the event loop into one script: the account is
 * read once and written once. Under load a turn has many; one alone goes by its own script, and none waits for more
 * than the end of its turn, when it would be written anyway (join-writes.ts).
 *
 * Each gets the reply that its own script would have given. Where Redis refuses them together, each is sent alone: one
 * that is at fault, or meets a record that is, fails none but itself.
 */
export function createCallJoiner(context: RedisLedgerContext): CallJoiner {
  const lines = new Map<string, Line>();
  const waiting: Line[] = [];
  const flush = (): void => {
    // One that was sent because it was full has nothing left, or is in the list again.
    for (const line of waiting.splice(0)) sendLine(context, takeCalls(line));
  };
  const findLine = (accountId: string): Line => {
    const known = lines.get(accountId);
    if (known !== undefined) return known;
    // What waits in a line that is forgotten is in the list still, ahead of what comes.
    if (lines.size >= LINES_AT_MOST) lines.clear();
    const line: Line = { accountId, calls: [] };
    lines.set(accountId, line);
    return line;
  };
  return {
    flush,
    send: (call) =>
      new Promise((resolve, reject) => {
        const line = findLine(call.accountId);
        if (waiting.length === 0) atTurnEnd('send', flush);
        if (line.calls.length === 0) waiting.push(line);
        line.calls.push({ ...call, idMs: readHoldTimeMs(call.holdId), resolve, reject });
        if (line.calls.length === CALLS_AT_MOST) sendLine(context, takeCalls(line));
      }),
  };
}

/** What waits in it; from then on it is empty. */
function takeCalls(line: Line): Line {
  const taken = { ...line };
  line.calls = [];
  return taken;
}

function sendLine(context: RedisLedgerContext, { accountId, calls }: Line): void {
  if (calls.length > 1) sendTogether(context, accountId, calls);
  else for (const call of calls) sendAlone(context, call);
}

/*
 * Both answer in the very step in which the reply is read, as ask() of the context does: who remembers what was
 * acknowledged, and in which order, has to see the order of Redis (src/ledger/last-write-check.ts).
 */
function sendAlone({ send, now }: RedisLedgerContext, call: WaitingCall): void {
  const { script, accountId, holdId, idMs, args } = call;
  const keys = ledgerScriptKeys(accountId, idMs ?? 0);
  send(script, keys, [accountId, now(), holdId, `${idMs ?? ''}`, ...args]).then(
    (reply) => answer(call, reply),
    (error: unknown) => call.reject(toLedgerFault(error)),
  );
}

function sendTogether(context: RedisLedgerContext, accountId: string, calls: readonly WaitingCall[]): void {
  const keys = [...ledgerScriptKeys(accountId)];
  const args = [accountId, context.now()];
  const firstEnded = keys.length;
  const lists = new Map<string, string>();
  for (const { script, holdId, idMs, args: terms } of calls) {
    const ended = ledgerKeys.endedHolds(accountId, idMs ?? 0);
    let at = keys.indexOf(ended, firstEnded);
    if (at === -1) at = keys.push(ended) - 1;
    args.push(JOINABLE[script], `${at - firstEnded + 1}`, holdId, `${idMs ?? ''}`);
    for (const term of terms) args.push(term.startsWith('[') ? placeList(lists, term, args.length + 1) : term);
  }
  context.send('tollgateTurn', keys, args).then(
    (reply) => {
      for (const [index, call] of calls.entries()) answer(call, Array.isArray(reply) ? reply[index] : null);
    },
    (error: unknown) => {
      for (const call of calls) {
        const fault = toLedgerFault(error);
        if (fault instanceof LedgerCorrupt) sendAlone(context, call);
        else call.reject(fault);
      }
    },
  );
}

/** A list goes out once; where it comes again, its place stands for it. Calls of one key have the same as a rule. */
function placeList(lists: Map<string, string>, list: string, place: number): string {
  const sent = lists.get(list);
  if (sent !== undefined) return sent;
  lists.set(list, list.length < LIST_CHARACTERS ? list : `@${place}`);
  return list;
}

function answer(call: WaitingCall, reply: ScriptReply = null): void {
  try {
    call.resolve(call.read(readJoinedWords(reply)) as never);
  } catch (cause) {
    call.reject(new LedgerCorrupt('a reply of Redis cannot be read', { cause }));
  }
}
