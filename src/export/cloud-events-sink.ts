import { Agent, request } from 'undici';
import type { ExportRecord, JournalSink } from './journal-sink.ts';

export interface CloudEventsSinkOptions {
  /** http or https. Certificates are verified, redirects are not followed. */
  url: string;
  /** Sent as a bearer token. */
  token: string | undefined;
  /** From the connection to the end of the answer; 15 s unless given. */
  timeoutMs?: number;
}

/** The receiver did not take a batch. The message names no URL: it is often a credential. */
export class CloudEventsRefused extends Error {
  readonly code = 'CLOUD_EVENTS_REFUSED';
  override readonly name = 'CloudEventsRefused';
}

const TIMEOUT_MS = 15_000;
/** Receivers commonly take a megabyte; one event is a few kilobytes. */
const BATCH_BYTES_AT_MOST = 512 * 1024;
const ANSWER_BYTES_AT_MOST = 16_384;

/**
 * Posts entries as CloudEvents 1.0 in batched mode (`application/cloudevents-batch+json`). `source` and `id` together
 * tell an event that comes again. Any 2xx says that the batch is safe; everything else has it sent again.
 * Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md, 3.3
 */
export function createCloudEventsSink({ url, token, timeoutMs = TIMEOUT_MS }: CloudEventsSinkOptions): JournalSink {
  const agent = new Agent({
    allowH2: false,
    connections: 1,
    connect: { timeout: timeoutMs, rejectUnauthorized: true },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
  const post = async (events: readonly string[]): Promise<void> => {
    const { statusCode, body } = await request(url, {
      method: 'POST',
      dispatcher: agent,
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        'content-type': 'application/cloudevents-batch+json; charset=utf-8',
        'user-agent': 'tollgate',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: `[${events.join(',')}]`,
    });
    await body.dump({ limit: ANSWER_BYTES_AT_MOST }).catch(() => undefined);
    if (statusCode < 200 || statusCode >= 300) throw new CloudEventsRefused(`the receiver answered ${statusCode}`);
  };
  return {
    async write(records) {
      let batch: string[] = [];
      let bytes = 0;
      for (const record of records) {
        const event = writeEvent(record);
        if (event === undefined) continue;
        const size = Buffer.byteLength(event);
        if (batch.length > 0 && bytes + size > BATCH_BYTES_AT_MOST) {
          await post(batch);
          batch = [];
          bytes = 0;
        }
        batch.push(event);
        bytes += size;
      }
      if (batch.length > 0) await post(batch);
    },
    close: () => agent.destroy(),
  };
}

/** A snapshot is no event: nothing happened. */
function writeEvent(record: ExportRecord): string | undefined {
  if (record.type === 'snapshot') return undefined;
  const frame = {
    specversion: '1.0',
    source: `/tollgate/accounts/${record.accountId}`,
    datacontenttype: 'application/json',
  };
  if (record.type === 'gap') {
    const { accountId, afterSequence, nextSequence } = record;
    const id = `gap-${afterSequence}-${nextSequence}`;
    const data = { accountId, afterSequence, nextSequence };
    return JSON.stringify({ ...frame, id, type: 'io.tollgate.journal.gap.v1', data });
  }
  const { type: _, ...entry } = record;
  return JSON.stringify(
    {
      ...frame,
      id: `${entry.sequence}`,
      type: `io.tollgate.journal.${entry.operation}.v1`,
      subject: entry.subjectId,
      time: new Date(entry.atMs).toISOString(),
      data: entry,
    },
    (_name, value: unknown) => (typeof value === 'bigint' ? value.toString() : value),
  );
}
