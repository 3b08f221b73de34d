import { createDashboard, variable } from './dashboard.mjs';

const RATE = '[$__rate_interval]';
const HERE = 'instance=~"$instance"';

/** The quantile of a histogram over the replicas chosen. */
function quantile(share, metric, labels = []) {
  const by = ['le', ...labels].join(', ');
  return `histogram_quantile(${share}, sum by (${by}) (rate(${metric}_bucket{${HERE}}${RATE})))`;
}

export const health = createDashboard({
  uid: 'tollgate-health',
  title: 'Tollgate: health of the proxy',
  description: 'Replicas, the time they add, their store, the ways to and from the Claude API.',
  variables: [
    variable({
      name: 'instance',
      label: 'Replica',
      query: 'label_values(tollgate_streams_active, instance)',
      all: true,
    }),
  ],
  rows: [
    {
      title: 'Must be as it is',
      panels: [
        stat('Replicas up', 'sum(up{job="tollgate"})', { unit: 'short' }),
        stat('Store answers', 'min(tollgate_store_up)', { unit: 'bool_yes_no', bad: 'below' }),
        stat('Ledger drift', 'max(abs(tollgate_ledger_drift_usd))', { unit: 'currencyUSD' }),
        stat('Overspend, 24 h', 'sum(increase(tollgate_overspend_usd_total[24h]))', { unit: 'currencyUSD' }),
        stat('Lost writes, 24 h', 'sum(increase(tollgate_sequence_regressions_total[24h]))', { unit: 'short' }),
        stat('Settles waiting', 'sum(tollgate_outbox_depth)', { unit: 'short' }),
        stat('Oldest settle waiting', 'max(tollgate_outbox_oldest_age_seconds)', { unit: 's' }),
        stat('Holds overdue', 'max(tollgate_holds_overdue)', { unit: 'short' }),
      ],
    },
    {
      title: 'Time',
      panels: [
        graph('Time added to a call, 99th percentile', 's', [
          [quantile(0.99, 'tollgate_overhead_seconds', ['phase']), '{{phase}}'],
        ]),
        graph('Time to the first byte upstream', 's', [
          [quantile(0.5, 'tollgate_time_to_first_byte_seconds'), 'half'],
          [quantile(0.99, 'tollgate_time_to_first_byte_seconds'), '99 of 100'],
        ]),
        graph('Duration of a call, 95th percentile', 's', [
          [
            quantile(0.95, 'gen_ai_client_operation_duration_seconds', ['gen_ai_request_model']),
            '{{gen_ai_request_model}}',
          ],
        ]),
        graph('Settled after the end, 99th percentile', 's', [[quantile(0.99, 'tollgate_settle_lag_seconds'), 'lag']]),
        graph('Cost over what was held, median', 'percentunit', [
          [quantile(0.5, 'tollgate_hold_estimate_error_ratio'), 'share'],
        ]),
        graph('Streams and holds open', 'short', [
          [`sum(tollgate_streams_active{${HERE}})`, 'streams'],
          [`sum(tollgate_holds_open{${HERE}})`, 'holds'],
        ]),
      ],
    },
    {
      title: 'Ends',
      panels: [
        graph('Calls cut per second, by reason', 'cps', [
          [`sum by (reason) (rate(tollgate_stream_cut_total{${HERE}}${RATE}))`, '{{reason}}'],
        ]),
        graph('Calls per second, by what is charged', 'cps', [
          [`sum by (basis) (rate(tollgate_charged_calls_total{${HERE}}${RATE}))`, '{{basis}}'],
        ]),
        graph('Settles per second, by the answer', 'cps', [
          [`sum by (result) (rate(tollgate_settle_total{${HERE}}${RATE}))`, '{{result}}'],
        ]),
        graph('Usage missing, prices assumed, models unpriced', 'cps', [
          [`sum by (reason) (rate(tollgate_usage_missing_total{${HERE}}${RATE}))`, 'usage missing: {{reason}}'],
          [`sum by (assumption) (rate(tollgate_price_assumptions_total{${HERE}}${RATE}))`, 'assumed: {{assumption}}'],
          [`sum by (stage) (rate(tollgate_unpriced_requests_total{${HERE}}${RATE}))`, 'unpriced: {{stage}}'],
        ]),
        graph('Answers by class of status', 'reqps', [
          [`sum by (status_class) (rate(tollgate_requests_total{${HERE}}${RATE}))`, '{{status_class}}'],
        ]),
        graph('Refused by the upstream for our own sake', 'cps', [
          [`sum by (reason) (rate(tollgate_upstream_refusals_total{${HERE}}${RATE}))`, '{{reason}}'],
        ]),
      ],
    },
    {
      title: 'Store and journal',
      panels: [
        graph('Failures per second, by operation', 'cps', [
          [`sum by (op) (rate(tollgate_store_errors_total{${HERE}}${RATE}))`, '{{op}}'],
        ]),
        graph('Accounts held against their journal per hour', 'short', [
          [`sum by (result) (increase(tollgate_ledger_reconciliations_total[1h]))`, '{{result}}'],
        ]),
        graph('Risks of its set-up', 'short', [['max by (risk) (tollgate_store_risk)', '{{risk}}']]),
        graph('Journal: entries exported, and how long the oldest waits', 'short', [
          [`sum(rate(tollgate_journal_exported_total${RATE}))`, 'entries per second'],
          ['max(tollgate_journal_lag_seconds)', 'seconds'],
        ]),
      ],
    },
    {
      title: 'Process',
      panels: [
        graph('CPU', 'percentunit', [[`rate(process_cpu_seconds_total{${HERE}}${RATE})`, '{{instance}}']]),
        graph('Memory', 'bytes', [[`process_resident_memory_bytes{${HERE}}`, '{{instance}}']]),
        graph('Event loop lag, 99th percentile', 's', [[`nodejs_eventloop_lag_p99_seconds{${HERE}}`, '{{instance}}']]),
        graph('Age of the rate card', 's', [['max(tollgate_price_table_age_seconds)', 'newest prices']]),
        graph('Alerts handed over, by result', 'cps', [
          [`sum by (channel, result) (rate(tollgate_alerts_sent_total${RATE}))`, '{{channel}}: {{result}}'],
        ]),
        graph('Series left out for want of room', 'cps', [
          [`sum by (label) (rate(tollgate_metric_series_folded_total${RATE}))`, '{{label}}'],
        ]),
      ],
    },
  ],
});

/** A figure that should be zero, or with `bad: 'below'` one. */
function stat(title, expr, { unit, bad = 'above' }) {
  const steps = bad === 'above' ? ['green', 'red'] : ['red', 'green'];
  const thresholds =
    title === 'Replicas up'
      ? [[null, 'green']]
      : [
          [null, steps[0]],
          [bad === 'above' ? 1e-9 : 1, steps[1]],
        ];
  return { title, type: 'stat', unit, width: 3, height: 4, thresholds, queries: [[expr]] };
}

function graph(title, unit, queries) {
  return { title, type: 'timeseries', unit, queries };
}
