import type { ReportedUsage } from './call-outcome.ts';
import type { MessagesRequest } from './call-request.ts';
import type { NanoUsd } from './money.ts';
import type { ModelCard, RateCard } from './rate-card.ts';
import { type Settlement, settleOutcome } from './settlement.ts';

/** What is known of the items held together, when their results come: the requests themselves are not kept. */
export interface BatchItemTerms {
  /** The model they asked for. */
  model: ModelCard;
  card: RateCard;
  /** When the batch was created: its prices are those of that instant. */
  atMs: number;
  /** Of one item, on average. */
  heldNanoUsd: NanoUsd;
  /** Of one item, on average: bytes that may be prompt tokens. */
  promptBytes: number;
}

/**
 * Decides what a succeeded item of a batch is charged: by the usage of its message, at the batch's part of the price.
 * One without a usage is estimated by its visible characters and by the average prompt of its batch.
 */
export function settleBatchItem(terms: BatchItemTerms, reported: ReportedUsage): Settlement {
  const { model, card, atMs, heldNanoUsd } = terms;
  return settleOutcome({
    outcome: { kind: 'completed', status: 200, ...reported },
    request: averageRequest(terms),
    model,
    card,
    atMs,
    heldNanoUsd,
    // Its request may have had tools, which read the prompt again and again.
    isOpen: true,
    serviceTier: 'batch',
  });
}

const NONE = { base64: 0, base64Bytes: 0, remote: 0 };

function averageRequest({ model, promptBytes }: BatchItemTerms): MessagesRequest {
  return {
    model: model.id,
    maxTokens: Number.MAX_SAFE_INTEGER,
    stream: false,
    speed: undefined,
    inferenceGeo: undefined,
    serviceTier: undefined,
    cacheWrite: 'none',
    thread: undefined,
    fallbacks: [],
    tools: [],
    customTools: 0,
    mcpServers: 0,
    compaction: false,
    container: false,
    billsUserProfile: false,
    images: NONE,
    documents: NONE,
    bodyBytes: promptBytes,
    textBytes: promptBytes,
  };
}
