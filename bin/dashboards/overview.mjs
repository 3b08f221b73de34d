import { createDashboard, variable } from './dashboard.mjs';
import { BILL_NOTE } from './notes.mjs';

const NAMED = 'on (account) group_left (name) max by (account, name) (tollgate_account_info)';

export const overview = createDashboard({
  uid: 'tollgate-overview',
  title: 'Tollgate: overview',
  description: 'What is spent, by which model, and what credit is left.',
  variables: [
    variable({
      name: 'account',
      label: 'Account',
      query: 'label_values(tollgate_account_info, account)',
      all: true,
    }),
  ],
  rows: [
    {
      title: 'Now',
      panels: [
        {
          title: 'Spend, last 24 hours',
          type: 'stat',
          unit: 'currencyUSD',
          width: 4,
          height: 4,
          queries: [['sum(increase(tollgate_cost_usd_total[24h]))']],
        },
        {
          title: 'Spend per hour',
          type: 'stat',
          unit: 'currencyUSD',
          width: 4,
          height: 4,
          queries: [['sum(rate(tollgate_cost_usd_total[$__rate_interval])) * 3600']],
        },
        {
          title: 'Credit available',
          type: 'stat',
          unit: 'currencyUSD',
          width: 4,
          height: 4,
          description: 'Over the accounts that have gauges.',
          queries: [['sum(max by (account) (tollgate_balance_available_usd{account=~"$account"}))']],
        },
        {
          title: 'Calls per second',
          type: 'stat',
          unit: 'reqps',
          width: 4,
          height: 4,
          queries: [['sum(rate(tollgate_requests_total{route="messages"}[$__rate_interval]))']],
        },
        {
          title: 'Refused',
          type: 'stat',
          unit: 'percentunit',
          width: 4,
          height: 4,
          thresholds: [
            [null, 'green'],
            [0.05, 'orange'],
          ],
          queries: [
            [
              'sum(rate(tollgate_admission_denied_total[$__rate_interval])) / sum(rate(tollgate_requests_total[$__rate_interval]))',
            ],
          ],
        },
        {
          title: 'Alerts going off',
          type: 'stat',
          unit: 'short',
          width: 4,
          height: 4,
          thresholds: [
            [null, 'green'],
            [1, 'red'],
          ],
          queries: [['count(ALERTS{alertname=~"Tollgate.*",alertstate="firing",severity!="info"}) or vector(0)']],
        },
      ],
    },
    {
      title: 'Spend',
      panels: [
        {
          title: 'Spend per hour by model',
          type: 'timeseries',
          unit: 'currencyUSD',
          queries: [['sum by (model) (rate(tollgate_cost_usd_total[$__rate_interval])) * 3600 > 0', '{{model}}']],
        },
        {
          title: 'Spend per hour by class of price',
          type: 'timeseries',
          unit: 'currencyUSD',
          queries: [['sum by (class) (rate(tollgate_cost_usd_total[$__rate_interval])) * 3600 > 0', '{{class}}']],
        },
        {
          title: 'Tokens per second by class of price',
          type: 'timeseries',
          unit: 'short',
          queries: [['sum by (class) (rate(tollgate_tokens_total[$__rate_interval])) > 0', '{{class}}']],
        },
        {
          title: 'Share of input read from a cache',
          type: 'timeseries',
          unit: 'percentunit',
          queries: [
            [
              'sum by (gen_ai_request_model) (rate(gen_ai_client_inference_usage_cache_read_input_tokens_total[$__rate_interval])) / (sum by (gen_ai_request_model) (rate(gen_ai_client_inference_usage_input_tokens_total[$__rate_interval])) > 0)',
              '{{gen_ai_request_model}}',
            ],
          ],
        },
        {
          title: 'Calls per second by how they ended',
          type: 'timeseries',
          unit: 'reqps',
          queries: [
            ['sum by (outcome) (rate(tollgate_requests_total{route="messages"}[$__rate_interval])) > 0', '{{outcome}}'],
          ],
        },
        {
          title: 'Refusals per second by reason',
          type: 'timeseries',
          unit: 'reqps',
          queries: [['sum by (reason) (rate(tollgate_admission_denied_total[$__rate_interval])) > 0', '{{reason}}']],
        },
      ],
    },
    {
      title: 'Credit',
      panels: [
        {
          title: 'Accounts',
          type: 'table',
          unit: 'currencyUSD',
          width: 16,
          height: 10,
          queries: [
            [`max by (account) (tollgate_balance_available_usd{account=~"$account"}) * ${NAMED}`],
            [`max by (account) (tollgate_balance_reserved_usd{account=~"$account"}) * ${NAMED}`],
            [`max by (account) (tollgate_balance_debt_usd{account=~"$account"}) * ${NAMED}`],
            [`max by (account) (tollgate_account_charged_usd_total{account=~"$account"}) * ${NAMED}`],
          ],
          columns: {
            account: 'Account',
            name: 'Name',
            'Value #A': 'Available',
            'Value #B': 'Held',
            'Value #C': 'Debt',
            'Value #D': 'Charged since it was opened',
          },
        },
        {
          title: 'Time until the credit ends',
          type: 'bargauge',
          unit: 's',
          height: 10,
          description: 'At the spend of the last six hours. Accounts that spend nothing are not shown.',
          thresholds: [
            [null, 'red'],
            [86_400, 'orange'],
            [604_800, 'green'],
          ],
          queries: [[`sort(account:tollgate_time_to_empty:seconds{account=~"$account"} * ${NAMED})`, '{{name}}']],
        },
        BILL_NOTE,
      ],
    },
  ],
});
