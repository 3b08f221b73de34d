import type { VNode } from 'preact';
import { adminPath } from '../data/api.ts';
import type { HealthReport } from '../data/api-types.ts';
import { useLive } from '../data/live.ts';
import { useResource } from '../data/use-resource.ts';
import { formatCount } from '../data/words.ts';
import { type Content, html } from '../html.ts';
import { Money } from '../ui/money.ts';
import { PageHead, Panel } from '../ui/panel.ts';
import { Loaded } from '../ui/states.ts';
import { Time } from '../ui/time.ts';

const OLD_CARD_DAYS = 60;

/** The process and what it stands on. */
export default function Health(): VNode {
  const { live } = useLive();
  const report = useResource<HealthReport>(adminPath('/health-report'), { freshness: live?.sequence });
  const again = html`<button type="button" class="button" onClick=${report.reload}>Look again</button>`;
  return html`
    <${PageHead} title="Health" actions=${again} />
    <${Loaded} of=${report} lines=${8}>${(data: HealthReport) => html`
      <div class="two">
        <${ProcessPanel} report=${data} />
        <${StorePanel} report=${data} />
        <${UpstreamPanel} report=${data} />
        <${SpoolPanel} report=${data} />
        <${CardPanel} report=${data} />
        <${DriftPanel} report=${data} />
      </div>`}<//>`;
}

type Props = { report: HealthReport };

function State({ isGood, children }: { isGood: boolean; children?: Content }): VNode {
  return html`<p class=${`live-state state-${isGood ? 'good' : 'bad'}`}><span class="dot" aria-hidden="true"></span><strong>${children}</strong></p>`;
}

function Facts({ of }: { of: readonly [label: string, value: Content][] }): VNode {
  return html`<dl class="facts">${of.map(([label, value]) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function ProcessPanel({ report }: Props): VNode {
  const troubles = Object.entries(report.checks).filter(([, state]) => state !== 'ok');
  return html`<${Panel} title="Process">
    <${State} isGood=${report.ready}>${report.ready ? 'Ready for calls' : troubles.map(([name, state]) => `${name}: ${state}`).join('; ')}<//>
    <${Facts} of=${[
      ['Version', report.version],
      ['Running since', html`<${Time} at=${report.started_at} />`],
      ['Calls in flight', formatCount(report.calls.open)],
    ]} />
  <//>`;
}

function StorePanel({ report }: Props): VNode {
  const { store, checks } = report;
  const isGood = checks.ledger === undefined || checks.ledger === 'ok';
  return html`<${Panel} title="Store">
    <${State} isGood=${isGood}>${isGood ? 'Takes writes' : checks.ledger}<//>
    <${Facts} of=${[['Where', store.description]]} />
    ${store.warnings.map((warning) => html`<p class="warning">${warning}</p>`)}
  <//>`;
}

function UpstreamPanel({ report }: Props): VNode {
  const { upstream } = report;
  const refused = upstream.last_error_at !== null;
  return html`<${Panel} title="Upstream">
    <${State} isGood=${!refused}>${refused ? `Refused us: ${upstream.last_error?.replaceAll('_', ' ')}` : 'Nothing refused since the start'}<//>
    <${Facts} of=${[
      ['Address', upstream.address],
      ['Kind', upstream.simulated ? 'The built-in simulated API: nothing is billed' : 'The Claude API'],
      ...(upstream.last_error_at === null ? [] : [['Last refusal', html`<${Time} at=${upstream.last_error_at} />`]]),
    ]} />
  <//>`;
}

function SpoolPanel({ report }: Props): VNode {
  const { waiting, full, oldest_at: oldest } = report.spool;
  return html`<${Panel} title="Spool" note="Ends of calls that the store has not acknowledged yet; kept on disk.">
    <${State} isGood=${waiting === 0 && !full}>${full ? 'Full: no call is admitted' : waiting === 0 ? 'Empty' : `${waiting} waiting`}<//>
    ${oldest === null ? null : html`<${Facts} of=${[['Oldest', html`<${Time} at=${oldest} as="distance" />`]]} />`}
  <//>`;
}

function CardPanel({ report }: Props): VNode {
  const { version, as_of: asOf, age_days: age, models } = report.rate_card;
  return html`<${Panel} title="Rate card">
    <${State} isGood=${age <= OLD_CARD_DAYS}>${age === 0 ? 'Checked today' : age === 1 ? 'Checked yesterday' : `Checked ${age} days ago`}<//>
    <${Facts} of=${[['Version', version], ['Checked on', asOf], ['Models with prices', formatCount(models)]]} />
  <//>`;
}

function DriftPanel({ report }: Props): VNode {
  const { differing, checked_accounts: checked, checked_at: at } = report.drift;
  return html`<${Panel} title="Drift" note="Whether the books are the fold of their journal.">
    <${State} isGood=${differing.length === 0}>${differing.length === 0 ? (checked === 0 ? 'Not looked at yet since the start' : 'All books agree') : `Books of ${differing.length} accounts differ`}<//>
    <${Facts} of=${[['Accounts looked at', formatCount(checked)], ...(at === null ? [] : [['Last look', html`<${Time} at=${at} />`]])]} />
    ${differing.map(({ account_id: id, drift_usd: drift }) => html`<p class="warning"><code>${id}</code>: <${Money} usd=${drift} places=${9} /></p>`)}
  <//>`;
}
