import type { JournalEntry } from '../../src/domain/credit/credit-types.ts';
import { expectSoundBooks } from '../ledger/ledger-conformance.ts';
import { type Expectation, expectCharge } from './expect-charge.ts';
import type { RestedWorld } from './run-seed.ts';
import type { UpstreamCall } from './scripted-upstream.ts';

/** What a seed came to. */
export interface Verdict {
  /** What is wrong, in words; none: all is as promised. */
  problems: string[];
  /** Calls by what was expected of them. */
  counts: Partial<Record<Expectation['why'], number>>;
  billedNanoUsd: bigint;
  chargedNanoUsd: bigint;
}

/** Holds a world at rest against the upstream's bill and the documents' promises. Knows nothing of how calls are metered. */
export async function judgeSeed(world: RestedWorld): Promise<Verdict> {
  const problems: string[] = [];
  const journals = new Map<number, JournalEntry[]>();
  for (const [index, { account }] of world.principals.entries()) {
    const journal = await world.ledger.readJournal(account.id, { afterSequence: 0, limit: 1_000_000 });
    journals.set(index, journal);
    await expectSoundBooks(world.ledger, account.id, world.storeNowMs).catch((error: Error) =>
      problems.push(error.message),
    );
    problems.push(...(await judgeAccount(world, index, journal)));
  }
  for (const [index, { disk }] of world.places.entries()) {
    if (disk.liveLines() > 0) problems.push(`${disk.liveLines()} lines are left in the spool of place ${index}`);
  }
  const verdict: Verdict = { problems, counts: {}, billedNanoUsd: 0n, chargedNanoUsd: 0n };
  const charges = findCharges([...journals.values()].flat());
  for (const { number } of world.plan.calls) judgeCall(world, number, charges.get(`call-${number}`) ?? [], verdict);
  return verdict;
}

function findCharges(journal: readonly JournalEntry[]): Map<string, JournalEntry[]> {
  const charges = new Map<string, JournalEntry[]>();
  for (const entry of journal) {
    if (entry.operation !== 'settle' && entry.operation !== 'late') continue;
    const name = String(entry.details?.session_id);
    charges.set(name, [...(charges.get(name) ?? []), entry]);
  }
  return charges;
}

function judgeCall(world: RestedWorld, number: number, charges: readonly JournalEntry[], verdict: Verdict): void {
  const asked = world.upstream.calls.filter((call) => call.number === number);
  const tell = (problem: string): void => void verdict.problems.push(`call ${number}: ${problem}`);
  if (asked.length > 1) tell(`asked of the upstream ${asked.length} times`);
  if (charges.length > 1) tell(`charged ${charges.length} times`);
  const [call] = asked;
  const charged = charges.reduce((sum, { amountNanoUsd }) => sum + amountNanoUsd, 0n);
  verdict.billedNanoUsd += call?.billedNanoUsd ?? 0n;
  verdict.chargedNanoUsd += charged;
  const expected = expectCharge(world, call);
  verdict.counts[expected.why] = (verdict.counts[expected.why] ?? 0) + 1;
  if (charged < expected.fromNanoUsd || (expected.toNanoUsd !== undefined && charged > expected.toNanoUsd))
    tell(`charged ${charged}, expected ${expected.fromNanoUsd} to ${expected.toNanoUsd} (${expected.why})`);
  if (call !== undefined && isBrokenDrain(world, call))
    tell('was aborted, and its account has answers read to their end');
  const told = /tollgate-cost-usd: ([\d.]+)/.exec(world.clients.get(number)?.received() ?? '')?.[1];
  if (told !== undefined && call?.outlivedEnd && BigInt(Math.round(Number(told) * 1e9)) !== charged)
    tell(`the client was told $${told}, and ${charged} was charged`);
}

/** Where nothing but the client's leaving could end it, an answer is read on for a while. */
function isBrokenDrain({ plan }: RestedWorld, call: UpstreamCall): boolean {
  const asked = plan.calls[call.number - 1];
  const terms = plan.accounts[asked?.account ?? -1]?.terms;
  if (
    plan.disconnectDrains < plan.calls.length ||
    plan.events.some(({ kind }) => kind === 'restart' || kind === 'terms')
  )
    return false;
  const isRead = terms?.onDisconnect === 'drain' && terms.onExhausted !== 'cut';
  return isRead && call.end === 'aborted' && call.endedAfterMs < DRAINED_AT_LEAST_MS;
}

/** The shortest of the limits that end a call from our side. */
const DRAINED_AT_LEAST_MS = 8_000;

/** Ends that one hold may come to, in order. */
const ENDS = new Set(['settle', 'release', 'reclaim', 'reclaim,late', 'reclaim,release']);

async function judgeAccount(world: RestedWorld, index: number, journal: readonly JournalEntry[]): Promise<string[]> {
  const problems: string[] = [];
  const id = world.principals[index]?.account.id ?? '';
  const balance = await world.ledger.readBalance(id);
  const held = new Map<string, bigint>();
  const ends = new Map<string, string[]>();
  let excess = 0n;
  for (const { operation, subjectId, postings, amountNanoUsd, details } of journal) {
    const taken = postings.filter(({ kind }) => kind === 'hold' || kind === 'debt_hold');
    const amount = taken.reduce((sum, posting) => sum + posting.amountNanoUsd, 0n);
    if (operation === 'hold' || operation === 'extend') held.set(subjectId, (held.get(subjectId) ?? 0n) + amount);
    if (!['settle', 'late', 'release', 'reclaim'].includes(operation)) continue;
    const isGrace = operation === 'late' && details?.grace === true;
    if (isGrace || operation === 'late') excess += amountNanoUsd;
    if (isGrace && !held.has(subjectId)) continue;
    ends.set(subjectId, [...(ends.get(subjectId) ?? []), operation]);
    const hold = held.get(subjectId) ?? 0n;
    if (operation !== 'settle' || amountNanoUsd <= hold) continue;
    excess += amountNanoUsd - hold;
    if (!world.indebted.has(index)) problems.push(`${id}: a call was charged ${amountNanoUsd} on a hold of ${hold}`);
  }
  for (const [holdId, how] of ends) {
    if (!held.has(holdId) && how.join() !== 'release') problems.push(`${id}: ${how.join()} without a hold`);
    else if (held.has(holdId) && !ENDS.has(how.join())) problems.push(`${id}: a hold ended by ${how.join()}`);
    if (how[0] === 'reclaim') problems.push(...judgeReclaim(world, holdId));
  }
  for (const holdId of held.keys()) if (!ends.has(holdId)) problems.push(`${id}: hold ${holdId} never ended`);
  if (balance === undefined) return [...problems, `${id}: no balance`];
  if (balance.heldNanoUsd !== 0n) problems.push(`${id}: ${balance.heldNanoUsd} is held at the end`);
  if (balance.debtNanoUsd > excess)
    problems.push(`${id}: a debt of ${balance.debtNanoUsd}, at most ${excess} is explained`);
  return problems;
}

/** With a store that never failed and a clock that never stepped, only a death leaves a hold behind. */
function judgeReclaim(world: RestedWorld, holdId: string): string[] {
  if (world.plan.seed % 4 !== 0) return [];
  const holder = world.store.holders.get(holdId) ?? '';
  return world.places.some(({ ended }) => ended.has(holder))
    ? []
    : [`hold ${holdId} was left behind by a living process`];
}
