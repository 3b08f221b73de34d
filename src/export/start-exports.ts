import { createCloudEventsSink } from './cloud-events-sink.ts';
import type { JournalExporterParts, NamedSink } from './exporter-parts.ts';
import { createFileSink } from './file-sink.ts';
import { createJournalExporter, type JournalExporter } from './journal-exporter.ts';
import { createPostgresSink } from './postgres-sink.ts';

/** Where the journal is exported to; each may be undefined. */
export interface ExportTargets {
  exportDir: string | undefined;
  exportHttpUrl: string | undefined;
  exportHttpToken: string | undefined;
  exportPostgresUrl: string | undefined;
}

/** Undefined where there is no target: then all of the journal stays in the store. */
export function startExports(
  targets: ExportTargets,
  parts: Omit<JournalExporterParts, 'sinks'>,
): JournalExporter | undefined {
  const sinks = createSinks(targets, parts);
  return sinks.length === 0 ? undefined : createJournalExporter({ ...parts, sinks });
}

function createSinks(
  { exportDir: folder, exportHttpUrl: url, exportHttpToken: token, exportPostgresUrl }: ExportTargets,
  { nowMs, logger }: Pick<JournalExporterParts, 'nowMs' | 'logger'>,
): NamedSink[] {
  const sinks: NamedSink[] = [];
  if (folder !== undefined) sinks.push({ name: 'files', sink: createFileSink({ folder, nowMs }) });
  if (url !== undefined) sinks.push({ name: 'http', sink: createCloudEventsSink({ url, token }) });
  if (exportPostgresUrl !== undefined) {
    const onFault = (err: Error): void => logger.warn({ err }, 'the connection to PostgreSQL is disturbed');
    sinks.push({ name: 'postgres', sink: createPostgresSink({ url: exportPostgresUrl, onFault }) });
  }
  return sinks;
}
