import type { NanoUsd } from '../domain/money.ts';
import type { CallFacts, CallProgress } from './metered-call.ts';
import type { OpenCallView } from './open-calls.ts';
import type { OutputRatios } from './output-ratios.ts';

/** How an open call stands. An answer reports its output at its end: until then it is estimated from what was seen. */
export function viewOpenCall(
  facts: CallFacts,
  heldNanoUsd: NanoUsd | undefined,
  progress: CallProgress | undefined,
  outputRatios: Pick<OutputRatios, 'find'>,
): OpenCallView {
  const { principal, request, model } = facts;
  const passes = progress?.usage?.passes.map(({ tokens }) => tokens);
  const reported = passes?.reduce((sum, { output }) => sum + output, 0) ?? 0;
  const seen =
    progress === undefined
      ? 0
      : Math.ceil((progress.visibleCharacters * 100) / outputRatios.find(model.id, progress.content));
  return {
    requestId: facts.requestId,
    keyId: principal.key.id,
    teamId: principal.team?.id,
    memberId: principal.member?.id,
    model: request.model,
    startedAtMs: facts.admittedAtMs,
    heldNanoUsd: heldNanoUsd ?? facts.heldNanoUsd,
    inputTokens: passes?.reduce(
      (sum, each) => sum + each.input + each.cacheRead + each.cacheWrite5m + each.cacheWrite1h,
      0,
    ),
    outputTokens: Math.max(reported, seen),
  };
}
