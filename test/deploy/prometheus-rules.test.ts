import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createTestMetrics } from '../observability/metrics-fixtures.ts';
import { promtool } from '../observability/promtool.ts';
import { checkExpression } from './check-expression.ts';
import { alerts, prometheusConfigPath, type Rule, ruleFiles } from './rule-files.ts';

const alertmanagerConfigPath = fileURLToPath(new URL('../../deploy/alertmanager/alertmanager.yaml', import.meta.url));
const operations = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');

const namesOf = (rules: readonly Rule[]): string[] => rules.flatMap(({ alert }) => alert ?? []).sort();

describe.each(ruleFiles)('deploy/prometheus/$name', ({ path, testsPath, rules }) => {
  test('promtool finds nothing wrong with it, and its alerts go off when they should and not otherwise', () => {
    expect(promtool(['check', 'rules', path])).toMatchObject({ status: 0 });
    const { status, output } = promtool(['test', 'rules', testsPath]);
    expect(status, output).toBe(0);
  });

  test('every alert has a test in which it goes off and one in which it does not', () => {
    const cases: { alertname: string; exp_alerts: unknown[] }[] = parse(readFileSync(testsPath, 'utf8')).tests.flatMap(
      (each: { alert_rule_test?: unknown[] }) => each.alert_rule_test ?? [],
    );
    const withAlerts = (some: boolean): string[] =>
      [...new Set(cases.filter((each) => each.exp_alerts.length > 0 === some).map((each) => each.alertname))].sort();
    expect(withAlerts(true)).toEqual(namesOf(rules));
    expect(withAlerts(false)).toEqual(namesOf(rules));
  });

  test('it asks only for metrics, labels and values that exist, and sums nothing that is shared', () => {
    const metrics = createTestMetrics();
    for (const { alert, record, expr } of rules) checkExpression(alert ?? record ?? '', expr, metrics);
  });
});

describe('alerts', () => {
  test('each says what is wrong and what to read, and docs/operations.md has its section', () => {
    const sections = [...operations.matchAll(/^### (Tollgate\w+)$/gm)].map(([, name = '']) => name);
    expect(sections.toSorted()).toEqual(namesOf(alerts));
    for (const { alert = '', labels, annotations } of alerts) {
      expect(['critical', 'warning', 'info'], alert).toContain(labels?.severity);
      expect(annotations?.summary, alert).toBeTruthy();
      expect(annotations?.description, alert).toBeTruthy();
      expect(annotations?.runbook_url).toBe(`docs/operations.md#${alert.toLowerCase()}`);
    }
  });

  test('the routes of Alertmanager name only alerts that there are, and amtool takes them', () => {
    const named = readFileSync(alertmanagerConfigPath, 'utf8').match(/Tollgate[A-Z]\w+/g) ?? [];
    expect(named.length).toBeGreaterThan(5);
    for (const name of named) expect(namesOf(alerts)).toContain(name);
    const { status, stdout, stderr, error } = spawnSync('amtool', ['check-config', alertmanagerConfigPath], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    if (error !== undefined) throw error;
    expect(status, `${stdout}${stderr}`).toBe(0);
  });
});

test('the example configuration of Prometheus is good, and names every file of rules', () => {
  const { status, output } = promtool(['check', 'config', prometheusConfigPath]);
  expect(status, output).toBe(0);
  const { rule_files } = parse(readFileSync(prometheusConfigPath, 'utf8'));
  expect(rule_files.toSorted()).toEqual(ruleFiles.map(({ name }) => name));
});
