import type { Metrics } from '../observability/metrics.ts';
import type { AlertEvent } from './raise-alerts.ts';

const MODEL_CHARACTERS = 100;

/** The same metrics, of which what operators want to be told of is raised besides. */
export function observeMetrics(metrics: Metrics, raise: (event: AlertEvent) => void): Metrics {
  return {
    ...metrics,
    unpricedRequest(stage, model) {
      metrics.unpricedRequest(stage, model);
      const data = model === undefined ? {} : { model: model.slice(0, MODEL_CHARACTERS) };
      raise({ kind: 'unpriced_model', reason: stage, data });
    },
    usageMissing(reason) {
      metrics.usageMissing(reason);
      // A call that was broken off has no usage as a rule, and nobody can mend that.
      if (reason !== 'interrupted') raise({ kind: 'usage_missing', reason });
    },
    upstreamRefused(reason) {
      metrics.upstreamRefused(reason);
      raise({ kind: 'upstream_credit', reason });
    },
    ledgerReconciled(accountId, driftNanoUsd, agrees) {
      metrics.ledgerReconciled(accountId, driftNanoUsd, agrees);
      if (agrees) raise({ kind: 'ledger_drift', accountId, reason: 'differs', isOver: true });
    },
  };
}
