/** What a record of an organisation may refer to by its name. `installation`: a channel of the installation. */
export type Referable = 'team' | 'member' | 'key' | 'quota' | 'channel' | 'installation';

/** One record named by another of the same account. */
export interface Reference {
  readonly refer: Referable;
  /** Undefined in a file that names it by id, and before the names of the store's records are known. */
  readonly name?: string | undefined;
  /** Undefined where the record is not there yet. */
  readonly id?: string | undefined;
}

/** Prices of an account's own, as the admin API takes and shows them; no multiplier and no overrides: list prices. */
export interface Prices {
  readonly multiplier: string | null;
  readonly overrides: readonly { readonly [field: string]: string }[];
}

/** What a field holds. Amounts, times and lists are in one form each, so that equal values are written alike. */
export type Value = string | number | boolean | null | List | Reference | Prices;
type List = readonly string[] | readonly number[] | readonly Reference[];

export type Values = { readonly [field: string]: Value };

export function isReference(value: Value | undefined): value is Reference {
  return typeof value === 'object' && value !== null && 'refer' in value;
}

/** An empty list is one of them. */
export function isReferences(value: Value | undefined): value is readonly Reference[] {
  return Array.isArray(value) && value.every((item: Value) => isReference(item));
}

/** The same for equal values: a reference by its record, whatever that is called. */
export function keyOf(value: Value | undefined): string {
  // An alert goes to its channels in no order.
  if (isReferences(value)) return JSON.stringify(value.map(keyOf).sort());
  if (!isReference(value)) return JSON.stringify(value ?? null);
  return value.id === undefined ? `new ${value.refer} ${value.name}` : value.id;
}

/** For people. */
export function showValue(value: Value | undefined): string {
  if (value === null || value === undefined) return 'none';
  if (isReference(value)) return showReference(value);
  if (typeof value !== 'object') return `${value}`;
  return isList(value) ? value.map(showValue).join(', ') || 'none' : showPrices(value);
}

function showReference({ refer, name, id = '' }: Reference): string {
  if (name === undefined) return id;
  return refer === 'installation' ? `${name} of the installation` : name;
}

function isList(value: List | Prices): value is List {
  return Array.isArray(value);
}

function showPrices({ multiplier, overrides }: Prices): string {
  const parts = [
    ...(multiplier === null ? [] : [`multiplier ${multiplier}`]),
    ...overrides.map((override) => Object.values(override).join(' ')),
  ];
  return parts.join('; ') || 'list prices';
}
