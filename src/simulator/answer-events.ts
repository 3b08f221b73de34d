import type { JsonObject } from './json-value.ts';
import type { AnswerPlan } from './plan-answer.ts';
import { selectDeltaUsage } from './plan-usage.ts';
import type { PlannedBlock } from './planned-blocks.ts';
import type { SimulatedEvent } from './scenario-types.ts';

/** Writes a planned answer as the events of a stream, in the API's order: a ping follows the first block's start. */
export function writeAnswerEvents(plan: AnswerPlan): SimulatedEvent[] {
  const total = plan.blocks.reduce((sum, block) => sum + block.tokens, 0);
  const events = [createEvent({ type: 'message_start', message: writeMessageStart(plan) }, 0)];
  let before = 0;
  for (const [index, block] of plan.blocks.entries()) {
    events.push(...writeBlockEvents(block, index, (part) => share(before + block.tokens * part, total)));
    if (index === 0) events.splice(2, 0, createEvent({ type: 'ping' }, 0));
    before += block.tokens;
  }
  const { stopReason, stopSequence, stopDetails, usage } = plan;
  const delta = { stop_reason: stopReason, stop_sequence: stopSequence, stop_details: stopDetails };
  events.push(createEvent({ type: 'message_delta', delta, usage: selectDeltaUsage(usage.final) }, 1));
  events.push(createEvent({ type: 'message_stop' }, 1));
  return events;
}

/** Writes a planned answer as a JSON message. */
export function writeAnswerMessage(plan: AnswerPlan): JsonObject {
  return {
    model: plan.model,
    id: plan.messageId,
    type: 'message',
    role: 'assistant',
    content: plan.blocks.map((block) => block.whole),
    stop_reason: plan.stopReason,
    stop_sequence: plan.stopSequence,
    stop_details: plan.stopDetails,
    usage: plan.usage.final,
  };
}

function share(tokens: number, total: number): number {
  return total === 0 ? 0 : Math.min(1, tokens / total);
}

function createEvent(data: JsonObject, generatedShare: number): SimulatedEvent {
  return { name: String(data.type), data, generatedShare };
}

function writeBlockEvents(block: PlannedBlock, index: number, shareAt: (part: number) => number): SimulatedEvent[] {
  const deltas = block.deltas.map((delta, place) =>
    createEvent({ type: 'content_block_delta', index, delta }, shareAt((place + 1) / block.deltas.length)),
  );
  return [
    createEvent({ type: 'content_block_start', index, content_block: block.start }, shareAt(0)),
    ...deltas,
    createEvent({ type: 'content_block_stop', index }, shareAt(1)),
  ];
}

function writeMessageStart(plan: AnswerPlan): JsonObject {
  return {
    model: plan.startModel,
    id: plan.messageId,
    type: 'message',
    role: 'assistant',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
    usage: plan.usage.start,
  };
}
