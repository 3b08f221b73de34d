import type { NanoUsd } from '../../domain/money.ts';
import { USAGE_CLASSES, type UsageClass } from '../../domain/usage.ts';
import type { AccountsGroup, AccountsRow } from '../../reports/accounts-rows.ts';
import { costOf } from '../../reports/report-counts.ts';
import { type ConsoleQuery, writePage } from './console-query.ts';

/** Buckets in a row, those without anything included, as the API answers. */
export function presentBuckets(
  { fromMs, toMs, bucketMs, nextMs }: ConsoleQuery,
  rows: readonly AccountsRow[],
  present: (row: AccountsRow) => object[],
) {
  const data = [];
  const byStart = Map.groupBy(rows, ({ startsAtMs }) => startsAtMs);
  for (let startMs = fromMs; startMs < toMs; startMs += bucketMs) {
    data.push({
      starting_at: writeSecond(startMs),
      ending_at: writeSecond(startMs + bucketMs),
      results: (byStart.get(startMs) ?? []).flatMap(present),
    });
  }
  return { data, has_more: nextMs !== undefined, next_page: nextMs === undefined ? null : writePage(nextMs) };
}

/** What is not known is null, as what is not grouped by; a speed is told only to whoever groups by it. */
export function presentUsageResult(row: AccountsRow, groupBy: ReadonlySet<AccountsGroup>): object {
  const { account, model, key, counts } = row;
  return {
    uncached_input_tokens: Number(counts.input),
    cache_creation: {
      ephemeral_1h_input_tokens: Number(counts.cache_write_1h),
      ephemeral_5m_input_tokens: Number(counts.cache_write_5m),
    },
    cache_read_input_tokens: Number(counts.cache_read),
    output_tokens: Number(counts.output),
    server_tool_use: { web_search_requests: Number(counts.web_search) },
    api_key_id: key,
    workspace_id: account,
    model,
    ...presentTraits(row),
    ...(groupBy.has('speed') ? { speed: row.speed } : {}),
    ...{ account_id: null, service_account_id: null },
  };
}

function presentTraits({ serviceTier, contextWindow, inferenceGeo }: AccountsRow) {
  return { service_tier: serviceTier, context_window: contextWindow, inference_geo: inferenceGeo };
}

const TOKEN_TYPES: Record<Exclude<UsageClass, 'web_search'>, [type: string, words: string]> = {
  input: ['uncached_input_tokens', 'Input Tokens'],
  cache_write_5m: ['cache_creation.ephemeral_5m_input_tokens', 'Input Tokens, Cache Write 5m'],
  cache_write_1h: ['cache_creation.ephemeral_1h_input_tokens', 'Input Tokens, Cache Write 1h'],
  cache_read: ['cache_read_input_tokens', 'Input Tokens, Cache Read'],
  output: ['output_tokens', 'Output Tokens'],
};

/** All in one, what was given back taken off. */
export function presentCost({ account, inferenceGeo, counts }: AccountsRow): object[] {
  return [costResult(account, costOf(counts) - counts.refunded, { inference_geo: inferenceGeo })];
}

/** Line by line; the lines add up to what {@link presentCost} says. */
export function presentCostLines(row: AccountsRow): object[] {
  const { account, model, counts } = row;
  const name = model ?? 'Unknown model';
  const tokens = { cost_type: 'tokens', model, ...presentTraits(row) };
  const lines: [NanoUsd, object][] = [
    ...USAGE_CLASSES.map((each): [NanoUsd, object] => {
      if (each === 'web_search')
        return [counts.cost_web_search, { cost_type: 'web_search', description: 'Web Search Usage' }];
      const [type, words] = TOKEN_TYPES[each];
      return [counts[`cost_${each}`], { ...tokens, token_type: type, description: `${name} Usage - ${words}` }];
    }),
    [counts.cost_other, { ...tokens, description: `${name} Usage` }],
    [counts.corrected, { ...tokens, description: `${name} Corrections` }],
    [-counts.refunded, { ...tokens, description: `${name} Refunds` }],
  ];
  return lines.filter(([amount]) => amount !== 0n).map(([amount, line]) => costResult(account, amount, line));
}

function costResult(account: string | null, amountNanoUsd: NanoUsd, line: object): object {
  return {
    currency: 'USD',
    amount: formatCents(amountNanoUsd),
    workspace_id: account,
    ...{ description: null, cost_type: null, model: null, token_type: null },
    ...{ service_tier: null, context_window: null, inference_geo: null },
    ...line,
  };
}

/** Cents as a decimal string, exact: 10^7 nano-dollars are a cent. */
function formatCents(amountNanoUsd: NanoUsd): string {
  const magnitude = amountNanoUsd < 0n ? -amountNanoUsd : amountNanoUsd;
  const rest = (magnitude % 10_000_000n).toString().padStart(7, '0').replace(/0+$/, '');
  return `${amountNanoUsd < 0n ? '-' : ''}${magnitude / 10_000_000n}${rest === '' ? '' : `.${rest}`}`;
}

function writeSecond(atMs: number): string {
  return new Date(atMs).toISOString().replace('.000Z', 'Z');
}
