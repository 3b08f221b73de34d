import { ByteBuffer } from './byte-buffer.ts';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
/** Longest field name and event name that matter are 5 and 19 bytes. */
const NAME_BYTES = 64;

/** Hears of a stream's lines as they pass. Lines are not gathered: data comes in pieces. */
export interface EventStreamListener {
  /** A piece of the event's data; a line break between data lines comes as one. */
  data(bytes: Uint8Array, start: number, end: number): void;
  /** A blank line: the event is whole. `name` is its `event` field, empty where it had none. */
  dispatch(name: string): void;
}

type Part = 'field' | 'separator' | 'data' | 'event' | 'ignored';

/**
 * Splits a `text/event-stream` (HTML standard, section 9.2) that arrives in pieces of any size: lines end in CR, LF or
 * both; comments and unknown fields are passed over; a byte order mark may lead. Holds no more than a name.
 */
export class EventStreamReader {
  readonly #listener: EventStreamListener;
  readonly #field = new ByteBuffer(NAME_BYTES);
  readonly #name = new ByteBuffer(NAME_BYTES);
  #part: Part = 'field';
  #fieldLength = 0;
  #hasData = false;
  #afterReturn = false;
  #position = 0;

  constructor(listener: EventStreamListener) {
    this.#listener = listener;
  }

  push(chunk: Uint8Array): void {
    let at = this.#skipByteOrderMark(chunk);
    // Most streams have no CR: one search says so for the whole chunk.
    let nextReturn = chunk.indexOf(CARRIAGE_RETURN, at);
    while (at < chunk.length) {
      if (this.#afterReturn) {
        this.#afterReturn = false;
        if (chunk[at] === LINE_FEED) {
          at += 1;
          continue;
        }
      }
      const nextFeed = chunk.indexOf(LINE_FEED, at);
      if (nextReturn >= 0 && nextReturn < at) nextReturn = chunk.indexOf(CARRIAGE_RETURN, at);
      const end = earliest(nextFeed, nextReturn, chunk.length);
      this.#line(chunk, at, end);
      if (end < chunk.length) {
        this.#afterReturn = chunk[end] === CARRIAGE_RETURN;
        this.#endLine();
      }
      at = end + 1;
    }
  }

  /** A mark may come split too: its bytes are passed over while they match, and only at the very start. */
  #skipByteOrderMark(chunk: Uint8Array): number {
    let at = 0;
    while (this.#position < BYTE_ORDER_MARK.length && at < chunk.length) {
      if (chunk[at] !== BYTE_ORDER_MARK[this.#position]) this.#position = BYTE_ORDER_MARK.length;
      else {
        this.#position += 1;
        at += 1;
      }
    }
    return at;
  }

  /** A line or a piece of one, without its end. */
  #line(chunk: Uint8Array, start: number, end: number): void {
    let at = start;
    while (this.#part === 'field' && at < end) {
      const byte = chunk[at] as number;
      if (byte === COLON) this.#part = 'separator';
      else {
        this.#fieldLength += 1;
        this.#field.push(byte);
      }
      at += 1;
    }
    if (at >= end) return;
    if (this.#part === 'separator') {
      this.#part = this.#beginValue();
      if (chunk[at] === SPACE) at += 1;
    }
    if (this.#part === 'data') this.#listener.data(chunk, at, end);
    else if (this.#part === 'event') this.#name.pushRange(chunk, at, end);
  }

  #beginValue(): Part {
    const field = this.#field.overflowed ? '' : this.#field.text();
    if (field === 'event') {
      this.#name.clear();
      return 'event';
    }
    if (field !== 'data') return 'ignored';
    if (this.#hasData) this.#listener.data(LINE_BREAK, 0, 1);
    this.#hasData = true;
    return 'data';
  }

  #endLine(): void {
    const isBlank = this.#part === 'field' && this.#fieldLength === 0;
    this.#part = 'field';
    this.#field.clear();
    this.#fieldLength = 0;
    if (!isBlank) return;
    const name = this.#name.text();
    this.#name.clear();
    const hadData = this.#hasData;
    this.#hasData = false;
    // The standard drops an event without data.
    if (hadData) this.#listener.dispatch(name);
  }
}

const LINE_BREAK = Uint8Array.of(LINE_FEED);

function earliest(one: number, other: number, end: number): number {
  return Math.min(one < 0 ? end : one, other < 0 ? end : other);
}
