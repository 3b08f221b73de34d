import fc from 'fast-check';
import { writeReloadId } from '../../src/domain/credit/reload-state.ts';
import { findCharge } from '../../src/ledger/find-charge.ts';
import type { Ledger, QuotaCell } from '../../src/ledger/ledger.ts';
import { START_MS, type TestClock } from './ledger-conformance.ts';
import { makeHoldId } from './make-hold-id.ts';

/**
 * Random histories of one account. Few ids, so that they collide; coarse times, so that instants tie; some amounts
 * near 10^14, where careless number formatting loses digits.
 */
export type Step = ((ledger: Ledger, clock: TestClock, accountId: string) => Promise<unknown>) & {
  /** One command and nothing else, so that it can be sent ahead of the answers to those before it. */
  readonly isCommand?: boolean;
};

const COMMANDS = 'grant, void, hold, extend, settle, release, reclaim, policy, tick, close'.split(', ');

/** Steps that a failing history prints as words, so that it can be read and typed again as a test. */
function stepOf<Terms>(name: string, terms: fc.Arbitrary<Terms>, run: (drawn: Terms) => Step): fc.Arbitrary<Step> {
  return terms.map((drawn) =>
    Object.assign(run(drawn), {
      isCommand: COMMANDS.includes(name),
      [fc.toStringMethod]: () => `\n  ${name} ${JSON.stringify(drawn, writeTerm)}`,
    }),
  );
}

function writeTerm(name: string, value: unknown): unknown {
  if (name === 'cells') return (value as QuotaCell[]).map((cell) => cell.quotaId);
  return typeof value === 'bigint' ? `${value}n` : value;
}

const HOLDS = 5;
const amount = fc.oneof(
  { weight: 6, arbitrary: fc.bigInt({ min: 0n, max: 30n }) },
  { weight: 1, arbitrary: fc.bigInt({ min: 99_999_999_999_990n, max: 100_000_000_000_010n }) },
  { weight: 1, arbitrary: fc.constantFrom(-1n, 2n ** 53n - 1n, 2n ** 53n) },
);
const hour = 3_600_000;
const offset = fc.constantFrom(-hour, 0, 60_000, hour, 2 * hour, 24 * hour);
const models = fc.constantFrom(undefined, ['opus'], ['haiku', 'claude-opus-5-5']);
const labels = fc.constantFrom(['claude-opus-5-5', 'opus'], ['claude-haiku-5-5', 'haiku']);
// The ids of the history are made at its start, so that the same hold is met again after time has passed.
const holdId = fc.record({ number: fc.nat(HOLDS - 1), madeMs: fc.constantFrom(0, 60_000, hour) });
const cells = fc.subarray<QuotaCell>([
  {
    quotaId: 'quota_day',
    window: 'day:2026-11-20',
    measure: 'usd',
    limit: 40n,
    mode: 'hard',
    endsAtMs: START_MS + 12 * hour,
  },
  {
    quotaId: 'quota_tokens',
    window: 'hour:2026-11-20T12',
    measure: 'tokens',
    limit: 500n,
    mode: 'hard',
    endsAtMs: START_MS + hour,
  },
  { quotaId: 'quota_soft', window: 'total', measure: 'requests', limit: 2n, mode: 'soft' },
  { quotaId: 'quota_open', window: 'total', measure: 'concurrency', limit: 3n, mode: 'hard' },
  { quotaId: 'quota_zero', window: 'total', measure: 'usd', limit: 0n, mode: 'shadow' },
]);
type HoldIds = typeof holdId;
/** More of them, mostly of the start: many are open at once. */
const manyIds: HoldIds = fc.record({
  number: fc.nat(24),
  madeMs: fc.oneof({ weight: 19, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constantFrom(60_000, hour) }),
});
const id = ({ number, madeMs }: { number: number; madeMs: number }) => makeHoldId(START_MS + madeMs, number);

const grantOf = (amount: fc.Arbitrary<bigint>): fc.Arbitrary<Step> =>
  stepOf(
    'grant',
    fc.record({
      number: fc.nat(4),
      amount,
      promotional: fc.boolean(),
      priority: fc.constantFrom(10, 50),
      effective: offset,
      expires: offset,
      models,
    }),
    (terms) => (ledger, _clock, accountId) =>
      ledger.grant({
        accountId,
        grantId: `grant_${terms.number}`,
        amountNanoUsd: terms.amount,
        kind: terms.promotional ? 'promotional' : 'paid',
        priority: terms.priority,
        effectiveAtMs: START_MS + terms.effective,
        expiresAtMs: START_MS + terms.expires + 1_000,
        ...(terms.models === undefined ? {} : { models: terms.models }),
      }),
  );
const grant = grantOf(amount);
const voidGrant = stepOf(
  'void',
  fc.nat(4),
  (number) => (ledger, _clock, accountId) => ledger.voidGrant({ accountId, grantId: `grant_${number}` }),
);
const holdOf = (holdId: HoldIds, amount: fc.Arbitrary<bigint>): fc.Arbitrary<Step> =>
  stepOf(
    'hold',
    fc.record({ holdId, amount, least: fc.option(fc.bigInt({ min: 0n, max: 5n }), { nil: undefined }), labels, cells }),
    (terms) => (ledger, _clock, accountId) =>
      ledger.hold({
        accountId,
        holdId: id(terms.holdId),
        amountNanoUsd: terms.amount,
        ...(terms.least === undefined || terms.least > terms.amount ? {} : { minNanoUsd: terms.least }),
        tokens: 100n,
        leaseMs: 120_000,
        modelLabels: terms.labels,
        cells: terms.cells,
      }),
  );
const hold = holdOf(holdId, amount);
const extend = stepOf(
  'extend',
  fc.record({ holdId, to: fc.bigInt({ min: 0n, max: 40n }), labels, cells }),
  (terms) => (ledger, _clock, accountId) =>
    ledger.extend({
      accountId,
      holdId: id(terms.holdId),
      toNanoUsd: terms.to,
      leaseMs: 120_000,
      modelLabels: terms.labels,
      cells: terms.cells,
    }),
);
const settleOf = (holdId: HoldIds, amount: fc.Arbitrary<bigint>): fc.Arbitrary<Step> =>
  stepOf(
    'settle',
    fc.record({ holdId, amount, labels, cells }),
    (terms) => (ledger, _clock, accountId) =>
      ledger.settle({
        accountId,
        holdId: id(terms.holdId),
        amountNanoUsd: terms.amount,
        tokens: 40n,
        modelLabels: terms.labels,
        cells: terms.cells,
      }),
  );
const settle = settleOf(holdId, amount);
const releaseOf = (holdId: HoldIds): fc.Arbitrary<Step> =>
  stepOf('release', holdId, (part) => (ledger, _clock, accountId) => ledger.release({ accountId, holdId: id(part) }));
const release = releaseOf(holdId);
const reclaim = stepOf(
  'reclaim',
  holdId,
  (part) => (ledger, _clock, accountId) => ledger.reclaim({ accountId, holdId: id(part) }),
);
/** Reads where the charge went, as a caller does; now and then it tells a wrong charge. */
const refund = stepOf(
  'refund',
  fc.record({
    number: fc.nat(3),
    holdId,
    part: fc.constantFrom(undefined, undefined, 0n, 1n, 3n, 99_999_999_999_995n, 2n ** 53n),
    knows: fc.constantFrom('charge', 'charge', 'charge', 'nothing', 'other'),
    fallbacks: fc.subarray([0, 1, 2, 3, 4, 9]),
  }),
  (terms) => async (ledger, _clock, accountId) => {
    const charge =
      terms.knows === 'nothing' ? undefined : await findCharge(ledger, accountId, { holdId: id(terms.holdId) });
    return ledger.refund({
      accountId,
      refundId: `refund_${terms.number}`,
      holdId: id(terms.holdId),
      ...(terms.part === undefined ? {} : { amountNanoUsd: terms.part }),
      allocations: charge?.allocations ?? [],
      debtNanoUsd: terms.knows === 'other' ? 7n : (charge?.debtNanoUsd ?? 0n),
      fallbackGrantIds: terms.fallbacks.map((number) => `grant_${number}`),
    });
  },
);
/** Corrections of what was charged, and of what was released, by ids of their own and by those of refunds. */
const correct = stepOf(
  'correct',
  fc.record({
    id: fc.constantFrom('correction_0', 'correction_1', 'correction_2', 'correction_3', 'refund_0'),
    holdId,
    to: fc.oneof({ weight: 5, arbitrary: fc.bigInt({ min: 0n, max: 40n }) }, { weight: 1, arbitrary: amount }),
    knows: fc.constantFrom('charge', 'charge', 'charge', 'nothing'),
    fallbacks: fc.subarray([0, 1, 2, 3, 4]),
  }),
  (terms) => async (ledger, _clock, accountId) => {
    const charge =
      terms.knows === 'nothing' ? undefined : await findCharge(ledger, accountId, { holdId: id(terms.holdId) });
    return ledger.correct({
      accountId,
      correctionId: terms.id,
      holdId: id(terms.holdId),
      toNanoUsd: terms.to,
      allocations: charge?.allocations ?? [],
      debtNanoUsd: charge?.debtNanoUsd ?? 0n,
      fallbackGrantIds: terms.fallbacks.map((number) => `grant_${number}`),
    });
  },
);
const CENTS_50 = 1_500_000_000n;
const setReload = stepOf(
  'set reload',
  fc.record({
    on: fc.constantFrom(true, true, true, false),
    threshold: fc.constantFrom(20n, 1_000_000_000n, 10n ** 14n, 10n ** 15n + 1n),
    mode: fc.constantFrom('fixed' as const, 'target' as const),
    amount: fc.constantFrom(1_000_000_000n, CENTS_50, 10n ** 14n + 10_000_000n, 1n),
    cap: fc.constantFrom(2_500_000_000n, 10n ** 15n, CENTS_50),
    hourlyCount: fc.constantFrom(1, 2, 10),
  }),
  ({ on, ...drawn }) =>
    (ledger, _clock, accountId) => {
      const { threshold, mode, amount, cap, hourlyCount } = drawn;
      const terms = {
        ...{ thresholdNanoUsd: threshold, mode, amountNanoUsd: amount },
        ...{ monthlyCapNanoUsd: cap, hourlyCount },
      };
      return ledger.setReload({ accountId, ...(on ? { terms } : {}) });
    },
);
const MONTH_END_MS = START_MS + 20 * hour;
const requestReload = stepOf(
  'request reload',
  fc.record({
    month: fc.constantFrom(0, 0, 0, 31 * 24 * hour, 60 * 24 * hour),
    needed: fc.constantFrom(undefined, undefined, 1n, 30n, 1_000_000_000n, 10n ** 14n),
    labels,
  }),
  (terms) => (ledger, _clock, accountId) =>
    ledger.requestReload({
      accountId,
      monthEndsAtMs: MONTH_END_MS + terms.month,
      ...(terms.needed === undefined ? {} : { refused: { neededNanoUsd: terms.needed, modelLabels: terms.labels } }),
    }),
);
/** Of what is pending as a rule; now and then of a request that there never was, or was answered. */
const answerReload = stepOf(
  'answer reload',
  fc.record({
    number: fc.constantFrom(undefined, undefined, undefined, 1, 2, 5),
    outcome: fc.constantFrom('paid' as const, 'declined' as const),
    expires: fc.constantFrom(24 * hour, 24 * hour, -hour),
  }),
  (terms) => async (ledger, clock, accountId) => {
    const reload = await ledger.readReload(accountId);
    const number = terms.number ?? reload?.pending?.number ?? 1;
    return ledger.answerReload({
      accountId,
      reloadId: writeReloadId(accountId, number),
      outcome: terms.outcome,
      amountNanoUsd: reload?.pending?.amountNanoUsd ?? 1_000_000_000n,
      expiresAtMs: clock.nowMs + terms.expires,
    });
  },
);
const claimReload = stepOf('claim reload', fc.constantFrom(1, 2, 3), (number) => async (ledger, _clock, accountId) => [
  await ledger.claimReload({ accountId, number, pauseMs: 60_000 }),
  // Accounts of earlier histories are in the store too.
  (await ledger.findDueReloads(10_000)).includes(accountId),
]);
const policy = stepOf(
  'policy',
  fc.record({
    status: fc.constantFrom('open' as const, 'open' as const, 'frozen' as const),
    creditLimitNanoUsd: fc.constantFrom(0n, 0n, 20n),
  }),
  (terms) => (ledger, _clock, accountId) => ledger.setPolicy({ accountId, ...terms }),
);
const close = stepOf(
  'close',
  fc.constant(null),
  () => (ledger, _clock, accountId) => ledger.closeAccount({ accountId }),
);
const tick = stepOf('tick', fc.constant(null), () => (ledger, _clock, accountId) => ledger.tick({ accountId }));
const wait = stepOf(
  'wait (ms)',
  fc.constantFrom(-30_000, 1, 30_000, 60_000, 120_000, hour, 24 * hour),
  (byMs) => async (_ledger, clock) => {
    clock.nowMs += byMs;
  },
);

export const history: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: grant },
    { weight: 1, arbitrary: voidGrant },
    { weight: 8, arbitrary: hold },
    { weight: 3, arbitrary: extend },
    { weight: 6, arbitrary: settle },
    { weight: 4, arbitrary: refund },
    { weight: 4, arbitrary: correct },
    { weight: 2, arbitrary: release },
    { weight: 2, arbitrary: reclaim },
    { weight: 1, arbitrary: policy },
    { weight: 2, arbitrary: setReload },
    { weight: 5, arbitrary: requestReload },
    { weight: 4, arbitrary: answerReload },
    { weight: 1, arbitrary: claimReload },
    { weight: 1, arbitrary: tick },
    { weight: 4, arbitrary: wait },
    { weight: 1, arbitrary: fc.oneof({ weight: 3, arbitrary: tick }, { weight: 1, arbitrary: close }) },
  ),
  { minLength: 1, maxLength: 40 },
);

/** Steps that are one command each and leave the clock alone, so that many can be sent in one turn of the event loop. */
export const turn: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: hold },
    { weight: 6, arbitrary: settle },
    { weight: 3, arbitrary: release },
    { weight: 1, arbitrary: extend },
    { weight: 1, arbitrary: reclaim },
    { weight: 2, arbitrary: grant },
    { weight: 1, arbitrary: voidGrant },
    { weight: 1, arbitrary: policy },
    { weight: 1, arbitrary: tick },
  ),
  { minLength: 1, maxLength: 12 },
);

const smallAmount = fc.oneof(
  { weight: 60, arbitrary: fc.bigInt({ min: 0n, max: 12n }) },
  { weight: 1, arbitrary: amount },
);
const calls = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: holdOf(manyIds, smallAmount) },
    { weight: 4, arbitrary: settleOf(manyIds, smallAmount) },
    { weight: 1, arbitrary: releaseOf(manyIds) },
  ),
  { minLength: 1, maxLength: 60 },
);

/** Mostly calls, on credit that was there before them, and many more at once than go into one script. */
export const busyHistory: fc.Arbitrary<Step[]> = fc
  .tuple(
    fc.array(grantOf(fc.constantFrom(20n, 100n, 10n ** 14n)), { minLength: 2, maxLength: 6 }),
    fc.array(fc.oneof({ weight: 3, arbitrary: calls }, { weight: 1, arbitrary: history }), {
      minLength: 1,
      maxLength: 6,
    }),
  )
  .map(([grants, parts]) => [...grants, ...parts.flat()]);
