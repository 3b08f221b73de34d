import type { Registry } from 'prom-client';

/** What one process counts, as it can be sent to another. */
export type MetricsSnapshot = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;
