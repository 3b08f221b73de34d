/** A notice for people. */
export interface ReadableNotice {
  /** One line. */
  title: string;
  facts: readonly (readonly [name: string, value: string])[];
  isOver: boolean;
}

const TITLES: { readonly [type: string]: string } = {
  'balance.low': 'Balance low',
  'quota.used': 'Quota used',
  'burn.high': 'Spend is unusually high',
  'credit.expiring': 'Credit will expire',
  'reload.failed': 'Auto-reload failed',
  'model.unpriced': 'A model without a price',
  'usage.missing': 'An answer without its usage',
  'ledger.drift': 'Books and journal do not agree',
  'store.down': 'The store does not answer',
  'upstream.refused': 'The upstream refuses us',
  test: 'A test',
};
const RECOVERED = '.recovered';
const FACTS_AT_MOST = 20;
const VALUE_CHARACTERS = 300;

/** Reads any notice, those of other parts of the program among them; a fact has the name that it has in the notice. */
export function describeNotice(payload: string): ReadableNotice {
  const { type, data } = JSON.parse(payload) as { type: string; data: { [name: string]: unknown } };
  const isOver = type.endsWith(RECOVERED);
  const base = isOver ? type.slice(0, -RECOVERED.length) : type;
  const account = data.account as { name?: unknown; id?: unknown } | undefined;
  const subject = account === undefined ? '' : `: ${clip(account.name ?? account.id)}`;
  const facts = Object.entries(data).flatMap(([name, value]) => describeFact(name, value));
  return {
    title: `${isOver ? 'Over: ' : ''}${TITLES[base] ?? base}${subject}`,
    facts: facts.slice(0, FACTS_AT_MOST),
    isOver,
  };
}

function describeFact(name: string, value: unknown): [string, string][] {
  if (value === null || value === undefined) return [];
  if (name === 'account') return [['Account', clip((value as { id?: unknown }).id)]];
  if (name === 'alert') return [['Alert', clip((value as { id?: unknown }).id)]];
  if (Array.isArray(value)) return [[nameFact(name), `${value.length}`]];
  if (typeof value === 'object') return [];
  if (name.endsWith('_usd')) return [[nameFact(name.slice(0, -'_usd'.length)), `$${clip(value)}`]];
  if (name === 'share') return [['Share', `${Math.round(Number(value) * 1_000) / 10} %`]];
  return [[nameFact(name), clip(value)]];
}

/** "last_hour" becomes "Last hour". */
function nameFact(name: string): string {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function clip(value: unknown): string {
  const text = String(value);
  return text.length <= VALUE_CHARACTERS ? text : `${text.slice(0, VALUE_CHARACTERS)}...`;
}
