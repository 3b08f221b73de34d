import type { JsonScalar } from './json-scanner.ts';
import { REQUEST_NAMES, type RequestName } from './request-names.ts';
import type { Role } from './request-roles.ts';

type Kind = JsonScalar | 'object' | 'array';
type Rule = 'string' | 'count' | 'boolean' | 'list' | 'list_or_default' | 'dictionary';

/** Each member that is read for the price may only be what the API takes it for. The rest is left to the API. */
const ROOT_RULES: { readonly [name in RequestName]?: Rule } = {
  model: 'string',
  max_tokens: 'count',
  messages: 'list',
  stream: 'boolean',
  speed: 'string',
  inference_geo: 'string',
  service_tier: 'string',
  thread: 'dictionary',
  fallbacks: 'list_or_default',
  tools: 'list',
  mcp_servers: 'list',
  compaction: 'dictionary',
  context_management: 'dictionary',
  cache_control: 'dictionary',
  billing_policy: 'dictionary',
};
const TOOL_RULES: { readonly [name in RequestName]?: Rule } = {
  type: 'string',
  model: 'string',
  max_uses: 'count',
  max_tokens: 'count',
};
const FALLBACK_RULES: { readonly [name in RequestName]?: Rule } = {
  model: 'string',
  max_tokens: 'count',
  speed: 'string',
};
const RULES: { readonly [role in Role]?: { readonly [name in RequestName]?: Rule } } = {
  root: ROOT_RULES,
  tool: TOOL_RULES,
  fallback: FALLBACK_RULES,
  cache_control: { ttl: 'string' },
};
const REQUIRED: readonly RequestName[] = ['max_tokens', 'messages', 'model'];

/** Members whose scalar is read; of the others only the presence counts. */
export const READ_NAMES: ReadonlySet<RequestName> = new Set([
  'model',
  'max_tokens',
  'stream',
  'speed',
  'inference_geo',
  'service_tier',
  'fallbacks',
  'container',
  'type',
  'ttl',
  'max_uses',
  'bill_to',
  'file_id',
]);

/** Beyond any model's output and any number of tool uses; a count above it is refused. */
const LARGEST_COUNT = 1_000_000_000;

/**
 * Whether a member is of the kind the API expects.
 * @param value the scalar read, null for null and for containers.
 * @returns undefined, or the API's words for what is wrong.
 */
export function checkField(
  role: Role,
  name: RequestName,
  kind: Kind,
  value: string | number | boolean | null,
): string | undefined {
  const rule = RULES[role]?.[name];
  if (rule === undefined) return undefined;
  if (kind === 'null' && !(role === 'root' && REQUIRED.includes(name))) return undefined;
  const problem = findProblem(rule, kind, value);
  return problem === undefined ? undefined : `${placeOf(role)}${name}: ${problem}`;
}

/** @param seen bit i: the root has the member {@link REQUEST_NAMES}[i]. */
export function checkRequired(seen: number): string | undefined {
  const missing = REQUIRED.find((name) => (seen & (1 << REQUEST_NAMES.indexOf(name))) === 0);
  return missing === undefined ? undefined : `${missing}: Field required`;
}

function findProblem(rule: Rule, kind: Kind, value: string | number | boolean | null): string | undefined {
  switch (rule) {
    case 'string':
      return kind === 'string' ? undefined : 'Input should be a valid string';
    case 'boolean':
      return kind === 'true' || kind === 'false' ? undefined : 'Input should be a valid boolean';
    case 'list':
      return kind === 'array' ? undefined : 'Input should be a valid list';
    case 'list_or_default':
      return kind === 'array' || value === 'default' ? undefined : "Input should be a valid list or 'default'";
    case 'dictionary':
      return kind === 'object' ? undefined : 'Input should be a valid dictionary';
    case 'count':
      return findCountProblem(value);
  }
}

function findCountProblem(value: string | number | boolean | null): string | undefined {
  if (typeof value !== 'number' || !Number.isInteger(value)) return 'Input should be a valid integer';
  if (value < 0) return 'Input should be greater than or equal to 0';
  return value > LARGEST_COUNT ? `Input should be less than or equal to ${LARGEST_COUNT}` : undefined;
}

function placeOf(role: Role): string {
  if (role === 'tool') return 'tools.';
  if (role === 'fallback') return 'fallbacks.';
  return role === 'root' ? '' : `${role}.`;
}
