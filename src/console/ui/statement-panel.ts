import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { adminPath } from '../data/api.ts';
import { useAccountId } from '../data/context.ts';
import { toNano } from '../data/money.ts';
import { useResource } from '../data/use-resource.ts';
import { html } from '../html.ts';
import { Field } from './form.ts';
import { Money } from './money.ts';
import { Panel } from './panel.ts';
import { Loaded } from './states.ts';

interface Statement {
  is_final: boolean;
  opening_usd: string;
  carried_usd: string;
  granted_usd: string;
  charged_usd: string;
  refunded_usd: string;
  expired_usd: string;
  voided_usd: string;
  closing_usd: string;
}

const MONTHS_SHOWN = 13;

/** How the balance came from the opening of a month to its closing. */
export function StatementPanel({ timezone }: { timezone: string | undefined }): VNode {
  const accountId = useAccountId();
  const months = listMonths(timezone);
  const [chosen, setMonth] = useState<string>();
  const month = chosen ?? months[0]?.value ?? '';
  const path = adminPath(`/accounts/${accountId}/statements/${month}`);
  // Which month it is now is not known before the time zone is, and one to come is refused.
  const statement = useResource<Statement>(timezone === undefined ? undefined : path);
  const link = html`<a class="button" href="${path}?format=csv" download>As CSV</a>`;
  return html`<${Panel} title="Statement" actions=${link} wide>
    <div class="filters"><${Field} label="Month" name="month" options=${months} value=${month} onInput=${(event: Event) => setMonth((event.target as HTMLSelectElement).value)} /></div>
    <${Loaded} of=${statement} lines=${5}>${(data: Statement) => html`<dl class="statement">
      ${listLines(data).map(([label, usd, sign]) => html`<div class=${sign === '' ? 'statement-sum' : ''}><dt>${label}</dt><dd>${sign}<${Money} usd=${usd} places=${9} /></dd></div>`)}
    </dl>
    ${data.is_final ? null : html`<p class="note">The month is not over yet.</p>`}`}<//>
  <//>`;
}

type Line = [label: string, usd: string, sign: '' | '+ ' | '− '];

function listLines(data: Statement): Line[] {
  const lines: Line[] = [
    ['Carried over', data.carried_usd, '+ '],
    ['Granted', data.granted_usd, '+ '],
    ['Charged', data.charged_usd, '− '],
    ['Given back', data.refunded_usd, '+ '],
    ['Expired', data.expired_usd, '− '],
    ['Taken back', data.voided_usd, '− '],
  ];
  return [
    ['Opening', data.opening_usd, ''],
    ...lines.filter(([, usd]) => toNano(usd) !== 0n),
    ['Closing', data.closing_usd, ''],
  ];
}

function listMonths(timeZone = 'UTC'): { value: string; label: string }[] {
  const [year = 0, month = 1] = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit' })
    .format(new Date())
    .split('-')
    .map(Number);
  const name = new Intl.DateTimeFormat(undefined, { month: 'long', year: 'numeric', timeZone: 'UTC' });
  return Array.from({ length: MONTHS_SHOWN }, (_, back) => {
    const day = new Date(Date.UTC(year, month - 1 - back, 1));
    return { value: day.toISOString().slice(0, 7), label: name.format(day) };
  });
}
