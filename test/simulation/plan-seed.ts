import type { Account } from '../../src/directory/directory.ts';
import type { Quota } from '../../src/domain/quota.ts';
import { createSeededRandom, type SeededRandom } from '../../src/simulator/seeded-random.ts';
import type { Delivery, Scenario, SimulatedErrorName } from '../../src/simulator/simulator-types.ts';
import type { ClientPlan } from './memory-connection.ts';
import type { ProxyPolicies } from './proxy-process.ts';
import type { UpstreamPlan } from './scripted-upstream.ts';

export interface CallPlan {
  number: number;
  atMs: number;
  account: number;
  /** Which of the places it is sent to. */
  place: number;
  request: { model: string; max_tokens: number; stream: boolean; messages: { role: 'user'; content: string }[] };
  client: ClientPlan;
  upstream: UpstreamPlan;
}

export interface AccountPlan {
  terms: Pick<Account, 'onDisconnect' | 'onExhausted'>;
  grants: { amountNanoUsd: bigint; lifeMs: number }[];
  quota: Pick<Quota, 'measure' | 'limit'> | undefined;
}

/** What is done to the world from outside, beside the calls. */
export type EventPlan = { atMs: number } & (
  | { kind: 'kill'; place: number; effects: number; downMs: number }
  | { kind: 'restart'; place: number; downMs: number }
  | { kind: 'outage'; forMs: number }
  | { kind: 'disk_full'; place: number; forMs: number }
  /** `place` undefined: the store's clock. */
  | { kind: 'clock'; place: number | undefined; byMs: number }
  | { kind: 'grant'; account: number; amountNanoUsd: bigint }
  | { kind: 'void'; account: number }
  | { kind: 'freeze'; account: number; forMs: number }
  | { kind: 'close'; account: number }
  | { kind: 'terms'; account: number; terms: AccountPlan['terms'] }
);

export interface SeedPlan {
  seed: number;
  places: number;
  accounts: AccountPlan[];
  calls: CallPlan[];
  events: EventPlan[];
  faultsPerMille: number;
  spoolEntries: number;
  upstreamConnections: number;
  disconnectDrains: number;
  policies: ProxyPolicies;
}

export const PLACES = 2;
const ACCOUNTS = 3;
/** Virtual time in which calls arrive and things go wrong. */
export const TROUBLE_MS = 40_000;
const MILLI_USD = 1_000_000n;
const ERRORS: readonly SimulatedErrorName[] = [
  'rate_limit',
  'overloaded',
  'api_error',
  'invalid_request',
  'bad_gateway_html',
];
const CUT = 'cut' as const;
const MODELS = ['claude-haiku-4-5', 'claude-opus-5'] as const;

/** Everything that is decided before a seed's run begins; what is decided while it runs comes of the same seed. */
export function planSeed(seed: number): SeedPlan {
  const random = createSeededRandom(seed);
  const one = (of: number): boolean => random.integer(of) === 0;
  // A quarter of the seeds have a store that never fails: there a hold is reclaimed only for a death.
  const isCalm = seed % 4 === 0;
  const calls = Array.from({ length: 8 + random.integer(24) }, (_, index) => planCall(random, index + 1));
  const events = Array.from({ length: random.integer(9) }, () => planEvent(random)).filter(
    ({ kind }) => !isCalm || !['outage', 'clock'].includes(kind),
  );
  return {
    seed,
    places: PLACES,
    accounts: Array.from({ length: ACCOUNTS }, () => planAccount(random)),
    calls,
    events,
    faultsPerMille: isCalm ? 0 : ([0, 10, 50, 200][random.integer(4)] as number),
    spoolEntries: one(6) ? 3 : 10_000,
    upstreamConnections: one(5) ? 2 : 64,
    disconnectDrains: one(5) ? 1 : 64,
    policies: {
      orphanedCalls: one(3) ? 'release' : 'charge',
      doubtfulEnds: one(4) ? 'estimate' : 'release',
      graceBudgetNanoUsd: one(3) ? 5n * MILLI_USD : 0n,
    },
  };
}

function planAccount(random: SeededRandom): AccountPlan {
  // Short of an ordinary call, of a long one, or of none.
  const most = [8, 60, 5_000][random.integer(3)] as number;
  const amount = (): bigint => BigInt(1 + random.integer(most)) * MILLI_USD;
  return {
    terms: planTerms(random),
    grants: Array.from({ length: 1 + random.integer(3) }, () => ({
      amountNanoUsd: amount(),
      lifeMs: random.integer(3) === 0 ? 1 + random.integer(60_000) : 86_400_000,
    })),
    quota:
      random.integer(3) === 0
        ? random.integer(2) === 0
          ? { measure: 'concurrency', limit: BigInt(1 + random.integer(3)) }
          : { measure: 'usd', limit: BigInt(1 + random.integer(20)) * MILLI_USD }
        : undefined,
  };
}

function planTerms(random: SeededRandom): AccountPlan['terms'] {
  return {
    onDisconnect: random.integer(2) === 0 ? 'drain' : 'cancel',
    onExhausted: (['refuse', 'cut', 'finish'] as const)[random.integer(3)] as 'refuse',
  };
}

function planCall(random: SeededRandom, number: number): CallPlan {
  const words = 1 + random.integer(40);
  // A long one may run on a smaller hold than it can cost.
  const isLong = random.integer(4) === 0;
  const maxTokens = isLong ? 3_000 + random.integer(12_000) : 20 + random.integer(400);
  return {
    number,
    atMs: random.integer(TROUBLE_MS),
    account: random.integer(ACCOUNTS),
    place: random.integer(PLACES),
    request: {
      model: MODELS[random.integer(4) === 0 ? 1 : 0] as string,
      max_tokens: maxTokens,
      stream: random.integer(3) > 0,
      messages: [{ role: 'user', content: `#${number}# ${'toll '.repeat(words)}` }],
    },
    client: {
      leavesAfterMs: random.integer(5) === 0 ? random.integer(8_000) : undefined,
      pieceMs: random.integer(6) === 0 ? random.integer(900) : 0,
    },
    upstream: {
      isUnreachable: random.integer(20) === 0,
      scenario: planScenario(random, isLong ? 1 + random.integer(maxTokens) : undefined),
      headersAfterMs: random.integer(4) === 0 ? random.integer(6_000) : random.integer(60),
      gapMs: random.integer(3) === 0 ? random.integer(900) : random.integer(40),
    },
  };
}

function planScenario(random: SeededRandom, outputTokens: number | undefined): Scenario {
  if (random.integer(12) === 0)
    return { kind: 'error', error: ERRORS[random.integer(ERRORS.length)] as SimulatedErrorName };
  const chunking: Delivery['chunking'] = [
    'events' as const,
    'whole' as const,
    { kind: 'random' as const, seed: random.integer(1_000), maximum: 1 + random.integer(400) },
    { kind: 'random' as const, seed: random.integer(1_000), maximum: 40 },
  ][random.integer(4)] as Delivery['chunking'];
  const ending = planEnding(random);
  const delivery = { chunking, encoding: 'identity', ...(ending === undefined ? {} : { ending }) } as Delivery;
  const answer =
    outputTokens === undefined ? { deltas: 1 + random.integer(24) } : { deltas: 1 + random.integer(60), outputTokens };
  // Of a long answer a byte at a time would take the machine's time and show nothing more.
  return {
    kind: 'answer',
    answer,
    delivery: outputTokens === undefined ? delivery : { ...delivery, chunking: 'events' },
  };
}

function planEnding(random: SeededRandom): Delivery['ending'] {
  if (random.integer(3) > 0) return undefined;
  const at = [
    'before_headers' as const,
    'after_headers' as const,
    { afterBytes: random.integer(6_000) },
    { afterBytes: random.integer(6_000) },
    { afterEvents: random.integer(30) },
    { afterEventType: 'message_delta' },
  ][random.integer(6)] as NonNullable<Delivery['ending']>['at'];
  // The API writes an error between two events.
  const kinds =
    typeof at === 'object' && 'afterBytes' in at
      ? [CUT, 'silence' as const]
      : [CUT, 'silence' as const, 'error_event' as const];
  const kind = kinds[random.integer(kinds.length)] as typeof CUT;
  return { kind, at };
}

function planEvent(random: SeededRandom): EventPlan {
  const atMs = random.integer(TROUBLE_MS);
  const place = random.integer(PLACES);
  const account = random.integer(ACCOUNTS);
  const downMs = random.integer(3) === 0 ? 12_000 + random.integer(20_000) : random.integer(3_000);
  switch (random.integer(12)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return { kind: 'kill', atMs, place, effects: random.integer(2) * random.integer(12), downMs };
    case 4:
      return { kind: 'restart', atMs, place, downMs };
    case 5:
    case 6:
      return { kind: 'outage', atMs, forMs: random.integer(20_000) };
    case 7:
      return {
        kind: 'clock',
        atMs,
        place: random.integer(2) === 0 ? undefined : place,
        byMs: random.integer(120_000) - 60_000,
      };
    case 8:
      return { kind: 'disk_full', atMs, place, forMs: random.integer(5_000) };
    case 9:
      return { kind: 'grant', atMs, account, amountNanoUsd: BigInt(1 + random.integer(50)) * MILLI_USD };
    case 10:
      return { kind: 'void', atMs, account };
    default:
      return random.integer(3) === 0
        ? { kind: 'close', atMs, account }
        : random.integer(2) === 0
          ? { kind: 'freeze', atMs, account, forMs: random.integer(10_000) }
          : { kind: 'terms', atMs, account, terms: planTerms(random) };
  }
}
