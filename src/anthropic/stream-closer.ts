/**
 * Follows a streamed answer so that it can be ended early in good order. Only whole events are passed on, in the bytes
 * they came in: after an event that was cut in its middle nothing could follow.
 */
export interface StreamCloser {
  /** @returns the bytes that complete events, in order; the rest waits for its own end. */
  push(chunk: Uint8Array): readonly Uint8Array[];
  /** The bytes of an event that is not whole yet. */
  takeRest(): readonly Uint8Array[];
  /** Results of server tools that the answer has opened so far. */
  readonly serverToolResults: number;
  /** Whether {@link close} can end it now: its message has begun and not ended. */
  readonly isOpen: boolean;
  /**
   * The events that end it as `max_tokens` does: every open block closed, then `message_delta`, then `message_stop`.
   * The API itself ends an answer so whose output limit is reached, in the middle of a tool's input too, which every
   * client handles; `end_turn` would let a cut answer pass for a whole one. A member of our own, which clients pass
   * over, names the cause.
   * @param outputTokens of the whole answer, as far as known.
   */
  close(outputTokens: number): Uint8Array;
}

/** An event longer than this is passed on in pieces: the longest of the API, a fetched document, is far shorter. */
const EVENT_BYTES_AT_MOST = 16 * 1_024 * 1_024;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export function createStreamCloser(): StreamCloser {
  return new EventFollower();
}

class EventFollower implements StreamCloser {
  serverToolResults = 0;
  readonly #openBlocks = new Set<number>();
  #rest: Uint8Array[] = [];
  #restBytes = 0;
  #lineBytes = 0;
  #afterReturn = false;
  #begun = false;
  #ended = false;
  /** An event was too long to be held back. */
  #lost = false;

  get isOpen(): boolean {
    return this.#begun && !this.#ended && !this.#lost;
  }

  push(chunk: Uint8Array): readonly Uint8Array[] {
    if (this.#lost) return [chunk];
    const passed: Uint8Array[] = [];
    let start = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      if (!this.#endsEvent(chunk[at] as number)) continue;
      // A line feed that follows a blank line's return belongs to it.
      if (chunk[at] === CARRIAGE_RETURN && chunk[at + 1] === LINE_FEED) {
        at += 1;
        this.#afterReturn = false;
      }
      this.#keep(chunk.subarray(start, at + 1));
      start = at + 1;
      this.#readEvent();
      passed.push(...this.takeRest());
    }
    this.#keep(chunk.subarray(start));
    if (this.#restBytes <= EVENT_BYTES_AT_MOST) return passed;
    this.#lost = true;
    return [...passed, ...this.takeRest()];
  }

  takeRest(): readonly Uint8Array[] {
    const rest = this.#rest;
    this.#rest = [];
    this.#restBytes = 0;
    return rest;
  }

  close(outputTokens: number): Uint8Array {
    const events: { type: string }[] = [...this.#openBlocks]
      .sort((one, other) => one - other)
      .map((index) => ({ type: 'content_block_stop', index }));
    events.push({
      type: 'message_delta',
      delta: { stop_reason: 'max_tokens', stop_sequence: null },
      usage: { output_tokens: outputTokens },
      tollgate: { stopped: 'credit_exhausted' },
    } as { type: string });
    events.push({ type: 'message_stop' });
    return new TextEncoder().encode(events.map(writeEvent).join(''));
  }

  /** A blank line ends an event; lines end in a feed, a return, or both. */
  #endsEvent(byte: number): boolean {
    const follows = this.#afterReturn && byte === LINE_FEED;
    this.#afterReturn = byte === CARRIAGE_RETURN;
    if (follows) return false;
    if (byte !== LINE_FEED && byte !== CARRIAGE_RETURN) {
      this.#lineBytes += 1;
      return false;
    }
    const isBlank = this.#lineBytes === 0;
    this.#lineBytes = 0;
    return isBlank;
  }

  #keep(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.#rest.push(piece);
    this.#restBytes += piece.length;
  }

  #readEvent(): void {
    const event = parseEvent(this.#rest);
    switch (event?.type) {
      case 'message_start':
        this.#begun = true;
        break;
      case 'content_block_start':
        if (typeof event.index === 'number') this.#openBlocks.add(event.index);
        if (event.content_block?.type?.endsWith('_tool_result')) this.serverToolResults += 1;
        break;
      case 'content_block_stop':
        if (typeof event.index === 'number') this.#openBlocks.delete(event.index);
        break;
      case 'message_delta':
        // Only the last one has a reason: the answer has ended by itself.
        if (typeof event.delta?.stop_reason === 'string') this.#ended = true;
        break;
      case 'message_stop':
      case 'error':
        this.#ended = true;
        break;
    }
  }
}

interface StreamEvent {
  type?: string;
  index?: unknown;
  content_block?: { type?: string };
  delta?: { stop_reason?: unknown };
}

/** Deltas and pings are nearly all of a stream and bear on nothing here. */
const UNREAD = /^event: ?(content_block_delta|ping)[\r\n]/m;
const LONGEST_UNREAD_HEAD = 64;

function parseEvent(pieces: readonly Uint8Array[]): StreamEvent | undefined {
  const decoder = new TextDecoder();
  const [head] = pieces;
  if (head !== undefined && UNREAD.test(decoder.decode(head.subarray(0, LONGEST_UNREAD_HEAD)))) return undefined;
  const text = pieces.map((piece) => decoder.decode(piece, { stream: true })).join('') + decoder.decode();
  const data = text
    .split(/\r\n|\r|\n/)
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice('data:'.length))
    .join('\n');
  if (data === '') return undefined;
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'object' && value !== null ? (value as StreamEvent) : undefined;
  } catch {
    // What is no JSON is none of the events that bear on the end.
    return undefined;
  }
}

function writeEvent(data: { type: string }): string {
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
}
