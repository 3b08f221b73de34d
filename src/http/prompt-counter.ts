import { reduceToCountable } from '../anthropic/count-body.ts';
import type { Limits } from '../config/settings.ts';
import type { Timers } from '../metering/timers.ts';
import type { Logger } from '../observability/create-logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import { doInTurns } from './do-in-turns.ts';
import { createUpstreamHeaders } from './headers.ts';
import type { Upstream } from './upstream.ts';

export interface PromptCounterParts {
  upstream: Upstream;
  timers: Timers;
  limits: Pick<Limits, 'countTokensMs' | 'jsonDepth'>;
  metrics: Pick<Metrics, 'promptCounted'>;
  logger: Pick<Logger, 'warn'>;
}

export interface CountedRequest {
  /** The client's, as they came: they name the version and the betas. */
  rawHeaders: readonly string[];
  /** The account that asks. */
  owner: string;
  /** The client's Messages body, inflated. */
  body: Uint8Array;
}

/** Asks the API how many tokens a prompt has. */
export interface PromptCounter {
  /** @returns undefined where it does not answer with a count in time. Never rejects. */
  count(request: CountedRequest): Promise<number | undefined>;
}

/** Counted at once; they share the connections of the calls that are paid for, and the API has a rate for them. */
const COUNTS_AT_ONCE = 16;
const PATH = '/v1/messages/count_tokens';
const JSON_KEYS_AT_MOST = 2_000_000;
const ANSWER_BYTES_AT_MOST = 64 * 1_024;

/** Counts through the clients and within the slots of every other call, in a short time or not at all. */
export function createPromptCounter(parts: PromptCounterParts): PromptCounter {
  const { limits, metrics, timers, logger } = parts;
  let counting = 0;

  const count = async (request: CountedRequest): Promise<number | undefined> => {
    const late = new AbortController();
    const cancel = timers.after(limits.countTokensMs, () =>
      late.abort(new Error('the prompt was not counted in time')),
    );
    try {
      return await askForCount(parts, request, late.signal);
    } catch (error) {
      logger.warn({ err: error }, 'a prompt could not be counted');
      return undefined;
    } finally {
      cancel();
    }
  };
  return {
    async count(request) {
      if (counting >= COUNTS_AT_ONCE) {
        metrics.promptCounted('busy');
        return undefined;
      }
      counting += 1;
      try {
        const tokens = await count(request);
        metrics.promptCounted(tokens === undefined ? 'failed' : 'counted');
        return tokens;
      } finally {
        counting -= 1;
      }
    },
  };
}

async function askForCount(
  { upstream, limits }: PromptCounterParts,
  { rawHeaders, body, owner }: CountedRequest,
  signal: AbortSignal,
): Promise<number | undefined> {
  const reduced = await doInTurns(reduceToCountable(body, { depth: limits.jsonDepth, keys: JSON_KEYS_AT_MOST }));
  const slot = reduced === undefined ? undefined : await upstream.slots.acquire(owner, signal);
  if (reduced === undefined || slot === undefined) return undefined;
  const client = upstream.clients.take();
  try {
    const answer = await client.request({
      // Constant: nothing of the client's target is part of it.
      path: `${upstream.basePath}${PATH}`,
      method: 'POST',
      headers: withoutEncoding(createUpstreamHeaders(rawHeaders, upstream.apiKey)),
      body: reduced,
      signal,
    });
    const text = await readAtMost(answer.body, ANSWER_BYTES_AT_MOST);
    return answer.statusCode === 200 ? readCount(text) : undefined;
  } finally {
    upstream.clients.giveBack(client);
    slot.release();
  }
}

/** The body that is counted is the inflated one. */
function withoutEncoding(headers: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? '';
    if (name.toLowerCase() !== 'content-encoding') kept.push(name, headers[index + 1] ?? '');
  }
  return kept;
}

async function readAtMost(stream: AsyncIterable<Uint8Array>, limitBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop early breaks the connection off.
  for await (const chunk of stream) {
    bytes += chunk.byteLength;
    if (bytes > limitBytes) throw new Error('the answer to a count is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function readCount(text: string): number | undefined {
  const value = (JSON.parse(text) as { input_tokens?: unknown } | null)?.input_tokens;
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
