import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ENLARGEMENTS_AT_MOST, type HoldSteps, planHoldStep, planSmallerStep } from '../../src/domain/hold-steps.ts';

const STEPS: HoldSteps = { ceilingNanoUsd: 1_000n, stepNanoUsd: 80n, aheadNanoUsd: 40n, reserveNanoUsd: 10n };
const run = (heldNanoUsd: bigint, usedNanoUsd: bigint, attempts = 0) => ({ heldNanoUsd, usedNanoUsd, attempts });

it('a hold is enlarged 64 times at most', () => {
  expect(ENLARGEMENTS_AT_MOST).toBe(64);
});

describe('what to do about a running hold', () => {
  it.each([
    ['enough is left', run(100n, 60n), { kind: 'enough' }],
    ['less than the head start is left', run(100n, 61n), { kind: 'enlarge', toNanoUsd: 180n, elseExhausted: false }],
    ['less than the reserve is left', run(100n, 91n), { kind: 'enlarge', toNanoUsd: 180n, elseExhausted: true }],
    ['more was used than is held', run(100n, 150n), { kind: 'enlarge', toNanoUsd: 230n, elseExhausted: true }],
    ['a large hold grows by a quarter', run(400n, 390n), { kind: 'enlarge', toNanoUsd: 500n, elseExhausted: false }],
    ['never beyond the ceiling', run(950n, 945n), { kind: 'enlarge', toNanoUsd: 1_000n, elseExhausted: true }],
    ['the ceiling is held', run(1_000n, 5_000n), { kind: 'enough' }],
    ['no attempt is left, but some of the hold', run(100n, 80n, ENLARGEMENTS_AT_MOST), { kind: 'enough' }],
    ['no attempt is left and the hold is used', run(100n, 91n, ENLARGEMENTS_AT_MOST), { kind: 'exhausted' }],
  ])('%s', (_what, state, expected) => {
    expect(planHoldStep(STEPS, state)).toEqual(expected);
  });

  it.each([
    ['all the room there is', run(100n, 95n), 30n, 130n],
    ['no more than the ceiling', run(990n, 985n), 30n, 1_000n],
    ['not less than the reserve', run(100n, 95n), 9n, undefined],
    ['not what would leave it in its reserve', run(100n, 120n), 25n, undefined],
    ['the reserve itself', run(100n, 100n), 10n, 110n],
    ['nothing where the ceiling is held', run(1_000n, 900n), 30n, undefined],
    ['nothing after the last attempt', run(100n, 95n, ENLARGEMENTS_AT_MOST), 30n, undefined],
  ])('after a refusal: %s', (_what, state, room, expected) => {
    expect(planSmallerStep(STEPS, state, room)).toBe(expected);
  });
});

/** As every schedule is sized: one step brings at least a head start. */
const bringsHeadStart = (steps: HoldSteps): HoldSteps => ({
  ...steps,
  stepNanoUsd: steps.aheadNanoUsd + steps.stepNanoUsd,
});
const amount = (max: bigint) => fc.bigInt({ min: 1n, max });
const schedules = fc
  .record({
    ceiling: amount(10n ** 13n),
    step: amount(10n ** 10n),
    reserve: amount(10n ** 8n),
    more: amount(10n ** 9n),
  })
  .map(
    ({ ceiling, step, reserve, more }): HoldSteps => ({
      ceilingNanoUsd: ceiling,
      stepNanoUsd: step,
      aheadNanoUsd: reserve + more,
      reserveNanoUsd: reserve,
    }),
  );

describe('the schedule of enlargements, for any sizes and any course of use', () => {
  it('grows the hold at each step, never beyond the ceiling', () => {
    fc.assert(
      fc.property(schedules, amount(10n ** 13n), amount(10n ** 13n), (steps, held, used) => {
        const step = planHoldStep(steps, run(held, used));
        if (step.kind !== 'enlarge') return;
        expect(step.toNanoUsd).toBeGreaterThan(held);
        expect(step.toNanoUsd).toBeLessThanOrEqual(steps.ceilingNanoUsd);
      }),
    );
  });

  it('asks at most so many times, whatever the answers are', () => {
    fc.assert(
      fc.property(
        schedules,
        fc.array(fc.tuple(amount(10n ** 9n), fc.boolean()), { maxLength: 400 }),
        (steps, course) => {
          let state = run(1n, 0n);
          for (const [more, granted] of course) {
            state = { ...state, usedNanoUsd: state.usedNanoUsd + more };
            const step = planHoldStep(steps, state);
            if (step.kind !== 'enlarge') continue;
            state = {
              ...state,
              attempts: state.attempts + 1,
              heldNanoUsd: granted ? step.toNanoUsd : state.heldNanoUsd,
            };
          }
          expect(state.attempts).toBeLessThanOrEqual(ENLARGEMENTS_AT_MOST);
        },
      ),
    );
  });

  it('a call whose steps are all granted, and that uses less than a head start at a time, never uses what is not held', () => {
    fc.assert(
      fc.property(
        schedules.map(bringsHeadStart),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 200 }),
        (steps, course) => {
          const start = steps.stepNanoUsd < steps.ceilingNanoUsd ? steps.stepNanoUsd : steps.ceilingNanoUsd;
          let state = run(start + steps.aheadNanoUsd, 0n);
          for (const part of course) {
            const piece = (steps.aheadNanoUsd * BigInt(Math.floor(part * 1_000))) / 1_000n;
            const usedNanoUsd = state.usedNanoUsd + piece;
            if (usedNanoUsd > steps.ceilingNanoUsd || state.attempts >= ENLARGEMENTS_AT_MOST) break;
            state = { ...state, usedNanoUsd };
            expect(state.usedNanoUsd).toBeLessThanOrEqual(state.heldNanoUsd);
            const step = planHoldStep(steps, state);
            expect(step.kind).not.toBe('exhausted');
            if (step.kind === 'enlarge')
              state = { ...state, heldNanoUsd: step.toNanoUsd, attempts: state.attempts + 1 };
          }
        },
      ),
    );
  });

  it('what is left when a call is cut is less than the reserve, and a refusal before that cuts nothing', () => {
    fc.assert(
      fc.property(schedules, amount(10n ** 12n), amount(10n ** 12n), fc.nat(70), (steps, held, used, attempts) => {
        const step = planHoldStep(steps, { heldNanoUsd: held, usedNanoUsd: used, attempts });
        const isCut = step.kind === 'exhausted' || (step.kind === 'enlarge' && step.elseExhausted);
        expect(isCut).toBe(held < steps.ceilingNanoUsd && held - used < steps.reserveNanoUsd);
      }),
    );
  });

  it('64 granted steps take a dollar to a million dollars', () => {
    const steps = { ...STEPS, ceilingNanoUsd: 10n ** 15n, stepNanoUsd: 10n ** 8n };
    let held = 10n ** 9n;
    let count = 0;
    for (; held < steps.ceilingNanoUsd; count += 1) {
      const step = planHoldStep(steps, run(held, held, count));
      if (step.kind !== 'enlarge') throw new Error(step.kind);
      held = step.toNanoUsd;
    }
    expect(count).toBeLessThanOrEqual(ENLARGEMENTS_AT_MOST);
  });
});
