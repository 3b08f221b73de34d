import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { FastifyRequest } from 'fastify';
import { createBatchRequestReader } from '../../anthropic/batch-request-reader.ts';
import type { Principal } from '../../directory/directory.ts';
import { LONG_OUTPUT_BETA_PREFIX } from '../../domain/batch-ceiling.ts';
import type { BatchSum } from '../../metering/batches/batch-admission.ts';
import { doInTurns } from '../do-in-turns.ts';
import { BodyTooLarge, limitBody } from '../limited-body.ts';
import type { PublicParts } from '../public-parts.ts';
import type { Refusal } from '../refusals.ts';
import type { BatchFile } from './batch-folder.ts';

/** As in a Messages request. */
const JSON_KEYS_AT_MOST = 2_000_000;
/** Source: the limits of the Message Batches API. */
const ITEMS_AT_MOST = 100_000;
/** Different files that one batch may refer to. */
const FILES_AT_MOST = 10_000;
/** Files asked for in one command. */
const FILES_AT_ONCE = 1_000;
/** Inflated bytes per byte allowed of a body, as with Messages. */
const INFLATED_TIMES = 2;

/** The body need not be read to its end. */
class ReadingStopped extends Error {
  readonly code = 'READING_STOPPED';
  override readonly name = 'ReadingStopped';
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.kind);
    this.refusal = refusal;
  }
}

/**
 * Reads a batch from its client: every byte into the file as it is, every item priced as it passes. Memory holds one
 * item at a time. Throws `SenderLeft`, and the disk's errors.
 */
export async function readBatch(
  parts: PublicParts,
  request: FastifyRequest,
  file: BatchFile,
): Promise<BatchSum | { refusal: Refusal }> {
  const { batchBodyBytes: limitBytes } = parts.limits;
  const encoding = (request.headers['content-encoding'] ?? '').trim().toLowerCase();
  if (!['', 'identity', 'gzip'].includes(encoding)) {
    return { refusal: { kind: 'malformed', reason: 'request_body_encoding_unsupported: only gzip is supported.' } };
  }
  const items = createItemReader(parts, request);
  async function* keep(source: AsyncIterable<Buffer>) {
    for await (const chunk of source) {
      await file.append(chunk);
      yield chunk;
    }
  }
  const body = limitBody(request, limitBytes);
  try {
    if (encoding === 'gzip') await pipeline(body, keep, createGunzip(), items.read);
    else await pipeline(body, keep, items.read);
  } catch (error) {
    return { refusal: refusalOf(error as NodeJS.ErrnoException, limitBytes) };
  }
  const foreign = await findForeignFile(parts, request, items.fileIds);
  return foreign === undefined ? items.sum() : { refusal: foreign };
}

function createItemReader(parts: PublicParts, request: FastifyRequest) {
  const { jsonDepth, messagesBodyBytes, batchBodyBytes } = parts.limits;
  const longOutput = hasLongOutput(request.headers['anthropic-beta']);
  const admission = parts.batches.admit(request.tollgate.principal as Principal, { longOutput });
  /** Each with the first item that refers to it. */
  const fileIds = new Map<string, number>();
  let refusal: Refusal | undefined;
  const limits = { depth: jsonDepth, keys: JSON_KEYS_AT_MOST, itemBytes: messagesBodyBytes, items: ITEMS_AT_MOST };
  const reader = createBatchRequestReader(limits, (item, index) => {
    for (const id of item.request.fileIds ?? []) if (!fileIds.has(id)) fileIds.set(id, index);
    if (fileIds.size > FILES_AT_MOST) return `requests.${index}: more than ${FILES_AT_MOST} files in one batch`;
    refusal = admission.add(item, index);
    return refusal?.kind;
  });
  const stopAt = (problem: string | undefined): void => {
    if (problem !== undefined) throw new ReadingStopped(refusal ?? { kind: 'malformed', reason: problem });
  };
  let inflatedBytes = 0;
  return {
    fileIds,
    sum: admission.sum,
    async read(source: AsyncIterable<Buffer>): Promise<void> {
      for await (const chunk of source) {
        inflatedBytes += chunk.byteLength;
        const limitBytes = INFLATED_TIMES * batchBodyBytes;
        if (inflatedBytes > limitBytes) throw new ReadingStopped({ kind: 'inflated_body_too_large', limitBytes });
        stopAt(await doInTurns(reader.push(chunk)));
      }
      stopAt(reader.end());
    },
  };
}

function refusalOf(error: NodeJS.ErrnoException, limitBytes: number): Refusal {
  if (error instanceof ReadingStopped) return error.refusal;
  if (error instanceof BodyTooLarge) return { kind: 'body_too_large', limitBytes };
  // Errors of zlib: Z_DATA_ERROR, Z_BUF_ERROR (the end is missing).
  if (/^Z_|^ERR_/.test(error.code ?? '') && error.code !== 'ERR_STREAM_PREMATURE_CLOSE') {
    return { kind: 'malformed', reason: 'request_body_encoding_invalid: the body is not valid gzip.' };
  }
  throw error;
}

/** The beta under which an item may write more than a call; the header is a list. */
function hasLongOutput(betas: string | string[] | undefined): boolean {
  const names = [betas ?? []].flat().flatMap((value) => value.split(','));
  return names.some((name) => name.trim().startsWith(LONG_OUTPUT_BETA_PREFIX));
}

/** A file of another account must not be read through a batch. */
async function findForeignFile(
  { stored }: PublicParts,
  { tollgate }: FastifyRequest,
  fileIds: ReadonlyMap<string, number>,
): Promise<Refusal | undefined> {
  const { id: accountId } = (tollgate.principal as Principal).account;
  const ids = [...fileIds.keys()];
  for (let at = 0; at < ids.length; at += FILES_AT_ONCE) {
    const id = await stored.findForeignFile(accountId, ids.slice(at, at + FILES_AT_ONCE));
    if (id !== undefined) return { kind: 'file_not_found', id, item: fileIds.get(id) ?? 0 };
  }
  return undefined;
}
