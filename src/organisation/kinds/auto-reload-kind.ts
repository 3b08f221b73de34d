import { DEFAULT_HOURLY_LIMIT, findReloadFault } from '../../domain/credit/find-reload-fault.ts';
import { MAX_HOURLY_RELOADS, type ReloadMode } from '../../domain/credit/reload-state.ts';
import { parseUsd } from '../../domain/money.ts';
import type { ApiRecord, Field, Kind, NoteField } from '../kind.ts';
import { choiceField, readBoolean, readUsd, wholeField } from '../read-fields.ts';
import { showValue, type Value, type Values } from '../value.ts';

/** Terms that lie ready while it is off cannot be set, and are not the file's. */
function termField(name: string, read: Field['read']): Field {
  return { name, read, fromApi: (record) => (isWanted(record) ? ((record[name] ?? null) as Value) : null) };
}

/** Turned off by declines it is still wanted: an apply must not ask again and again for what is declined. */
function isWanted({ enabled, disabled_reason: reason }: ApiRecord): boolean {
  return enabled === true || reason === 'declined';
}

/** What an account asks to be kept up. Never what it is at: requests, declines and what they led to. */
export const autoReloadKind: Kind = {
  name: 'auto-reload',
  section: 'auto_reload',
  step: 'auto-reload',
  owner: 'account',
  access: { read: 'money.read', write: 'billing.write' },
  isSingle: true,
  fields: [
    { name: 'enabled', read: readBoolean, isRequired: true, fromApi: isWanted },
    termField('threshold_usd', readUsd),
    termField('mode', choiceField(['fixed', 'target'])),
    termField('amount_usd', readUsd),
    termField('target_usd', readUsd),
    termField('monthly_cap_usd', readUsd),
    termField('hourly_limit', wholeField(1, MAX_HOURLY_RELOADS)),
  ],
  identities: [() => ''],
  nameOf: () => '',
  complete: completeTerms,
  describe: ({ enabled, threshold_usd: threshold }) => (enabled === true ? `below ${showValue(threshold)} USD` : 'off'),
  check: checkTerms,
  checkWithin({ enabled }, { mode }, note) {
    if (enabled === true && mode === 'postpaid') note('enabled', 'is for prepaid accounts only');
  },
};

function completeTerms(values: Values): Values {
  if (values.enabled !== true) return values;
  const mode = (values.target_usd ?? null) === null ? 'fixed' : 'target';
  return { ...values, mode: values.mode ?? mode, hourly_limit: values.hourly_limit ?? DEFAULT_HOURLY_LIMIT };
}

function checkTerms({ enabled, ...terms }: Values, note: NoteField): void {
  const given = Object.keys(terms).filter((name) => (terms[name] ?? null) !== null);
  if (enabled !== true) {
    for (const name of given) note(name, 'is only taken with enabled: true');
    return;
  }
  const own = terms.mode === 'fixed' ? 'amount_usd' : 'target_usd';
  const foreign = own === 'amount_usd' ? 'target_usd' : 'amount_usd';
  if (given.includes(foreign)) note(foreign, `is not for mode ${terms.mode}`);
  const missing = ['threshold_usd', own, 'monthly_cap_usd'].filter((name) => !given.includes(name));
  for (const name of missing) note(name, 'is needed to turn it on');
  const usd = (name: string): bigint => parseUsd(`${terms[name]}`) ?? 0n;
  const fault = findReloadFault({
    thresholdNanoUsd: usd('threshold_usd'),
    mode: terms.mode as ReloadMode,
    amountNanoUsd: usd(own),
    monthlyCapNanoUsd: usd('monthly_cap_usd'),
    hourlyCount: Number(terms.hourly_limit),
  });
  if (missing.length === 0 && fault !== undefined) note(fault.field, fault.message);
}
