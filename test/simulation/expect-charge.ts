import { createBillBook } from '../../src/simulator/bill.ts';
import { billAnswer } from '../../src/simulator/bill-answer.ts';
import type { RestedWorld } from './run-seed.ts';
import type { UpstreamCall } from './scripted-upstream.ts';

/** What a call may have been charged. */
export interface Expectation {
  fromNanoUsd: bigint;
  /** Undefined: as far as its hold went, which is judged by the journal. */
  toNanoUsd: bigint | undefined;
  why:
    | 'never asked'
    | 'failed, not billed'
    | 'whole, as billed'
    | 'broke off, estimated'
    | 'nothing came, in doubt'
    | 'its process died before its end';
}

const exactly = (amount: bigint, why: Expectation['why']): Expectation => ({
  fromNanoUsd: amount,
  toNanoUsd: amount,
  why,
});

/** By what crossed the border of the process, and when that died. */
export function expectCharge(world: RestedWorld, call: UpstreamCall | undefined): Expectation {
  if (call === undefined) return exactly(0n, 'never asked');
  const isSpooled = wasSpooled(world, call.number);
  if (!isSpooled && (call.end === undefined || !call.outlivedEnd)) return expectOfDead(world, call);
  const expected = expectOfEnded(world, call);
  return isSpooled || !mayHaveLostIts(world) ? expected : { ...expected, fromNanoUsd: 0n };
}

function expectOfEnded(world: RestedWorld, call: UpstreamCall): Expectation {
  const { end, givenBytes, hasGivenHeaders, billedNanoUsd } = call;
  const { truth, delivery } = call.answer;
  if (call.isUnreachable) return exactly(0n, 'failed, not billed');
  // Broken off by us before anything was said, it may be at work.
  if (end === 'aborted' && !hasGivenHeaders) return IN_DOUBT;
  if (truth === undefined) return exactly(0n, 'failed, not billed');
  if (isWhole(call)) return exactly(billedNanoUsd, 'whole, as billed');
  if (end === 'failed' && delivery.ending?.kind === 'error_event') return exactly(0n, 'failed, not billed');
  const isRelease = world.plan.policies.doubtfulEnds === 'release';
  if (end !== 'aborted' && givenBytes === 0 && isRelease) return exactly(0n, 'nothing came, in doubt');
  if (givenBytes < startOf(call)) return IN_DOUBT;
  // Cut for want of credit, what was withheld is the operator's; else what the API asks for what it sent, at least.
  const isCut = end === 'aborted' && world.plan.accounts.some(({ terms }) => terms.onExhausted === 'cut');
  return { fromNanoUsd: isCut ? priceOfStart(call) : billedNanoUsd, toNanoUsd: undefined, why: 'broke off, estimated' };
}

const IN_DOUBT: Expectation = { fromNanoUsd: 0n, toNanoUsd: undefined, why: 'nothing came, in doubt' };

/** Known to nobody, or as far as the answer had been reported; nothing where that is the policy. */
function expectOfDead(world: RestedWorld, call: UpstreamCall): Expectation {
  const why = 'its process died before its end';
  if (world.plan.policies.orphanedCalls === 'release' && !call.outlivedEnd) return exactly(0n, why);
  // The usage stands towards the end of the first event.
  if (call.givenBytes < startOf(call) / 2) return exactly(0n, why);
  return { fromNanoUsd: 0n, toNanoUsd: undefined, why };
}

/** The last figures have come: what happens after them changes nothing. */
function isWhole({ answer, givenBytes, end }: UpstreamCall): boolean {
  const total = answer.frames.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (!answer.streaming) return end === 'ended' && givenBytes === total;
  const last = answer.frames.findIndex(({ type }) => type === 'message_delta');
  return givenBytes >= answer.frames.slice(0, last + 1).reduce((sum, { bytes }) => sum + bytes.length, 0);
}

/** Bytes after which the prompt's cost is known. */
function startOf({ answer }: UpstreamCall): number {
  return answer.frames[0]?.bytes.length ?? 0;
}

function priceOfStart({ answer }: UpstreamCall): bigint {
  return answer.streaming && answer.truth !== undefined ? priceStart(answer.truth) : 0n;
}

function wasSpooled({ places }: RestedWorld, number: number): boolean {
  const name = `"session_id":"call-${number}"`;
  return places.some(({ disk }) => disk.history.some((lines) => hasPut(lines, name)));
}

/** What the next process makes of a mark: not the end of the call. */
const ORPHANED = '"reason":"process_ended"';

function hasPut(lines: string, name: string): boolean {
  return lines
    .split('\n')
    .some((line) => line.slice(9).startsWith('{"put"') && line.includes(name) && !line.includes(ORPHANED));
}

/** A full disk keeps ends of calls in memory alone. */
function mayHaveLostIts({ plan }: RestedWorld): boolean {
  return plan.events.some(({ kind }) => kind === 'disk_full') && plan.events.some(({ kind }) => kind === 'kill');
}

/** The upstream's price of no more than a part of an answer. */
function priceStart(truth: Parameters<typeof billAnswer>[0]): bigint {
  const owed = billAnswer(truth, 'cut', { begun: true, complete: false, share: 0 }, 'generated_so_far');
  return createBillBook(1).record({ requestId: '', status: 200, ...owed }).amountNanoUsd;
}
