import type { IncomingHttpHeaders } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { type ReadEnvelope, readEnvelope } from './envelope.ts';
import type { Refusal } from './refusals.ts';

/** What to do with an answer of the upstream that is not a success. */
export type UpstreamErrorAction =
  /** Pass status and bytes on: clients match on the API's wording. */
  | { action: 'relay' }
  /** Answer in our own words. */
  | { action: 'refuse'; refusal: Refusal; alert?: OperatorAlert };

/** Something only the operator can mend. */
export type OperatorAlert = 'upstream_credit' | 'upstream_credential';

/**
 * The operator's own prepaid credit or spend limit, as the API words it. Statuses vary: 400, 402 and 429 were seen.
 * Matched at the beginning only, for further on an error may quote the request.
 */
const OPERATOR_CREDIT_TEXTS = [
  /^Your credit balance is too low/i,
  /^You have reached your (specified )?(workspace )?API usage limits/i,
];
const OPERATOR_CREDIT_CODES = new Set([
  'enforced_spend_limit_reached',
  'contract_spend_limit_reached',
  'linked_organization_billing_unavailable',
  'linked_organization_spend_limit_reached',
]);

/** Of an error body, inflated: larger than any of the API. */
const INFLATED_BYTES = 1_024 * 1_024;

/**
 * Judges an error of the upstream. A customer is told what concerns the request and nothing about the operator's own
 * account: neither that its credit is gone (they would top up elsewhere) nor which organisation it is.
 * @param body the whole error body, or its beginning where it broke off or was longer than any error of the API: read as
 * what it is if it makes a whole envelope, else judged by its status.
 */
export function judgeUpstreamError(
  status: number,
  headers: Readonly<IncomingHttpHeaders>,
  body: Uint8Array,
): UpstreamErrorAction {
  const plain = inflateError(headers, body);
  const envelope = readEnvelope(plain);
  if (status === 401 || status === 403) return refuseOperator('credential');
  if (status === 402 || (envelope !== undefined && isOperatorCredit(envelope))) return refuseOperator('credit');
  if (status === 429) {
    // Its text names the operator's organisation.
    return { action: 'refuse', refusal: { kind: 'upstream_rate_limited', retryAfter: readRetryAfter(headers) } };
  }
  if (status < 400 || envelope === undefined || namesOrganisation(headers, plain)) {
    return { action: 'refuse', refusal: fallbackRefusal(status) };
  }
  return { action: 'relay' };
}

/** Asked for `identity`, an upstream may compress all the same. What cannot be inflated cannot be judged. */
function inflateError(headers: Readonly<IncomingHttpHeaders>, body: Uint8Array): Uint8Array {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity') return body;
  try {
    if (encoding === 'gzip') return gunzipSync(body, { maxOutputLength: INFLATED_BYTES });
    if (encoding === 'br') return brotliDecompressSync(body, { maxOutputLength: INFLATED_BYTES });
  } catch {
    // Falls to what the status alone says.
  }
  return new Uint8Array();
}

function refuseOperator(cause: 'credit' | 'credential'): UpstreamErrorAction {
  return {
    action: 'refuse',
    refusal: { kind: 'upstream_refused_operator', cause },
    alert: `upstream_${cause}`,
  };
}

function isOperatorCredit(envelope: ReadEnvelope): boolean {
  if (envelope.errorCode !== undefined && OPERATOR_CREDIT_CODES.has(envelope.errorCode)) return true;
  return OPERATOR_CREDIT_TEXTS.some((text) => text.test(envelope.message));
}

/** A page of a middlebox, a redirect, or a text that cannot be shown. */
function fallbackRefusal(status: number): Refusal {
  if (status === 529 || status === 503) return { kind: 'upstream_busy' };
  if (status === 504 || status === 408) return { kind: 'upstream_slow' };
  return { kind: 'upstream_unreadable' };
}

function namesOrganisation(headers: Readonly<IncomingHttpHeaders>, body: Uint8Array): boolean {
  const ids = [headers['anthropic-organization-id'], headers['anthropic-workspace-id']].flat();
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return ids.some((id) => id !== undefined && id.length >= 8 && text.includes(id));
}

/** Seconds or a date (RFC 9110 section 10.2.3); anything else is dropped. */
function readRetryAfter(headers: Readonly<IncomingHttpHeaders>): string | undefined {
  const value = headers['retry-after'];
  return value !== undefined && /^[\w ,:+-]{1,40}$/.test(value) ? value : undefined;
}
