/** Cuts the bytes of an event stream into whole events, each with the blank line that ends it. */
export interface EventSplitter {
  /** @returns the events that these bytes complete, each in one piece, in order; the rest waits for its own end. */
  push(chunk: Uint8Array): readonly Uint8Array[];
  /** The bytes of an event that is not whole yet. */
  takeRest(): Uint8Array;
  /** An event was too long to be kept: it and all that follows comes in the pieces that it came in. */
  readonly isLost: boolean;
}

/** An event longer than this is not gathered: the longest of the API, a fetched document, is far shorter. */
const EVENT_BYTES_AT_MOST = 16 * 1_024 * 1_024;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export function createEventSplitter(): EventSplitter {
  return new Splitter();
}

class Splitter implements EventSplitter {
  isLost = false;
  #rest: Uint8Array[] = [];
  #restBytes = 0;
  #lineBytes = 0;
  #afterReturn = false;

  push(chunk: Uint8Array): readonly Uint8Array[] {
    if (this.isLost) return [chunk];
    const events: Uint8Array[] = [];
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
      events.push(this.takeRest());
    }
    this.#keep(chunk.subarray(start));
    if (this.#restBytes <= EVENT_BYTES_AT_MOST) return events;
    this.isLost = true;
    return [...events, this.takeRest()];
  }

  takeRest(): Uint8Array {
    const [only = new Uint8Array(), ...more] = this.#rest;
    const rest = more.length === 0 ? only : joinPieces(this.#rest, this.#restBytes);
    this.#rest = [];
    this.#restBytes = 0;
    return rest;
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
}

function joinPieces(pieces: readonly Uint8Array[], bytes: number): Uint8Array {
  const joined = new Uint8Array(bytes);
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
