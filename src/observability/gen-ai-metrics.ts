import type { FinishedCall } from './finished-call.ts';
import type { MetricRegistry } from './metric-registry.ts';
import type { ModelLabels } from './model-label.ts';
import { sumTokens } from './sum-tokens.ts';

/**
 * The OpenTelemetry conventions for generative AI, as Prometheus names them (dots to underscores, unit as suffix).
 * Their status is "development": the names may change with them. Buckets are the conventions' own.
 * Source: open-telemetry/semantic-conventions-genai; the token usage histogram is of the older conventions, which
 * dashboards in the field still use.
 */
const DURATION_BUCKETS_SECONDS = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];
const TOKEN_BUCKETS = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864];

const OPERATION = 'chat';
const PROVIDER = 'anthropic';
const FIXED_LABELS = { gen_ai_operation_name: [OPERATION], gen_ai_provider_name: [PROVIDER] } as const;
/** The API reports one count for text, images and documents together. */
const MODALITY = 'unknown';
/** Empty is absent, to Prometheus: the call did not fail. */
const ERROR_TYPES = ['', 'upstream_error', 'interrupted', 'client_gone', 'not_sent'] as const;

export interface GenAiMetrics {
  observe(call: FinishedCall, model: string): void;
}

export function createGenAiMetrics(metrics: MetricRegistry, models: ModelLabels): GenAiMetrics {
  const tokens = createTokenMetrics(metrics, models);
  const durationLabels = { ...FIXED_LABELS, gen_ai_request_model: models.all, error_type: ERROR_TYPES };
  const duration = metrics.histogram({
    name: 'gen_ai_client_operation_duration_seconds',
    help: 'OpenTelemetry: duration of a metered call.',
    labels: durationLabels,
    aggregation: 'sum',
    buckets: DURATION_BUCKETS_SECONDS,
  });
  const firstChunk = metrics.histogram({
    name: 'gen_ai_client_operation_time_to_first_chunk_seconds',
    help: 'OpenTelemetry: time to the first chunk of the answer.',
    labels: { ...FIXED_LABELS, gen_ai_request_model: models.all },
    aggregation: 'sum',
    buckets: DURATION_BUCKETS_SECONDS,
  });
  return {
    observe(call, model) {
      const errorType = call.outcome === 'completed' ? '' : call.outcome;
      duration.at(OPERATION, PROVIDER, model, errorType).observe(call.durationMs / 1000);
      if (call.timeToFirstByteMs !== undefined)
        firstChunk.at(OPERATION, PROVIDER, model).observe(call.timeToFirstByteMs / 1000);
      tokens.observe(call, model);
    },
  };
}

function createTokenMetrics(metrics: MetricRegistry, models: ModelLabels) {
  const labels = { ...FIXED_LABELS, gen_ai_request_model: models.all, gen_ai_token_modality: ['unknown'] } as const;
  const counter = (name: string, help: string) =>
    metrics.tallied({ name, help: `OpenTelemetry: ${help}`, labels, aggregation: 'sum', zeroes: 'all' });
  const input = counter(
    'gen_ai_client_inference_usage_input_tokens_total',
    'billable input tokens, cached ones included.',
  );
  const output = counter(
    'gen_ai_client_inference_usage_output_tokens_total',
    'billable output tokens, thinking included.',
  );
  const cacheRead = counter(
    'gen_ai_client_inference_usage_cache_read_input_tokens_total',
    'input tokens read from a cache.',
  );
  const cacheWrite = counter(
    'gen_ai_client_inference_usage_cache_write_input_tokens_total',
    'input tokens written to a cache.',
  );
  const perCall = metrics.histogram({
    name: 'gen_ai_client_token_usage',
    help: 'OpenTelemetry (older name): tokens of a call, cached input included.',
    labels: { ...FIXED_LABELS, gen_ai_request_model: models.all, gen_ai_token_type: ['input', 'output'] },
    aggregation: 'sum',
    buckets: TOKEN_BUCKETS,
  });
  return {
    observe(call: FinishedCall, model: string): void {
      const used = sumTokens(call.receipt);
      const prompt = used.input + used.cacheRead + used.cacheWrite;
      input.at(OPERATION, PROVIDER, model, MODALITY).add(prompt);
      output.at(OPERATION, PROVIDER, model, MODALITY).add(used.output);
      cacheRead.at(OPERATION, PROVIDER, model, MODALITY).add(used.cacheRead);
      cacheWrite.at(OPERATION, PROVIDER, model, MODALITY).add(used.cacheWrite);
      if (call.receipt === undefined) return;
      perCall.at(OPERATION, PROVIDER, model, 'input').observe(prompt);
      perCall.at(OPERATION, PROVIDER, model, 'output').observe(used.output);
    },
  };
}
