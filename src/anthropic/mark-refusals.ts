import type { UsagePass } from '../domain/usage.ts';
import type { AnswerFacts } from './answer-facts.ts';

/**
 * Marks the passes in which a model declined, for pricing to judge.
 *
 * Each hop of a fallback chain ends a run of passes at one model: the run's last pass is the one that declined. Where
 * runs and hops do not fit together nothing is marked, and every pass is billed. A final `refusal` belongs to the last
 * pass.
 */
export function markRefusals(passes: readonly UsagePass[], facts: AnswerFacts): void {
  const runs = attemptRuns(passes);
  if (runs.length > facts.hops.length) {
    facts.hops.forEach((hop, index) => {
      const declined = runs[index]?.at(-1);
      if (declined !== undefined) declined.refusal = { category: hop.category, beforeOutput: hop.beforeOutput };
    });
  }
  if (facts.stopReason !== 'refusal') return;
  const last = runs.at(-1)?.at(-1);
  if (last !== undefined) last.refusal = { category: facts.stopCategory, beforeOutput: !facts.outputSinceHop };
}

/** The passes that wrote the answer, in runs of one model. */
function attemptRuns(passes: readonly UsagePass[]): UsagePass[][] {
  const runs: UsagePass[][] = [];
  for (const pass of passes) {
    if (pass.kind !== 'message' && pass.kind !== 'fallback_message') continue;
    const run = runs.at(-1);
    if (run?.[0]?.model === pass.model) run.push(pass);
    else runs.push([pass]);
  }
  return runs;
}
