import { pipeline, Transform } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Dispatcher } from 'undici';
import type { OpenBatch } from '../../metering/batches/batch-meter.ts';
import type { BatchTallySum } from '../../metering/batches/batch-tally.ts';
import { relayAnswer } from '../ask-upstream.ts';
import type { PublicParts } from '../public-parts.ts';

/**
 * Passes results on as they come and reads them on the way. When the last byte has passed, the batch is charged beside
 * the answer; a client that leaves before that leaves it to the poller.
 */
export async function relayResults(
  parts: PublicParts,
  request: FastifyRequest,
  reply: FastifyReply,
  record: OpenBatch,
  data: Dispatcher.ResponseData,
): Promise<FastifyReply> {
  const { statusCode, headers } = data;
  const isReadable = statusCode === 200 && (headers['content-encoding'] ?? 'identity') === 'identity';
  const tally = record.state === 'settled' || !isReadable ? undefined : await beginTally(parts, record);
  if (tally === undefined) return relayAnswer(parts, request, reply, data);
  let isRead = true;
  const read = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      isRead &&= pushSafely(parts, record, tally, chunk);
      done(null, chunk);
    },
    flush(done) {
      done();
      if (isRead) void charge(parts, record, tally);
    },
  });
  // What breaks off is told by the stream that the answer is made of.
  pipeline(data.body, read, () => undefined);
  return relayAnswer(parts, request, reply, { ...data, body: read as never });
}

/** The results pass whatever the store does. */
async function beginTally({ batches, logger }: PublicParts, record: OpenBatch): Promise<BatchTallySum | undefined> {
  try {
    return await batches.tally(record);
  } catch (error) {
    logger.warn({ err: error, batch_id: record.upstreamId }, 'results pass unread; the poller will read them');
    return undefined;
  }
}

/** A fault in reading must not reach the answer. @returns whether there was none. */
function pushSafely({ logger }: PublicParts, record: OpenBatch, tally: BatchTallySum, chunk: Buffer): boolean {
  try {
    tally.push(chunk);
    return true;
  } catch (error) {
    logger.error({ err: error, batch_id: record.upstreamId }, 'results could not be read; they pass all the same');
    return false;
  }
}

async function charge({ batches, logger }: PublicParts, record: OpenBatch, tally: BatchTallySum): Promise<void> {
  try {
    await batches.chargePassed(record, tally.end());
  } catch (error) {
    logger.warn({ err: error, batch_id: record.upstreamId }, 'a batch is left to the poller to be charged');
  }
}
