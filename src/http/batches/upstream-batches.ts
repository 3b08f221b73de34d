import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { BatchUpstream, UpstreamBatch } from '../../metering/batches/batch-upstream.ts';
import { readSmallAnswer } from '../ask-upstream.ts';
import { createFreeRouteClient } from '../free-route-client.ts';
import type { PublicParts } from '../public-parts.ts';
import { UpstreamFailed } from '../upstream-failed.ts';

const ROOT = '/v1/messages/batches';
const ID = /^[A-Za-z0-9_-]{1,128}$/;
const PAGE = 100;
/** Of the operator's batches, newest first: what is looked for is at most a few hours old. */
const PAGES_AT_MOST = 100;
/** The oldest version that is served: what is asked for is the same in all. */
const VERSION = '2023-06-01';

/**
 * The API's batches, asked for with the operator's key and on nobody's behalf.
 * @param signal breaks off whatever is being asked.
 */
export function createBatchUpstream(
  { upstream, limits, timers }: Pick<PublicParts, 'upstream' | 'limits' | 'timers'>,
  signal?: AbortSignal,
): BatchUpstream {
  const client = createFreeRouteClient(upstream, limits, timers);
  const headers = ['anthropic-version', VERSION, 'accept-encoding', 'identity', 'x-api-key', upstream.apiKey];
  const get = (path: string): Promise<Dispatcher.ResponseData> =>
    new Promise((resolve, reject) => {
      const stop = (): void => reject(new UpstreamFailed('broken off'));
      if (signal?.aborted) return stop();
      signal?.addEventListener('abort', stop, { once: true });
      client.request({ method: 'GET', path: `${upstream.basePath}${path}`, headers }, (error, data) => {
        signal?.removeEventListener('abort', stop);
        if (error !== null) return reject(new UpstreamFailed('a question about batches', { cause: error }));
        if (signal?.aborted) data.body.destroy();
        resolve(data);
      });
    });
  const ask = async (path: string): Promise<unknown> => {
    const { statusCode, bytes } = await readSmallAnswer(await get(path));
    if (statusCode === 404) return undefined;
    if (statusCode !== 200) throw new UpstreamFailed(`status ${statusCode} to a question about batches`);
    return parse(bytes);
  };
  return {
    async find(upstreamId) {
      const found = await ask(`${ROOT}/${upstreamId}`);
      return found === undefined ? undefined : readBatch(found);
    },
    async *list() {
      let after = '';
      for (let page = 0; page < PAGES_AT_MOST; page += 1) {
        const { data, has_more: hasMore } = (await ask(`${ROOT}?limit=${PAGE}${after}`)) as JsonObject;
        const batches = Array.isArray(data) ? data.map(readBatch) : [];
        yield* batches;
        const last = batches.at(-1);
        if (hasMore !== true || last === undefined) return;
        after = `&after_id=${last.id}`;
      }
    },
    async readResults(upstreamId, onChunk) {
      const { statusCode, headers: answered, body } = await get(`${ROOT}/${upstreamId}/results`);
      if (statusCode === 200 && (answered['content-encoding'] ?? 'identity') === 'identity') {
        await readAll(body, onChunk, signal);
        return true;
      }
      await body.dump();
      if (statusCode === 404 || statusCode === 410) return false;
      throw new UpstreamFailed(`status ${statusCode} in place of results`);
    },
  };
}

async function readAll(body: Readable, onChunk: (chunk: Uint8Array) => void, signal?: AbortSignal): Promise<void> {
  const stop = (): void => void body.destroy(new UpstreamFailed('broken off'));
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of body) onChunk(chunk as Buffer);
  } catch (error) {
    throw new UpstreamFailed('results', { cause: error });
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

type JsonObject = { readonly [name: string]: unknown };

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new UpstreamFailed('an answer about batches that is no JSON', { cause: error });
  }
}

function readBatch(value: unknown): UpstreamBatch {
  const { id, created_at: createdAt, processing_status: status, request_counts: counts } = (value ?? {}) as JsonObject;
  const createdAtMs = Date.parse(String(createdAt));
  if (typeof id !== 'string' || !ID.test(id) || Number.isNaN(createdAtMs)) {
    throw new UpstreamFailed('an answer about batches that is none');
  }
  const items = Object.values((counts ?? {}) as JsonObject).reduce((sum: number, count) => sum + Number(count), 0);
  return { id, createdAtMs, hasEnded: status === 'ended', items };
}
