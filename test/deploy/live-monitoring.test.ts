// The shipped rules, dashboards and Alertmanager configuration against real servers that scrape a proxy with traffic.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { startReceiver } from '../alerts/webhook-receiver.ts';
import type { Caller } from '../support/admin-calls.ts';
import { type RunningTollgate, startTollgate } from '../support/running-tollgate.ts';
import { until } from '../support/until.ts';
import { fillIn, listQueries } from './dashboards.ts';
import { type MonitoringServer, query, startAlertmanager, startPrometheus } from './prometheus-server.ts';
import { alerts, prometheusConfigPath, ruleFiles } from './rule-files.ts';

const read = (name: string): string => readFileSync(new URL(`../../deploy/${name}`, import.meta.url), 'utf8');
const BODY = { model: 'claude-haiku-4-5', max_tokens: 64, messages: [{ role: 'user', content: 'hello' }] };

let tollgate: RunningTollgate;
let prometheus: MonitoringServer;
let alertmanager: MonitoringServer;
let receiver: Awaited<ReturnType<typeof startReceiver>>;
let rich: Caller;
let poor: Caller;

beforeAll(async () => {
  [tollgate, receiver] = await Promise.all([startTollgate(), startReceiver()]);
  rich = await createTeamCaller('Acme', '100');
  poor = await createTeamCaller('Poor', '0.01');
  alertmanager = await startAlertmanager(alertmanagerConfig());
  prometheus = await startPrometheus(prometheusConfig());
}, 120_000);

afterAll(async () => {
  await Promise.all([prometheus, alertmanager, tollgate].map((each) => each?.[Symbol.asyncDispose]()));
  await receiver?.stop();
});

async function createTeamCaller(name: string, creditUsd: string): Promise<Caller> {
  const caller = await tollgate.createCaller({ name, creditUsd, account: { low_balance_usd: ['5.00'] } });
  const path = `/accounts/${caller.accountId}`;
  const team = await tollgate.admin.call<{ id: string }>('POST', `${path}/teams`, { name: `${name}'s team` });
  const key = await tollgate.admin.call<{ secret: string }>('POST', `${path}/keys`, { name: 'ci', team_id: team.id });
  await tollgate.admin.call('POST', `${path}/quotas`, {
    scope: { type: 'team', id: team.id },
    window: 'day',
    limit_usd: '50',
  });
  return { ...caller, secret: key.secret };
}

/** The shipped configuration, with the targets of this test and without its patience. */
function prometheusConfig(): unknown {
  const config = parse(readFileSync(prometheusConfigPath, 'utf8'));
  config.global = { scrape_interval: '1s', evaluation_interval: '1s' };
  config.rule_files = ruleFiles.map(({ path }) => path);
  config.alerting.alertmanagers[0].static_configs[0].targets = [new URL(alertmanager.url).host];
  config.scrape_configs[0].scrape_timeout = '1s';
  config.scrape_configs[0].static_configs[0].targets = [new URL(tollgate.adminUrl).host];
  return config;
}

function alertmanagerConfig(): unknown {
  const config = parse(read('alertmanager/alertmanager.yaml'));
  config.route.group_wait = '1s';
  config.receivers.find((each: { name: string }) => each.name === 'operators').webhook_configs[0].url = receiver.url;
  return config;
}

/** A round of whatever calls there are: answered, streamed, refused for want of credit, cut, of no known model. */
async function makeTraffic(): Promise<void> {
  const bodies = [BODY, { ...BODY, stream: true }];
  const answers = await Promise.all([
    ...bodies.flatMap((body) => [tollgate.send(rich, body), tollgate.send(rich, body)]),
    tollgate.send(poor, { ...BODY, max_tokens: 64_000 }),
    tollgate.send(rich, { ...BODY, model: 'claude-nobody-0' }),
  ]);
  await Promise.all(answers.map((answer) => answer.arrayBuffer()));
}

test('every query of the dashboards returns data from a proxy with traffic', async () => {
  const values = {
    __rate_interval: '20s',
    account: rich.accountId,
    team: '.*',
    instance: '.*',
  };
  let missing = listQueries().map((each) => ({ ...each, filled: fillIn(each, values) }));
  await until(
    async () => {
      await makeTraffic();
      const answers = await Promise.all(missing.map(({ filled }) => query(prometheus, filled)));
      missing = missing.filter((_, index) => !(answers[index] ?? []).some(({ value }) => Number.isFinite(value)));
      return missing.length === 0;
    },
    { timeoutMs: 60_000, intervalMs: 250, what: 'data for every query' },
  ).catch((error: unknown) => {
    throw new Error(`no data for:\n${missing.map(({ name, filled }) => `${name}: ${filled}`).join('\n')}`, {
      cause: error,
    });
  });
});

test('Prometheus has loaded every rule, and evaluates each without an error', async () => {
  const response = await fetch(`${prometheus.url}/api/v1/rules`);
  const { data } = (await response.json()) as {
    data: { groups: { rules: { name: string; health: string; lastError?: string }[] }[] };
  };
  const loaded = data.groups.flatMap(({ rules }) => rules);
  expect(loaded.map(({ name }) => name).toSorted()).toEqual(
    ruleFiles.flatMap(({ rules }) => rules.map(({ alert, record }) => alert ?? record)).toSorted(),
  );
  await until(async () => (await query(prometheus, 'ALERTS{alertname="TollgateBalanceLow"}')).length > 0);
  expect(loaded.filter(({ lastError }) => lastError !== undefined && lastError !== '')).toEqual([]);
});

test('an alert goes from the proxy through Prometheus and Alertmanager to a receiver', async () => {
  const body = await until(
    () => receiver.received.map((each) => each.body).find((text) => text.includes('BalanceLow')),
    {
      timeoutMs: 30_000,
    },
  );
  const { status, alerts: told } = JSON.parse(body) as {
    status: string;
    alerts: { labels: Record<string, string>; annotations: Record<string, string> }[];
  };
  const rule = alerts.find(({ alert }) => alert === 'TollgateBalanceLow');
  expect(status).toBe('firing');
  expect(told).toHaveLength(1);
  expect(told[0]?.labels).toMatchObject({
    alertname: 'TollgateBalanceLow',
    account: poor.accountId,
    name: 'Poor',
    severity: 'warning',
  });
  expect(told[0]?.annotations).toMatchObject({ runbook_url: rule?.annotations?.runbook_url });
});

test('Prometheus knows of a slow call by the name that the journal has of it', async () => {
  const expr = 'tollgate_upstream_duration_seconds_bucket';
  const url = `${prometheus.url}/api/v1/query_exemplars?query=${expr}&start=0&end=${Date.now() / 1000 + 60}`;
  const known = (await tollgate.admin.readJournal(rich.accountId)).map(({ details }) => details?.request_id);
  const named = await until(async () => {
    const { data } = (await (await fetch(url)).json()) as {
      data: { exemplars: { labels: { request_id?: string } }[] }[];
    };
    const ids = data.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels.request_id));
    return ids.length > 0 ? ids : undefined;
  });
  expect(named.filter((id) => known.includes(id)).length).toBeGreaterThan(0);
});

test('what Prometheus says of a balance is what the ledger says', async () => {
  await tollgate.expectSettled();
  const { balance } = await tollgate.admin.readAccount(rich.accountId);
  await until(async () => {
    const [sample] = await query(prometheus, `max(tollgate_balance_available_usd{account="${rich.accountId}"})`);
    return sample?.value === Number(balance.available_usd);
  });
});
