import type { JsonScalar, JsonVisitor } from '../../src/anthropic/json-scanner.ts';

export type JsonValue = string | number | boolean | null | JsonValue[] | Map<string, JsonValue>;

/** Builds what a scan tells of, so that it can be held against what another parser makes of the same bytes. */
export class ValueBuilder implements JsonVisitor {
  value: JsonValue | undefined;
  /** A name was given twice in one object. */
  hasTwice = false;
  readonly #bytes: Buffer;
  readonly #open: (JsonValue[] | Map<string, JsonValue>)[] = [];
  readonly #names: string[] = [];

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  open(isArray: boolean): undefined {
    const value = isArray ? [] : new Map<string, JsonValue>();
    this.#put(value);
    this.#open.push(value);
    this.#names.push('');
  }

  close(): undefined {
    this.#open.pop();
    this.#names.pop();
  }

  name(start: number, end: number): undefined {
    const name = this.#text(start, end);
    const holder = this.#open.at(-1) as Map<string, JsonValue>;
    if (holder.has(name)) this.hasTwice = true;
    this.#names[this.#names.length - 1] = name;
  }

  scalar(kind: JsonScalar, start: number, end: number): undefined {
    this.#put(kind === 'string' ? this.#text(start, end) : JSON.parse(this.#bytes.toString('utf8', start, end)));
  }

  #text(start: number, end: number): string {
    return JSON.parse(`"${this.#bytes.toString('utf8', start, end)}"`);
  }

  #put(value: JsonValue): void {
    const holder = this.#open.at(-1);
    if (holder === undefined) this.value = value;
    else if (Array.isArray(holder)) holder.push(value);
    else holder.set(this.#names.at(-1) ?? '', value);
  }
}

/** A value of JSON.parse with maps for objects; names given twice have become one there. */
export function toJsonValue(parsed: unknown): JsonValue {
  if (Array.isArray(parsed)) return parsed.map(toJsonValue);
  if (typeof parsed !== 'object' || parsed === null) return parsed as JsonValue;
  return new Map(Object.entries(parsed).map(([name, value]) => [name, toJsonValue(value)]));
}

/** What the platform makes of these bytes; undefined where they are not valid UTF-8 or not JSON. */
export function parseStrictly(bytes: Buffer): { value: unknown } | undefined {
  try {
    // With the mark kept, which JSON.parse refuses.
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)) };
  } catch {
    return undefined;
  }
}
