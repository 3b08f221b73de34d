import { larger, type NanoUsd, smaller } from './money.ts';

/** How a running call's hold grows, in nano-dollars. */
export interface HoldSteps {
  /** The hold never grows beyond it. */
  ceilingNanoUsd: NanoUsd;
  /** The least an enlargement adds. */
  stepNanoUsd: NanoUsd;
  /** An enlargement is due when less than this is left of the hold. */
  aheadNanoUsd: NanoUsd;
  /** When less than this is left and no more can be had, the hold is exhausted. Below `aheadNanoUsd`. */
  reserveNanoUsd: NanoUsd;
}

export interface HoldRun {
  heldNanoUsd: NanoUsd;
  /** As estimated so far; it may have passed what is held. */
  usedNanoUsd: NanoUsd;
  /** Enlargements asked for, whatever came of them. */
  attempts: number;
}

export type HoldStep =
  | { kind: 'enough' }
  /** Ask for a hold of this much in all. If it is refused, the hold is exhausted where `elseExhausted`. */
  | { kind: 'enlarge'; toNanoUsd: NanoUsd; elseExhausted: boolean }
  | { kind: 'exhausted' };

/** Enlargements asked for in one call's life. Each grows the hold by a quarter: 64 take $1 past $1,000,000. */
export const ENLARGEMENTS_AT_MOST = 64;
const GROWTH_PARTS = 4n;

/** What to do about a running call's hold. */
export function planHoldStep(steps: HoldSteps, { heldNanoUsd, usedNanoUsd, attempts }: HoldRun): HoldStep {
  if (heldNanoUsd >= steps.ceilingNanoUsd) return { kind: 'enough' };
  const leftNanoUsd = heldNanoUsd - usedNanoUsd;
  if (leftNanoUsd >= steps.aheadNanoUsd) return { kind: 'enough' };
  const isLow = leftNanoUsd < steps.reserveNanoUsd;
  if (attempts >= ENLARGEMENTS_AT_MOST) return { kind: isLow ? 'exhausted' : 'enough' };
  const base = larger(heldNanoUsd, usedNanoUsd);
  const wanted = base + larger(steps.stepNanoUsd, heldNanoUsd / GROWTH_PARTS);
  return { kind: 'enlarge', toNanoUsd: smaller(wanted, steps.ceilingNanoUsd), elseExhausted: isLow };
}

/**
 * What to ask for where a whole enlargement was refused: all the room there is.
 * @returns undefined when that would not lift the call out of its reserve.
 */
export function planSmallerStep(
  steps: HoldSteps,
  { heldNanoUsd, usedNanoUsd, attempts }: HoldRun,
  roomNanoUsd: NanoUsd,
): NanoUsd | undefined {
  if (attempts >= ENLARGEMENTS_AT_MOST || roomNanoUsd < steps.reserveNanoUsd) return undefined;
  const toNanoUsd = smaller(heldNanoUsd + roomNanoUsd, steps.ceilingNanoUsd);
  return toNanoUsd > heldNanoUsd && toNanoUsd - usedNanoUsd >= steps.reserveNanoUsd ? toNanoUsd : undefined;
}
