import { expect, test } from 'vitest';
import { createTestMetrics, finishedCall, series } from './metrics-fixtures.ts';

const team = (id: string, name = `team ${id}`) => ({ id, accountId: 'acct_a', name });

test('a team has its cost, its calls and its name; a call without a team has none', async () => {
  const metrics = createTestMetrics();
  metrics.callFinished(finishedCall({ team: team('team_a', 'Research\n"1"') }));
  metrics.callFinished(finishedCall({ team: team('team_a', 'Research\n"1"') }));
  metrics.callFinished(finishedCall({ team: team('team_b'), receipt: undefined }));
  metrics.callFinished(finishedCall());
  expect(await series(metrics, 'tollgate_team_cost_usd_total')).toEqual({
    '{team="team_a"}': 0.000002002,
    '{team="team_b"}': 0,
  });
  expect(await series(metrics, 'tollgate_team_calls_total')).toEqual({ '{team="team_a"}': 2, '{team="team_b"}': 1 });
  expect(await series(metrics, 'tollgate_team_info')).toEqual({
    '{team="team_a",account="acct_a",name="Research \\"1\\""}': 1,
    '{team="team_b",account="acct_a",name="team team_b"}': 1,
  });
});

test('another name takes the place of the old one', async () => {
  const metrics = createTestMetrics();
  for (const name of ['old', 'new']) metrics.callFinished(finishedCall({ team: team('team_a', name) }));
  expect(Object.keys(await series(metrics, 'tollgate_team_info'))).toEqual([
    '{team="team_a",account="acct_a",name="new"}',
  ]);
});

test('the teams beyond the first 300 are counted together, and that is told', async () => {
  const metrics = createTestMetrics();
  for (let n = 0; n < 302; n += 1) metrics.callFinished(finishedCall({ team: team(`team_${n}`) }));
  metrics.callFinished(finishedCall({ team: team('team_0') }));
  const calls = await series(metrics, 'tollgate_team_calls_total');
  expect(Object.keys(calls)).toHaveLength(301);
  expect(calls).toMatchObject({ '{team="team_0"}': 2, '{team="other"}': 2 });
  expect(await series(metrics, 'tollgate_metric_series_folded_total')).toMatchObject({ '{label="team"}': 2 });
});
