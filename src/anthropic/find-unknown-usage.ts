import { objectOf, type RawUsage } from './message-usage.ts';

/** The members of a usage object that are read, or known to cost nothing; with an object: those of the member. */
const KNOWN_COUNTS: readonly KnownMember[] = [
  ['input_tokens', true],
  ['output_tokens', true],
  ['cache_creation_input_tokens', true],
  ['cache_read_input_tokens', true],
  ['cache_creation', known('ephemeral_5m_input_tokens', 'ephemeral_1h_input_tokens')],
];
const KNOWN: Known = new Map([
  ...KNOWN_COUNTS,
  ['output_tokens_details', known('thinking_tokens')],
  ['server_tool_use', known('web_search_requests', 'web_fetch_requests', 'tool_search_requests')],
  ['service_tier', true],
  ['inference_geo', true],
  ['speed', true],
  ['iterations', true],
  ['fallback_credit', true],
]);
const KNOWN_IN_ITERATION: Known = new Map([
  ...KNOWN_COUNTS,
  ['type', true],
  ['model', true],
  ['output_tokens_details', true],
]);

/** Maps, since the names looked up are the answer's own. */
type Known = ReadonlyMap<string, true | Known>;
type KnownMember = readonly [name: string, members: true | Known];

function known(...names: string[]): Known {
  return new Map(names.map((name) => [name, true]));
}

/**
 * What a usage object has that nothing here knows: perhaps something new that is billed. Members that say nothing
 * (null, zero) are left out.
 * @returns undefined where there is none.
 */
export function findUnknownUsage(reported: RawUsage): { [name: string]: unknown } | undefined {
  const unknown = pickUnknown(reported, KNOWN);
  if (!Array.isArray(reported.iterations)) return unknown;
  const inPasses = reported.iterations.map((pass) => pickUnknown(objectOf(pass) ?? {}, KNOWN_IN_ITERATION));
  if (inPasses.every((found) => found === undefined)) return unknown;
  return { ...unknown, iterations: inPasses.map((found) => found ?? {}) };
}

function pickUnknown(source: RawUsage, known: Known): { [name: string]: unknown } | undefined {
  let unknown: { [name: string]: unknown } | undefined;
  for (const name in source) {
    const value = source[name];
    if (value === null || value === 0) continue;
    const members = known.get(name);
    if (members === true) continue;
    const inner = members === undefined ? undefined : objectOf(value);
    const found = members === undefined ? value : inner && pickUnknown(inner, members);
    if (found === undefined) continue;
    unknown ??= {};
    unknown[name] = found;
  }
  return unknown;
}
