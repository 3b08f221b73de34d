import { isSecretName, MASK } from './mask-secrets.ts';

const STRING_CHARACTERS_AT_MOST = 1_000;
const NAME_CHARACTERS_AT_MOST = 100;
const STACK_CHARACTERS_AT_MOST = 4_000;
const DEPTH_AT_MOST = 5;
const VALUES_AT_MOST = 200;

/** Fields that fastify logs as instances and turns into plain ones by its own serializers. */
const SERIALIZED_LATER: readonly string[] = ['req', 'res'];

/** The fields of one log line, bounded in length, depth and number, and without the values of secret names. */
export function boundFields(fields: { readonly [name: string]: unknown }): { [name: string]: unknown } {
  const budget = { values: VALUES_AT_MOST };
  const bounded: { [name: string]: unknown } = {};
  for (const [name, value] of Object.entries(fields)) {
    if (budget.values <= 0) break;
    if (SERIALIZED_LATER.includes(name) && !isPlain(value)) bounded[name] = value;
    else bounded[boundName(name)] = isSecretName(name) ? MASK : boundValue(value, 1, budget);
  }
  return bounded;
}

function boundName(name: string): string {
  return clipText(name, NAME_CHARACTERS_AT_MOST);
}

/** A text, cut to so many characters with the number left out. */
export function clipText(text: string, charactersAtMost: number): string {
  if (text.length <= charactersAtMost) return text;
  return `${text.slice(0, charactersAtMost).toWellFormed()}... (${text.length - charactersAtMost} more)`;
}

function boundValue(value: unknown, depth: number, budget: { values: number }): unknown {
  budget.values -= 1;
  if (budget.values < 0) return '[left out]';
  if (typeof value === 'string') return clipText(value, STRING_CHARACTERS_AT_MOST);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`;
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEPTH_AT_MOST) return '[deep]';
  if (value instanceof Error) return boundError(value, depth, budget);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '[bad date]' : value.toISOString();
  if (Array.isArray(value)) return boundItems(value, depth, budget);
  if (!isPlain(value)) return `[${value.constructor?.name ?? 'object'}]`;
  return Object.fromEntries(boundEntries(Object.entries(value), depth, budget));
}

function boundItems(items: readonly unknown[], depth: number, budget: { values: number }): unknown[] {
  const bounded: unknown[] = [];
  for (const item of items) {
    if (budget.values <= 0) break;
    bounded.push(boundValue(item, depth + 1, budget));
  }
  return bounded;
}

function boundEntries(
  entries: readonly [string, unknown][],
  depth: number,
  budget: { values: number },
): [string, unknown][] {
  const bounded: [string, unknown][] = [];
  for (const [name, value] of entries) {
    if (budget.values <= 0) break;
    bounded.push([boundName(name), isSecretName(name) ? MASK : boundValue(value, depth + 1, budget)]);
  }
  return bounded;
}

/** Type, message, code, stack and cause: what an error is, and nothing that a library hung on it (requests, options). */
function boundError(error: Error, depth: number, budget: { values: number }): { [name: string]: unknown } {
  return {
    type: clipText(error.name, STRING_CHARACTERS_AT_MOST),
    message: clipText(error.message, STRING_CHARACTERS_AT_MOST),
    ...('code' in error && typeof error.code === 'string' ? { code: clipText(error.code, 100) } : {}),
    ...(error.stack === undefined ? {} : { stack: clipText(error.stack, STACK_CHARACTERS_AT_MOST) }),
    ...(error.cause === undefined ? {} : { cause: boundValue(error.cause, depth + 1, budget) }),
  };
}

function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || Array.isArray(value);
}
