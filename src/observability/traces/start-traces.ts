import type { TelemetrySettings } from '../../config/settings.ts';
import { createTraceExporter, type TraceExporter, type TraceExporterOptions } from './trace-exporter.ts';

/** Undefined where no receiver is set. */
export function startTraces(
  { otlpEndpoint: endpoint, otlpHeaders: headers = {}, serviceName }: TelemetrySettings,
  parts: Omit<TraceExporterOptions, 'endpoint' | 'headers' | 'serviceName'>,
): TraceExporter | undefined {
  return endpoint === undefined ? undefined : createTraceExporter({ ...parts, endpoint, headers, serviceName });
}
