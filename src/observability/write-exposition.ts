import type { Registry } from 'prom-client';
import type { MetricsSnapshot } from './metrics-snapshot.ts';
import { writeOpenMetrics } from './write-open-metrics.ts';

/** What a scrape is answered. */
export interface Exposition {
  contentType: string;
  body: string;
}

const OPEN_METRICS_CONTENT_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** @param accept the header of the scrape. */
export function acceptsOpenMetrics(accept: string): boolean {
  return accept.includes('application/openmetrics-text');
}

/**
 * OpenMetrics to whoever accepts it, and else the older text format.
 * @param complete adds to the metrics what the registry lost of them.
 */
export async function writeExposition(
  registry: Registry,
  accept: string,
  complete: (metrics: MetricsSnapshot) => MetricsSnapshot = (metrics) => metrics,
): Promise<Exposition> {
  if (!acceptsOpenMetrics(accept)) return { contentType: registry.contentType, body: await registry.metrics() };
  const body = writeOpenMetrics(complete(await registry.getMetricsAsJSON()));
  return { contentType: OPEN_METRICS_CONTENT_TYPE, body };
}
