import { CLOSE_OBJECT, COMMA, OPEN_OBJECT } from './json-bytes.ts';
import { type JsonLimits, type JsonScalar, type JsonVisitor, scanJson } from './json-scanner.ts';
import { readJsonString } from './request-names.ts';
import type { Work } from './work.ts';

/**
 * Members that `POST /v1/messages/count_tokens` takes of a Messages body; it refuses others, `max_tokens` among them.
 * Source: the parameters of the vendor's SDK 1.11, beta ones included.
 */
const COUNTED_MEMBERS: ReadonlySet<string> = new Set([
  'messages',
  'model',
  'system',
  'tools',
  'tool_choice',
  'thinking',
  'cache_control',
  'output_config',
  'output_format',
  'mcp_servers',
  'context_management',
  'speed',
]);

/**
 * A Messages body reduced to what can be counted: the members that count, each in its own bytes, in their order.
 * @returns undefined when it cannot be read.
 */
export function* reduceToCountable(body: Uint8Array, limits: JsonLimits): Work<Uint8Array | undefined> {
  const members = new MemberSpans(body);
  const scan = yield* scanJson(body, limits, members);
  if (!scan.ok) return undefined;
  const kept = members.spans.filter(({ name }) => COUNTED_MEMBERS.has(name));
  const length = kept.reduce((sum, { start, end }) => sum + end - start + 1, 1);
  const reduced = new Uint8Array(Math.max(2, length));
  reduced[0] = OPEN_OBJECT;
  let at = 1;
  for (const { start, end } of kept) {
    reduced.set(body.subarray(start, end), at);
    at += end - start;
    reduced[at] = COMMA;
    at += 1;
  }
  reduced[reduced.length - 1] = CLOSE_OBJECT;
  return reduced;
}

/** Where each member of the outermost object lies, from its name's first quote to the last byte of its value. */
class MemberSpans implements JsonVisitor {
  readonly spans: { name: string; start: number; end: number }[] = [];
  readonly #bytes: Uint8Array;
  #depth = 0;
  #open: { name: string; start: number; end: number } | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  open(): undefined {
    this.#depth += 1;
  }

  close(): undefined {
    this.#depth -= 1;
    // Of the last member the end of the object is all that is told: it ends before the brace.
    if (this.#depth === 0) this.#endMember(this.#bytes.lastIndexOf(CLOSE_OBJECT));
  }

  name(start: number, end: number, escaped: boolean): undefined {
    if (this.#depth !== 1) return;
    const quote = start - 1;
    if (this.#open !== undefined) this.#endMember(this.#bytes.lastIndexOf(COMMA, quote));
    this.#open = { name: readJsonString(this.#bytes, start, end, escaped), start: quote, end: quote };
  }

  scalar(_kind: JsonScalar, _start: number, _end: number, _escaped: boolean): undefined {}

  #endMember(end: number): void {
    if (this.#open === undefined) return;
    this.spans.push({ ...this.#open, end });
    this.#open = undefined;
  }
}
