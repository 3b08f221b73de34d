import { readShortText } from './short-text.ts';

/** Names in a Messages request that bear on its price. A duplicate of any of them, in any object, is refused. */
export const REQUEST_NAMES = [
  'model',
  'max_tokens',
  'messages',
  'stream',
  'speed',
  'inference_geo',
  'service_tier',
  'thread',
  'fallbacks',
  'tools',
  'mcp_servers',
  'compaction',
  'context_management',
  'cache_control',
  'caching',
  'container',
  'billing_policy',
  'bill_to',
  'content',
  'source',
  'type',
  'data',
  'ttl',
  'max_uses',
  'edits',
  'system',
  'url',
  'file_id',
  'media_type',
] as const;
export type RequestName = (typeof REQUEST_NAMES)[number];

/** A name with escapes is longer than this only if it is none of ours: each of 18 characters takes 6 bytes at most. */
const LONGEST_ESCAPED_NAME = 18 * 6;

/** Indexes of the names of a length that begin with a byte. */
const byLengthAndLead: (number[] | undefined)[] = [];
REQUEST_NAMES.forEach((name, index) => {
  const key = lookupKey(name.length, name.charCodeAt(0));
  byLengthAndLead[key] = [...(byLengthAndLead[key] ?? []), index];
});

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The text of a JSON string whose content lies at a range of valid bytes. */
export function readJsonString(bytes: Uint8Array, start: number, end: number, escaped: boolean): string {
  const text = readShortText(bytes, start, end) ?? decoder.decode(bytes.subarray(start, end));
  return escaped ? (JSON.parse(`"${text}"`) as string) : text;
}

/**
 * Index into {@link REQUEST_NAMES} of a member's name, compared after unescaping (`m\u006fdel` is `model`); -1 for
 * any other name; -2 for one that other parsers may read differently: with NUL, where some end a text, or with half a
 * surrogate pair, which some replace.
 */
export function findRequestName(bytes: Uint8Array, start: number, end: number, escaped: boolean): number {
  if (!escaped) return matchName(bytes, start, end);
  if (end - start > LONGEST_ESCAPED_NAME) return -1;
  const text = readJsonString(bytes, start, end, true);
  if (text.includes('\0') || !text.isWellFormed()) return -2;
  return (REQUEST_NAMES as readonly string[]).indexOf(text);
}

function matchName(bytes: Uint8Array, start: number, end: number): number {
  const candidates = byLengthAndLead[lookupKey(end - start, bytes[start] ?? 0)];
  if (candidates === undefined) return -1;
  for (const index of candidates) if (equals(bytes, start, REQUEST_NAMES[index] as string)) return index;
  return -1;
}

function equals(bytes: Uint8Array, start: number, name: string): boolean {
  for (let at = 0; at < name.length; at += 1) if (bytes[start + at] !== name.charCodeAt(at)) return false;
  return true;
}

/** Below 20 * 256 for every name of ours; longer ones share one key that none of ours has. */
function lookupKey(length: number, lead: number): number {
  return length < 20 ? length * 256 + lead : 0;
}
