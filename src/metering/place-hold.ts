import type { Principal } from '../directory/directory.ts';
import { type SmallerHold, sizeHoldSteps, sizeSmallerHold } from '../domain/hold-size.ts';
import type { HoldSteps } from '../domain/hold-steps.ts';
import { MAX_NANO_USD, type NanoUsd } from '../domain/money.ts';
import type { HoldCommand, HoldReply } from '../ledger/ledger.ts';
import { type HoldPlan, isWorthCounting, tightenPlan } from './plan-hold.ts';
import type { PricedRequest } from './price-request.ts';

/**
 * Asks the API how many tokens the prompt has, which is free. Answers undefined where it does not say so in a short
 * time. Never rejects.
 */
export type CountPrompt = () => Promise<number | undefined>;

export interface HoldRequest {
  principal: Principal;
  priced: PricedRequest;
  plan: HoldPlan;
  /** For the whole plan. */
  command: HoldCommand;
  countPrompt: CountPrompt | undefined;
  atMs: number;
}

/** How the call is to be watched while it runs, since what is held may not do. */
export interface HoldWatchTerms {
  steps: HoldSteps;
  promptNanoUsd: NanoUsd;
}

export interface PlacedHold {
  /** The last command sent, and what was said to it; undefined: the ledger did not answer. */
  command: HoldCommand;
  reply: HoldReply | undefined;
  /** Undefined where what is held cannot be overrun, or nothing can be seen of the call before its end. */
  watch: HoldWatchTerms | undefined;
}

type Send = (command: HoldCommand) => Promise<HoldReply | undefined>;

/**
 * Holds what a call may cost. One command, which was sent already, where there is room for the whole; only when there is
 * not, the prompt is counted, if that can help, and then, where the account lets its calls run on less, a smaller hold
 * is made.
 * @param reply to the command for the whole; undefined: the ledger did not answer.
 * @returns at once unless there is more to ask.
 */
export function placeHold(
  send: Send,
  asked: HoldRequest,
  reply: HoldReply | undefined,
): PlacedHold | Promise<PlacedHold> {
  const watch = asked.plan.open.length > 0 ? watchOf(asked, asked.plan, MAX_NANO_USD) : undefined;
  const whole = { command: asked.command, reply, watch };
  const room = reply === undefined ? undefined : findRoom(asked.command, reply);
  return room === undefined ? whole : placeInRoom(send, asked, whole, room);
}

async function placeInRoom(send: Send, asked: HoldRequest, whole: PlacedHold, room: Room): Promise<PlacedHold> {
  const { priced, atMs } = asked;
  const smaller = maySmaller(asked) ? sizeSmallerHold(priced.card, asked.plan.request, atMs) : undefined;
  const plan = await countWhere(asked, smaller, room);
  const counted = plan === asked.plan ? whole : await sendPlan(send, asked, plan, room, whole);
  if (counted.reply === undefined || findRoom(counted.command, counted.reply) === undefined) return counted;
  return smaller === undefined ? counted : holdLess(send, asked, plan, counted);
}

/** Where a call is short of, and how much there is of it. */
interface Room {
  nanoUsd: NanoUsd;
  tokens: bigint;
}

const MUCH = 1n << 62n;

/** @returns undefined for every reply but a shortage of credit, dollars or tokens. */
function findRoom({ cells }: HoldCommand, reply: HoldReply): Room | undefined {
  if (reply.result === 'insufficient_credit') return { nanoUsd: reply.availableNanoUsd, tokens: MUCH };
  if (reply.result !== 'quota_exceeded' || reply.limit === 0n) return undefined;
  const measure = cells.find(({ quotaId }) => quotaId === reply.quotaId)?.measure;
  if (measure === 'usd') return { nanoUsd: reply.room, tokens: MUCH };
  return measure === 'tokens' ? { nanoUsd: MUCH, tokens: reply.room } : undefined;
}

/** A stream can be watched and cut; an answer that comes whole cannot, and may only run on into debt. */
function maySmaller({ principal, plan }: HoldRequest): boolean {
  const { onExhausted } = principal.account;
  return onExhausted === 'finish' || (onExhausted === 'cut' && plan.request.stream);
}

async function countWhere(asked: HoldRequest, smaller: SmallerHold | undefined, room: Room): Promise<HoldPlan> {
  const { plan, priced, atMs, countPrompt } = asked;
  if (countPrompt === undefined || !isWorthCounting(plan, priced, smaller, room, atMs)) return plan;
  const countedTokens = await countPrompt();
  if (countedTokens === undefined) return plan;
  return tightenPlan(plan, priced, countedTokens, atMs) ?? plan;
}

async function sendPlan(
  send: Send,
  asked: HoldRequest,
  plan: HoldPlan,
  room: Room,
  whole: PlacedHold,
): Promise<PlacedHold> {
  if (plan.amountNanoUsd > room.nanoUsd || plan.tokens > room.tokens) return whole;
  const command = { ...asked.command, amountNanoUsd: plan.amountNanoUsd, tokens: plan.tokens };
  return { command, reply: await send(command), watch: undefined };
}

async function holdLess(send: Send, asked: HoldRequest, plan: HoldPlan, refused: PlacedHold): Promise<PlacedHold> {
  const { priced, atMs } = asked;
  const size = sizeSmallerHold(priced.card, plan.request, atMs);
  if (size === undefined) return refused;
  const ceilingNanoUsd = plan.open.length > 0 ? MAX_NANO_USD : plan.amountNanoUsd;
  const watch = watchOf(asked, plan, ceilingNanoUsd);
  let last = refused;
  let tokens = size.tokens;
  for (let attempt = 0; attempt < LESSER_ATTEMPTS; attempt += 1) {
    const room = last.reply === undefined ? undefined : findRoom(last.command, last.reply);
    if (last.reply === undefined || room === undefined) break;
    if (size.minNanoUsd > room.nanoUsd || size.minTokens > room.tokens) return tellLeast(last, last.reply, size);
    if (room.tokens < tokens) tokens = room.tokens;
    else if (attempt > 0) break;
    const { amountNanoUsd, minNanoUsd } = size;
    const command = { ...asked.command, amountNanoUsd, minNanoUsd, tokens };
    last = { command, reply: await send(command), watch };
  }
  return last;
}

/** Where several token quotas are short, each refusal tells the room of one of them. */
const LESSER_ATTEMPTS = 3;

/** What the caller needs is the least that would have done. */
function tellLeast(refused: PlacedHold, reply: HoldReply, { minNanoUsd, minTokens }: SmallerHold): PlacedHold {
  const { minNanoUsd: _, ...rest } = refused.command;
  const command = { ...rest, amountNanoUsd: minNanoUsd, tokens: minTokens };
  return {
    ...refused,
    command,
    reply: 'neededNanoUsd' in reply ? { ...reply, neededNanoUsd: minNanoUsd } : reply,
    watch: undefined,
  };
}

function watchOf({ priced, atMs }: HoldRequest, plan: HoldPlan, ceilingNanoUsd: NanoUsd): HoldWatchTerms | undefined {
  if (!plan.request.stream) return undefined;
  const steps = sizeHoldSteps(priced.card, plan.request, ceilingNanoUsd, atMs);
  const size = sizeSmallerHold(priced.card, plan.request, atMs);
  return steps === undefined || size === undefined ? undefined : { steps, promptNanoUsd: size.promptNanoUsd };
}
