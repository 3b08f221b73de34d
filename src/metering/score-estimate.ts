import { estimateOutput, sumOutput } from '../domain/estimate-usage.ts';
import type { Settlement } from '../domain/settlement.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { CallFacts } from './metered-call.ts';
import type { CallOutcome } from './metering-types.ts';
import type { OutputRatios } from './output-ratios.ts';

/** The ratio that the output of an answer is estimated by, as far as it was seen. */
export function findOutputRatio(ratios: OutputRatios, { card, model }: CallFacts, outcome: CallOutcome): number {
  if (outcome.kind !== 'completed' && outcome.kind !== 'interrupted') return ratios.find(model.id, 'text');
  const answering = card.byName.get(outcome.usage?.model ?? model.id) ?? model;
  return ratios.find(answering.id, outcome.content ?? 'text');
}

/**
 * Holds the output of a stream that came to its end against what it would have been estimated at, had it broken off
 * after its last character; then learns from it.
 */
export function scoreEstimate(
  metrics: Pick<Metrics, 'outputEstimated'>,
  ratios: OutputRatios,
  facts: CallFacts,
  outcome: CallOutcome,
  settlement: Settlement,
): void {
  if (outcome.kind !== 'completed' || !facts.request.stream || outcome.usage === undefined) return;
  if (settlement.action !== 'settle' || settlement.basis !== 'reported') return;
  const { usage, visibleCharacters, content = 'text' } = outcome;
  const outputTokens = sumOutput(usage);
  if (outputTokens === 0) return;
  const estimatedTokens = estimateOutput(facts.request, visibleCharacters, findOutputRatio(ratios, facts, outcome));
  metrics.outputEstimated({ model: usage.model, estimatedTokens, billedTokens: outputTokens });
  const answering = facts.card.byName.get(usage.model);
  // Advice, compaction and models that declined write what is not seen.
  if (answering !== undefined && usage.passes.length === 1)
    ratios.note(answering.id, content, { visibleCharacters, outputTokens });
}
