import { globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createTestMetrics } from '../observability/metrics-fixtures.ts';
import { checkExpression } from './check-expression.ts';
import { dashboards, fillIn, format, listQueries } from './dashboards.ts';

const folder = new URL('../../deploy/grafana/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, folder), 'utf8');

describe.each(dashboards)('deploy/grafana/dashboards/$uid.json', (dashboard) => {
  test('is what bin/dashboards describes', () => {
    expect(read(`dashboards/${dashboard.uid}.json`)).toBe(format(dashboard));
  });

  test('no panel lies on another or beyond the edge, and each has an id of its own', () => {
    const taken = new Set<string>();
    for (const { title, gridPos } of dashboard.panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(taken.has(`${x},${y}`), title).toBe(false);
          taken.add(`${x},${y}`);
        }
      }
    }
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });

  test('every variable that a query uses is there, and the other way round', () => {
    const own = dashboard.templating.list.map(({ name }) => name);
    const text = JSON.stringify([dashboard.panels, dashboard.templating.list.map(({ definition }) => definition)]);
    const used = [...text.matchAll(/\$\{?(\w+)\}?/g)].map(([, name = '']) => name);
    expect([...new Set(used.filter((name) => !name.startsWith('__')))].toSorted()).toEqual(own.toSorted());
  });
});

test('there is no other dashboard', () => {
  const names = globSync('dashboards/*', { cwd: folder }).toSorted();
  expect(names).toEqual(dashboards.map(({ uid }) => `dashboards/${uid}.json`).toSorted());
});

test('queries ask only for metrics, labels and values that exist, and sum nothing that is shared', () => {
  const metrics = createTestMetrics();
  const queries = listQueries();
  expect(queries.length).toBeGreaterThan(50);
  for (const query of queries) {
    checkExpression(query.name, fillIn(query, { __rate_interval: '1m' }), metrics);
  }
});

test('the choices of a dashboard are values of labels that exist', () => {
  const metrics = createTestMetrics();
  for (const { uid, templating } of dashboards) {
    for (const { name, definition } of templating.list.filter((each) => each.definition !== undefined)) {
      const [, selector = '', label = ''] = /^label_values\((.+), (\w+)\)$/.exec(definition ?? '') ?? [];
      checkExpression(`${uid}: ${name}`, `count by (${label}) (${selector})`, metrics);
    }
  }
});

test('the provisioning points at the dashboards as compose mounts them', () => {
  const { providers } = parse(read('provisioning/dashboards/tollgate.yaml'));
  expect(providers.map((provider: { options: { path: string } }) => provider.options.path)).toEqual([
    '/var/lib/grafana/dashboards',
  ]);
});
