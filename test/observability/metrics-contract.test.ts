import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { RegisteredMetric } from '../../src/observability/metric-registry.ts';
import { createMetrics } from '../../src/observability/metrics.ts';
import { formatMarkdownTable, type MarkdownRow, readMarkdownTable } from '../support/markdown-table.ts';
import { createTestMetrics, finishedCall, NOW_MS } from './metrics-fixtures.ts';
import { promtool } from './promtool.ts';

const project = fileURLToPath(new URL('../../', import.meta.url));
const documentText = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');

/** What docs/metrics.md counts its bounds for. */
const MODELS = Array.from({ length: 30 }, (_, n) => ({ id: `claude-${n}`, aliases: [] }));

interface Exposed {
  help: string;
  type: string;
  labels: string[];
}

/** Name, type, help and labels of every metric as they stand in the exposition, histograms by their family's name. */
function readExposition(body: string): Map<string, Exposed> {
  const metrics = new Map<string, Exposed>();
  for (const [, name = '', help = ''] of body.matchAll(/^# HELP (\S+) (.*)$/gm))
    metrics.set(name, { help, type: '', labels: [] });
  for (const [, name = '', type = ''] of body.matchAll(/^# TYPE (\S+) (\S+)$/gm)) metrics.get(name)!.type = type;
  return metrics;
}

function adviceOf({ type, aggregation, labels }: RegisteredMetric): string {
  if (type === 'histogram') return '`sum by (le) (rate())`';
  if (type === 'counter' && aggregation === 'sum') return '`sum(rate())`';
  const owner = ['quota', 'team', 'account'].find((label) => labels.includes(label));
  const by = owner === undefined ? '' : ` by (${owner})`;
  return `\`${aggregation}${by}()\``;
}

async function expectedRows(): Promise<MarkdownRow[]> {
  const metrics = createMetrics({ models: MODELS, nowMs: () => NOW_MS, processMetrics: false });
  const exposed = readExposition((await metrics.render()).body);
  expect(new Set(exposed.keys())).toEqual(new Set(metrics.registered.map(({ name }) => name)));
  return metrics.registered.map((metric) => {
    expect(exposed.get(metric.name)?.type).toBe(metric.type);
    return {
      Name: `\`${metric.name}\``,
      Type: metric.type,
      Labels: metric.labels.map((label) => `\`${label}\``).join(', '),
      Aggregate: adviceOf(metric),
      'Lines at most': metric.seriesAtMost.toLocaleString('en-US'),
      Meaning: exposed.get(metric.name)?.help ?? '',
    };
  });
}

/** Names that documents give to other things than metrics: tables of the export, and a rule's. */
const NO_METRICS = new Set(['tollgate_journal', 'tollgate_journal_gap', 'tollgate_schema', 'tollgate_time_to_empty']);

test('every metric that a document speaks of exists', () => {
  const documents = globSync(['docs/*.md', 'README.md', 'ARCHITECTURE.md', 'deploy/**/*.md'], { cwd: project });
  expect(documents.length).toBeGreaterThan(10);
  const known = new Set([...createTestMetrics().registered.map(({ name }) => name), ...NO_METRICS]);
  for (const document of documents) {
    const text = readFileSync(`${project}${document}`, 'utf8');
    for (const [name] of text.matchAll(/\btollgate_[a-z0-9_]+/g)) {
      const family = name.replace(/_(bucket|sum|count)$/, '');
      expect(known.has(name) || known.has(family), `${document}: ${name}`).toBe(true);
    }
  }
});

describe('docs/metrics.md', () => {
  test('its metrics are those of the registry: name, type, labels, aggregation, bound, meaning', async () => {
    const documented = formatMarkdownTable(readMarkdownTable(documentText, "Tollgate's metrics"));
    expect(documented).toBe(formatMarkdownTable(await expectedRows()));
  });
});

describe('the registry', () => {
  test('has no label that names a key, a member, a session, a request or a person', () => {
    const forbidden = /key|member|session|request_id|user|email|ip$|agent/;
    const labels = createTestMetrics().registered.flatMap((metric) => metric.labels);
    expect(labels.filter((label) => forbidden.test(label))).toEqual([]);
  });

  test('sums nothing that every replica reads from the same ledger', () => {
    const shared = createTestMetrics().registered.filter(({ labels }) => labels.includes('account'));
    expect(shared.length).toBeGreaterThan(5);
    expect(shared.filter(({ aggregation }) => aggregation === 'sum')).toEqual([]);
  });

  test('never has more lines of a metric than it declares', async () => {
    const metrics = createTestMetrics();
    for (const model of ['claude-fable-5', 'claude-haiku-5', 'x', 'y']) metrics.callFinished(finishedCall({ model }));
    const { body } = await metrics.render();
    for (const { name, seriesAtMost } of metrics.registered) {
      const lines = body
        .split('\n')
        .filter((line) => line.match(/^[a-z_]+/)?.[0].replace(/_(bucket|sum|count)$/, '') === name);
      expect(lines.length, name).toBeLessThanOrEqual(seriesAtMost);
    }
  });

  test('passes promtool check metrics, the process metrics included', async () => {
    const metrics = createMetrics({ models: MODELS, nowMs: () => NOW_MS });
    metrics.callFinished(finishedCall());
    metrics.rateCardLoaded({ version: '1', effectiveFromMs: 0, models: [] });
    const { body, contentType } = await metrics.render();
    expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(body).toMatch(/^process_cpu_seconds_total /m);
    expect(body).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
    expect(promtool(['check', 'metrics'], body)).toEqual({ status: 0, output: '' });
  });

  test('promtool does object where there is something to object to', () => {
    const { status, output } = promtool(['check', 'metrics'], '# TYPE bad_name gauge\nbad_name 1\n');
    expect(status).not.toBe(0);
    expect(output).toContain('no help text');
  });
});
