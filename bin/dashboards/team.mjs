import { createDashboard, variable } from './dashboard.mjs';
import { BILL_NOTE } from './notes.mjs';

const TEAMS = 'on (team) group_left (name) max by (team, name) (tollgate_team_info{account="$account",team=~"$team"})';

export const team = createDashboard({
  uid: 'tollgate-team',
  title: 'Tollgate: a team',
  description: 'One account and its teams: what is left, what is spent, and the limits.',
  variables: [
    variable({ name: 'account', label: 'Account', query: 'label_values(tollgate_account_info, account)' }),
    variable({
      name: 'team',
      label: 'Team',
      query: 'label_values(tollgate_team_info{account="$account"}, team)',
      all: true,
    }),
  ],
  rows: [
    {
      title: 'The account',
      panels: [
        {
          title: 'Account',
          textMode: 'name',
          type: 'stat',
          unit: 'short',
          width: 4,
          height: 4,
          queries: [['max by (name) (tollgate_account_info{account="$account"})', '{{name}}']],
        },
        {
          title: 'Available',
          type: 'stat',
          unit: 'currencyUSD',
          width: 5,
          height: 4,
          queries: [['max(tollgate_balance_available_usd{account="$account"})']],
        },
        {
          title: 'Held by running calls',
          type: 'stat',
          unit: 'currencyUSD',
          width: 5,
          height: 4,
          queries: [['max(tollgate_balance_reserved_usd{account="$account"})']],
        },
        {
          title: 'Charged, last 30 days',
          type: 'stat',
          unit: 'currencyUSD',
          width: 5,
          height: 4,
          queries: [['max(increase(tollgate_account_charged_usd_total{account="$account"}[30d]))']],
        },
        {
          title: 'Credit ends in',
          type: 'stat',
          unit: 's',
          width: 5,
          height: 4,
          description: 'At the spend of the last six hours.',
          queries: [['max(account:tollgate_time_to_empty:seconds{account="$account"})']],
        },
        {
          title: 'Balance',
          type: 'timeseries',
          unit: 'currencyUSD',
          width: 12,
          queries: [
            ['max(tollgate_balance_usd{account="$account"})', 'net'],
            ['max(tollgate_balance_available_usd{account="$account"})', 'available'],
            ['max(tollgate_balance_pending_usd{account="$account"})', 'not yet in effect'],
          ],
        },
        {
          title: 'Charged per hour',
          type: 'timeseries',
          unit: 'currencyUSD',
          width: 12,
          queries: [
            ['max(rate(tollgate_account_charged_usd_total{account="$account"}[$__rate_interval])) * 3600', 'account'],
          ],
        },
      ],
    },
    {
      title: 'Teams',
      panels: [
        {
          title: 'Spend per hour by team',
          type: 'timeseries',
          unit: 'currencyUSD',
          queries: [
            [`sum by (team) (rate(tollgate_team_cost_usd_total[$__rate_interval])) * 3600 * ${TEAMS}`, '{{name}}'],
          ],
        },
        {
          title: 'Calls per second by team',
          type: 'timeseries',
          unit: 'reqps',
          queries: [[`sum by (team) (rate(tollgate_team_calls_total[$__rate_interval])) * ${TEAMS}`, '{{name}}']],
        },
        {
          title: 'Spend by team, last 30 days',
          type: 'bargauge',
          unit: 'currencyUSD',
          queries: [[`sort_desc(sum by (team) (increase(tollgate_team_cost_usd_total[30d])) * ${TEAMS})`, '{{name}}']],
        },
      ],
    },
    {
      title: 'Limits',
      panels: [
        {
          title: 'Quotas used',
          type: 'bargauge',
          unit: 'percentunit',
          width: 12,
          description: 'Of the account, its teams, members and keys. The id is that of the admin API.',
          thresholds: [
            [null, 'green'],
            [0.8, 'orange'],
            [1, 'red'],
          ],
          queries: [
            [
              'sort_desc(max by (quota, scope, window) (tollgate_quota_used_ratio{account="$account"}))',
              '{{scope}}, {{window}}: {{quota}}',
            ],
          ],
        },
        {
          title: 'Quotas',
          type: 'table',
          unit: 'short',
          width: 12,
          queries: [
            ['max by (quota, scope, window) (tollgate_quota_limit_usd{account="$account"})'],
            ['max by (quota, scope, window) (tollgate_quota_used_ratio{account="$account"})'],
            ['max by (quota, scope, window) (tollgate_quota_reset_timestamp_seconds{account="$account"}) - time()'],
          ],
          columns: {
            quota: 'Quota',
            scope: 'Of',
            window: 'Window',
            'Value #A': 'Limit in dollars',
            'Value #B': 'Used, share',
            'Value #C': 'Begins again in seconds',
          },
        },
        BILL_NOTE,
      ],
    },
  ],
});
