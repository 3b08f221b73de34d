import { expect } from 'vitest';
import type { Metrics } from '../../src/observability/metrics.ts';
import { records } from './rule-files.ts';

/** Labels that Prometheus itself puts on every series. */
const SCRAPE_LABELS = ['instance', 'job'];
/** Of these the client library knows; a live proxy shows that they exist. */
const FOREIGN = /^(up|ALERTS|(process|nodejs)_\w+)$/;

/**
 * Fails unless each metric, label and closed label value in `expr` exists in the registry, and no fact that every
 * replica reads from the ledger is summed.
 */
export function checkExpression(where: string, expr: string, metrics: Pick<Metrics, 'registered'>): void {
  const known = new Map(metrics.registered.map((metric) => [metric.name, metric]));
  const recorded = new Set(records.map(({ record }) => record));
  const selectors = [
    ...expr.matchAll(
      /(?<![\w:"/])((?:account:)?(?:tollgate|gen_ai|process|nodejs)_[\w:]+|up(?=\{)|ALERTS(?=\{))(?:\{([^}]*)\})?/g,
    ),
  ];
  const names = selectors.filter(([, name = '']) => !isLabel(expr, name));
  expect(names.length, where).toBeGreaterThan(0);
  const labels = new Set([...SCRAPE_LABELS, 'le']);
  for (const [, name = '', matchers = ''] of names) {
    if (recorded.has(name) || FOREIGN.test(name)) {
      for (const label of ['account']) labels.add(label);
      continue;
    }
    const metric = known.get(name) ?? known.get(name.replace(/_(bucket|sum|count)$/, ''));
    expect(metric, `${where}: ${name}`).toBeDefined();
    if (known.get(name) === undefined) expect(metric?.type, `${where}: ${name}`).toBe('histogram');
    for (const label of metric?.labels ?? []) labels.add(label);
    for (const [, label = '', operator = '', value = ''] of matchers.matchAll(/(\w+)(=~|!~|!=|=)"([^"]*)"/g)) {
      expect([...SCRAPE_LABELS, 'le', ...(metric?.labels ?? [])], `${where}: ${name}`).toContain(label);
      if (value.startsWith('$') || label === 'job' || metric?.labels.includes('account')) continue;
      const closed = metric?.values[label];
      if (closed === undefined || 'atMost' in closed) continue;
      for (const one of operator.endsWith('~') ? value.split('|') : [value]) expect(closed, where).toContain(one);
    }
    if (metric?.aggregation !== 'sum')
      expect(expr, where).not.toMatch(new RegExp(`sum[^(]*\\((rate|increase)?\\(?${name}\\b`));
  }
  for (const [, list = ''] of expr.matchAll(/\b(?:by|on|without|group_left|group_right) \(([^)]*)\)/g)) {
    for (const label of list.split(', ').filter(Boolean)) expect([...labels], where).toContain(label);
  }
}

/** A label of the OpenTelemetry conventions begins as its metrics do. */
function isLabel(expr: string, name: string): boolean {
  return (
    new RegExp(`\\b${name}(=|!)|\\((?:[\\w ]+, )*${name}(?:, [\\w ]+)*\\)`).test(expr) && name.startsWith('gen_ai')
  );
}
