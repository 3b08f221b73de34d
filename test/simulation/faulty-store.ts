import { type Ledger, LedgerUnavailable } from '../../src/ledger/ledger.ts';
import type { SeededRandom } from '../../src/simulator/seeded-random.ts';
import type { Mortal } from './mortal.ts';
import type { VirtualTime } from './virtual-time.ts';

/** One store that several processes use over ways that lose and delay what passes. */
export interface FaultyStore {
  /** Of a thousand commands so many meet a fault. */
  faultsPerMille: number;
  /** Until then no command arrives. Virtual milliseconds. */
  awayUntilMs: number;
  /** Whose hold it is: names of processes by hold id. */
  readonly holders: ReadonlyMap<string, string>;
  /** As a process sees it. */
  connect(name: string, life: Mortal): Ledger;
}

type Fate = 'answered' | 'not_sent' | 'reply_lost' | 'late' | 'broken';

/** How long a process waits for an answer. */
const TIMEOUT_MS = 1_000;
const LATE_AT_MOST_MS = 20_000;
const FATES: readonly Fate[] = ['not_sent', 'reply_lost', 'reply_lost', 'late', 'broken'];
const COMMANDS = ['hold', 'extend', 'settle', 'release', 'reclaim', 'tick', 'findDue', 'ping', 'readBalance'] as const;

export function createFaultyStore(ledger: Ledger, time: VirtualTime, random: SeededRandom): FaultyStore {
  const holders = new Map<string, string>();

  const chooseFate = (): Fate => {
    if (time.elapsedMs < store.awayUntilMs) return 'not_sent';
    if (random.integer(1_000) >= store.faultsPerMille) return 'answered';
    return FATES[random.integer(FATES.length)] as Fate;
  };
  const send = <T>(life: Mortal, run: () => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      if (!life.act()) return;
      const fate = chooseFate();
      const answer = (delayMs: number, give: () => void): void => {
        time.after(delayMs, () => {
          if (life.isAlive) give();
        });
      };
      const unknown = (): void => reject(new LedgerUnavailable('the store did not answer'));
      if (fate === 'not_sent') return answer(random.integer(2) * TIMEOUT_MS, unknown);
      if (fate === 'broken') return answer(1, () => reject(new Error('the store answered nonsense')));
      if (fate !== 'answered') answer(TIMEOUT_MS, unknown);
      // What is on its way arrives, whether or not anybody lives to hear of it.
      const wayMs = fate === 'late' ? TIMEOUT_MS + random.integer(LATE_AT_MOST_MS) : 1 + random.integer(8);
      time.after(wayMs, () => {
        run().then(
          (reply) => void (fate === 'answered' && answer(1 + random.integer(8), () => resolve(reply))),
          (error: unknown) => answer(1, () => reject(error)),
        );
      });
    });
  const store: FaultyStore = {
    faultsPerMille: 0,
    awayUntilMs: 0,
    holders,
    connect(name, life) {
      const seen = { ...ledger } as Record<string, unknown>;
      for (const command of COMMANDS) {
        const run = ledger[command] as (argument: unknown) => Promise<unknown>;
        seen[command] = (argument: { holdId?: string }) => {
          if (command === 'hold') holders.set(argument.holdId ?? '', name);
          return send(life, () => run(argument));
        };
      }
      return seen as unknown as Ledger;
    },
  };
  return store;
}
