import type { MetricsSnapshot } from './metrics-snapshot.ts';

/** A sample as the client library gives it; the exemplar is on the lines of buckets. */
export interface Sample {
  metricName?: string;
  labels?: Labels;
  value: number;
  exemplar?: { labelSet: Labels; value: number; timestamp: number } | null;
}
interface Labels {
  readonly [label: string]: string | number | undefined;
}

/**
 * Metrics in the OpenMetrics text format 1.0, which alone has exemplars. The client library writes it only for a
 * registry that is never read in the older format, so it is written here.
 * Source: the OpenMetrics specification; a counter's family is its name without `_total`.
 */
export function writeOpenMetrics(metrics: MetricsSnapshot): string {
  const lines: string[] = [];
  for (const { name, help, type, values } of metrics) {
    const isCounter = `${type}` === 'counter' && name.endsWith('_total');
    const family = isCounter ? name.slice(0, -'_total'.length) : name;
    lines.push(`# HELP ${family} ${escapeText(help)}`);
    lines.push(`# TYPE ${family} ${`${type}` === 'counter' && !isCounter ? 'unknown' : type}`);
    for (const sample of values as Sample[]) lines.push(writeSample(name, sample));
  }
  return `${lines.join('\n')}\n# EOF\n`;
}

function writeSample(name: string, { metricName = name, labels = {}, value, exemplar }: Sample): string {
  const line = `${metricName}${writeLabels(labels)} ${writeNumber(value)}`;
  if (exemplar === undefined || exemplar === null) return line;
  const { labelSet, value: seen, timestamp } = exemplar;
  return `${line} # ${writeLabels(labelSet) || '{}'} ${writeNumber(seen)} ${timestamp}`;
}

function writeLabels(labels: Labels): string {
  const pairs = Object.entries(labels).flatMap(([label, value]) =>
    value === undefined ? [] : [`${label}="${escapeText(`${value}`).replaceAll('"', '\\"')}"`],
  );
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escapeText(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function writeNumber(value: number): string {
  if (Number.isFinite(value)) return `${value}`;
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
