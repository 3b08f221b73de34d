import { presentBalance } from '../../domain/credit/present-balance.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { type OpenCallFilter, type OpenCallParts, readOpenCalls } from '../read-open-calls.ts';

/** What one open console is told of: an account, or what of it its viewer may see. */
export interface LiveWish {
  accountId: string;
  filter: OpenCallFilter;
  /** Whether the balance may be seen. */
  withBalance: boolean;
}

export interface LiveSubscriber {
  wish: LiveWish;
  /** Asked at every look: a session that has ended is told no more. */
  mayGoOn(): Promise<boolean>;
  send(text: string): void;
  end(reason: 'signed_out' | 'closing' | 'unavailable'): void;
}

/** The numbers that move, told to every open console by one look at each account. */
export interface LiveFeed {
  /** Undefined: there are as many listeners as there may be. @returns the way to end it. */
  subscribe(subscriber: LiveSubscriber): (() => void) | undefined;
  readonly size: number;
  close(): void;
}

export interface LiveFeedParts extends OpenCallParts {
  ledger: Pick<Ledger, 'readBalance' | 'readHolds'>;
  every: (intervalMs: number, run: () => void) => () => void;
}

const LOOK_MS = 1_000;
/** Ticks without news after which a comment keeps the connection from being taken for dead. */
const QUIET_TICKS = 15;
const LISTENERS_AT_MOST = 256;

interface Listener extends LiveSubscriber {
  last: string;
  quiet: number;
}

export function createLiveFeed(parts: LiveFeedParts): LiveFeed {
  const listeners = new Set<Listener>();
  let stop: (() => void) | undefined;
  let isLooking = false;
  const look = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    try {
      await tellAll(parts, listeners);
    } finally {
      isLooking = false;
    }
  };
  return {
    get size() {
      return listeners.size;
    },
    subscribe(subscriber) {
      if (listeners.size >= LISTENERS_AT_MOST) return undefined;
      const listener: Listener = { ...subscriber, last: '', quiet: 0 };
      listeners.add(listener);
      stop ??= parts.every(LOOK_MS, () => void look());
      void tellAll(parts, new Set([listener]));
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        stop?.();
        stop = undefined;
      };
    },
    close() {
      for (const listener of [...listeners]) listener.end('closing');
      listeners.clear();
      stop?.();
      stop = undefined;
    },
  };
}

/** One reading for all who wish the same. */
async function tellAll(parts: LiveFeedParts, listeners: ReadonlySet<Listener>): Promise<void> {
  const readings = new Map<string, Promise<string>>();
  await Promise.all(
    [...listeners].map(async (listener) => {
      const name = JSON.stringify(listener.wish);
      const reading = readings.get(name) ?? readWish(parts, listener.wish);
      readings.set(name, reading);
      try {
        if (!(await listener.mayGoOn())) return listener.end('signed_out');
        tell(listener, await reading);
      } catch {
        // The store is away: the page asks again by itself.
        listener.end('unavailable');
      }
    }),
  );
}

async function readWish(parts: LiveFeedParts, { accountId, filter, withBalance }: LiveWish): Promise<string> {
  const [calls, balance] = await Promise.all([
    readOpenCalls(parts, accountId, filter),
    withBalance ? parts.ledger.readBalance(accountId) : undefined,
  ]);
  const { at: _at, ...told } = calls;
  return JSON.stringify({
    ...told,
    sequence: balance?.sequence ?? null,
    balance: balance === undefined ? null : presentBalance(balance),
  });
}

function tell(listener: Listener, news: string): void {
  if (news !== listener.last) {
    listener.last = news;
    listener.quiet = 0;
    listener.send(`event: live\ndata: ${news}\n\n`);
    return;
  }
  listener.quiet += 1;
  if (listener.quiet % QUIET_TICKS === 0) listener.send(': still here\n\n');
}
