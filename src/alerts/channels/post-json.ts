import { lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, request } from 'undici';
import { isPublicAddress } from './is-public-address.ts';

export interface JsonPost {
  /** http or https. Certificates are verified, redirects are not followed. */
  url: string;
  headers?: { readonly [name: string]: string };
  body: string;
  /** Refuses addresses that are not public, whatever name they go by. */
  publicOnly: boolean;
}

/** `body` undefined: it broke off, or is longer than {@link ANSWER_BYTES_AT_MOST}. The status stands all the same. */
export type PostReply =
  | { answered: true; status: number; body: string | undefined }
  | { answered: false; problem: string };

export interface JsonPoster {
  /** Never rejects. */
  post(message: JsonPost): Promise<PostReply>;
  close(): Promise<void>;
}

/** From the connection to the end of the answer. */
export const SEND_TIMEOUT_MS = 15_000;
/** What a receiver answers is read to keep the connection; above this the connection is closed. */
export const ANSWER_BYTES_AT_MOST = 16_384;

/** A target that an account's own caller named lies in a network that is not public. */
class TargetNotPublic extends Error {
  readonly code = 'TARGET_NOT_PUBLIC';
  override readonly name = 'TargetNotPublic';
}

export function createJsonPoster({ timeoutMs = SEND_TIMEOUT_MS }: { timeoutMs?: number | undefined } = {}): JsonPoster {
  const open = (connect: { lookup?: LookupFunction } = {}): Agent =>
    new Agent({
      allowH2: false,
      connections: 4,
      connect: { timeout: timeoutMs, rejectUnauthorized: true, ...connect },
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
  const agents = { any: open(), public: open({ lookup: lookupPublic }) };
  return {
    async post({ url, headers = {}, body, publicOnly }) {
      try {
        if (publicOnly) refusePrivateLiteral(url);
        const answer = await request(url, {
          method: 'POST',
          dispatcher: publicOnly ? agents.public : agents.any,
          signal: AbortSignal.timeout(timeoutMs),
          headers: { 'content-type': 'application/json', 'user-agent': 'tollgate', ...headers },
          body,
        });
        return { answered: true, status: answer.statusCode, body: await readWithin(answer.body) };
      } catch (error) {
        return { answered: false, problem: describeFault(error) };
      }
    },
    // A receiver that keeps silent does not keep the process.
    async close() {
      await Promise.all([agents.any.destroy(), agents.public.destroy()]);
    },
  };
}

/** The status is the answer; a body that breaks off or drips until the timeout takes nothing back. */
async function readWithin(body: AsyncIterable<Buffer>): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      size += chunk.length;
      if (size > ANSWER_BYTES_AT_MOST) return undefined;
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  } catch {
    return undefined;
  }
}

/** A fault by its code or name: messages can carry the URL, and a webhook's URL is often a credential. */
export function describeFault(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown fault';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

/** An address written as such is connected to without being looked up. */
function refusePrivateLiteral(url: string): void {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && !isPublicAddress(host)) throw new TargetNotPublic('the target is not public');
}

/** Judged as it is connected to: a name could have meant another address when it was looked at before. */
const lookupPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, []);
    if (addresses.length === 0 || !addresses.every(({ address }) => isPublicAddress(address))) {
      return callback(new TargetNotPublic('the target is not public'), []);
    }
    if (options.all === true) return callback(null, addresses);
    const [first] = addresses;
    return callback(null, first?.address ?? '', first?.family);
  });
};
