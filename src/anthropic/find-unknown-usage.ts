import { objectOf, type RawUsage } from './message-usage.ts';

/** The members of a usage object that are read, or known to cost nothing; with an object: those of the member. */
const KNOWN_COUNTS = {
  input_tokens: true,
  output_tokens: true,
  cache_creation_input_tokens: true,
  cache_read_input_tokens: true,
  cache_creation: { ephemeral_5m_input_tokens: true, ephemeral_1h_input_tokens: true },
} as const;
const KNOWN: Known = {
  ...KNOWN_COUNTS,
  output_tokens_details: { thinking_tokens: true },
  server_tool_use: { web_search_requests: true, web_fetch_requests: true, tool_search_requests: true },
  service_tier: true,
  inference_geo: true,
  speed: true,
  iterations: true,
  fallback_credit: true,
};
const KNOWN_IN_ITERATION: Known = { ...KNOWN_COUNTS, type: true, model: true, output_tokens_details: true };

type Known = { readonly [name: string]: true | { readonly [name: string]: true } };

/**
 * What a usage object has that nothing here knows: perhaps something new that is billed. Members that say nothing
 * (null, zero) are left out.
 * @returns undefined where there is none.
 */
export function findUnknownUsage(reported: RawUsage): { [name: string]: unknown } | undefined {
  const unknown = pickUnknown(reported, KNOWN);
  const passes = Array.isArray(reported.iterations) ? reported.iterations : [];
  const inPasses = passes.map((pass) => pickUnknown(objectOf(pass) ?? {}, KNOWN_IN_ITERATION));
  if (inPasses.some((found) => Object.keys(found).length > 0)) unknown.iterations = inPasses;
  return Object.keys(unknown).length === 0 ? undefined : unknown;
}

function pickUnknown(source: RawUsage, known: Known): { [name: string]: unknown } {
  const unknown: { [name: string]: unknown } = {};
  for (const [name, value] of Object.entries(source)) {
    if (value === null || value === 0) continue;
    const members = Object.hasOwn(known, name) ? known[name] : undefined;
    if (members === true) continue;
    const inner = objectOf(value);
    if (members === undefined || inner === undefined) {
      if (members === undefined) unknown[name] = value;
      continue;
    }
    const found = pickUnknown(inner, members);
    if (Object.keys(found).length > 0) unknown[name] = found;
  }
  return unknown;
}
