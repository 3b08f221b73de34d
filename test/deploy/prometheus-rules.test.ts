import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createTestMetrics } from '../observability/metrics-fixtures.ts';
import { promtool } from '../observability/promtool.ts';

const pathOf = (name: string): string => fileURLToPath(new URL(`../../deploy/prometheus/${name}`, import.meta.url));
const RULES = pathOf('tollgate-rules.yaml');
const TESTS = pathOf('tollgate-rules.test.yaml');

interface Rule {
  alert: string;
  expr: string;
  labels: { severity: string };
  annotations: { summary: string; description: string };
}
const rules: Rule[] = parse(readFileSync(RULES, 'utf8')).groups.flatMap((group: { rules: Rule[] }) => group.rules);

/** Labels that Prometheus itself puts on every series. */
const SCRAPE_LABELS = ['instance', 'job'];

describe('deploy/prometheus/tollgate-rules.yaml', () => {
  test('promtool finds nothing wrong with it', () => {
    expect(promtool(['check', 'rules', RULES]).status).toBe(0);
  });

  test('its alerts go off when they should and not otherwise', () => {
    const { status, output } = promtool(['test', 'rules', TESTS]);
    expect(status, output).toBe(0);
  });

  test('every alert has a test in which it goes off and one in which it does not', () => {
    const cases: { alertname: string; exp_alerts: unknown[] }[] = parse(readFileSync(TESTS, 'utf8')).tests.flatMap(
      (each: { alert_rule_test: unknown[] }) => each.alert_rule_test,
    );
    const withAlerts = (some: boolean): string[] =>
      [...new Set(cases.filter((each) => each.exp_alerts.length > 0 === some).map((each) => each.alertname))].sort();
    const names = rules.map(({ alert }) => alert).sort();
    expect(withAlerts(true)).toEqual(names);
    expect(names.filter((name) => !withAlerts(false).includes(name))).toEqual([
      'TollgatePriceAssumed',
      'TollgateUsageMissing',
    ]);
  });

  test('it asks only for metrics, labels and values that exist', async () => {
    const metrics = createTestMetrics();
    const registered = new Map(metrics.registered.map((metric) => [metric.name, metric]));
    const { body } = await metrics.render();
    for (const { alert, expr } of rules) {
      const selectors = [...expr.matchAll(/\b((?:tollgate|gen_ai)_\w+)(?:\{([^}]*)\})?/g)];
      expect(selectors.length, alert).toBeGreaterThan(0);
      for (const [, name = '', matchers = ''] of selectors) {
        const metric = registered.get(name);
        expect(metric, `${alert}: ${name}`).toBeDefined();
        for (const [, label = '', value = ''] of matchers.matchAll(/(\w+)="([^"]*)"/g)) {
          expect(metric?.labels, `${alert}: ${name}`).toContain(label);
          if (!metric?.labels.includes('account'))
            expect(body).toMatch(new RegExp(`^${name}\\{.*${label}="${value}"`, 'm'));
        }
      }
      const known = [...SCRAPE_LABELS, ...selectors.flatMap(([, name = '']) => registered.get(name)?.labels ?? [])];
      for (const [, labels = ''] of expr.matchAll(/\b(?:by|on|group_left) \(([^)]*)\)/g)) {
        for (const label of labels.split(', ')) expect(known, alert).toContain(label);
      }
    }
  });

  test('what every replica reads from the ledger is never summed', () => {
    const shared = createTestMetrics().registered.filter(({ aggregation }) => aggregation !== 'sum');
    for (const { alert, expr } of rules) {
      for (const { name } of shared)
        expect(expr, alert).not.toMatch(new RegExp(`sum[^(]*\\([^(]*(increase|rate)?\\(?${name}`));
    }
  });
});
