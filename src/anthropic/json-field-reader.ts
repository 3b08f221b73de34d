import { CapturedText } from './captured-text.ts';
import { type Field, type FieldListener, type FieldPlan, findField, findMember } from './field-plan.ts';
import { BACKSLASH, CLOSE_ARRAY, CLOSE_OBJECT, COLON, COMMA, OPEN_ARRAY, OPEN_OBJECT, QUOTE } from './json-bytes.ts';
import { JsonContainerWalk } from './json-container-walk.ts';
import { parseJson } from './parse-json.ts';

/** Bytes of one captured value. Usage with a hundred iterations has some 30 KB. */
const LARGEST_CAPTURE_BYTES = 1_048_576;

/** Where the next byte belongs. */
type Mode = 'structure' | 'name' | 'string' | 'scalar' | 'container' | 'done' | 'broken';

/**
 * Picks a few fields out of a JSON document that arrives in pieces. Memory is bounded by the captured values, not by
 * the document. Lenient: it is for answers, which the caller has already decided to trust in form; a document that is
 * not JSON ends in `broken`, never in a fault.
 */
export class JsonFieldReader {
  readonly #listener: FieldListener;
  readonly #root: Field;
  #mode: Mode = 'structure';
  /** Open planned containers, outermost first, and whether each is an array. */
  #open: { field: Field; isArray: boolean }[] = [];
  /** In an object: a name comes next. */
  #nameNext = false;
  /** The field whose value comes next or is being read. */
  #field: Field | undefined;
  /** Through a value that is not walked itself. */
  readonly #walk = new JsonContainerWalk();
  /** The last byte was a backslash. */
  #escape = false;
  #nameEscaped = false;
  readonly #kept = new CapturedText(LARGEST_CAPTURE_BYTES);
  #characters = 0;

  constructor(plan: FieldPlan, listener: FieldListener) {
    this.#root = findField(plan);
    this.#listener = listener;
  }

  /** The document's outermost value has ended. */
  get done(): boolean {
    return this.#mode === 'done';
  }

  /** Something of a document has been seen. */
  get started(): boolean {
    return this.#mode !== 'structure' || this.#open.length > 0;
  }

  /** Makes ready for another document. */
  reset(): void {
    this.#mode = 'structure';
    this.#open = [];
    this.#nameNext = false;
    this.#field = undefined;
    this.#escape = false;
    this.#kept.clear();
    this.#characters = 0;
  }

  push(bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    while (at < end) {
      switch (this.#mode) {
        case 'structure':
          at = this.#structure(bytes, at);
          break;
        case 'name':
          at = this.#name(bytes, at, end);
          break;
        case 'string':
          at = this.#string(bytes, at, end);
          break;
        case 'scalar':
          at = this.#scalar(bytes, at, end);
          break;
        case 'container':
          at = this.#container(bytes, at, end);
          break;
        default:
          return;
      }
    }
  }

  #structure(bytes: Uint8Array, at: number): number {
    const byte = bytes[at] as number;
    if (byte <= 0x20 || byte === COLON) return at + 1;
    if (byte === COMMA) {
      this.#nameNext = this.#top()?.isArray === false;
      return at + 1;
    }
    if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      this.#close();
      return at + 1;
    }
    if (this.#nameNext) {
      if (byte !== QUOTE) return this.#break(at);
      this.#kept.clear();
      this.#nameEscaped = false;
      this.#mode = 'name';
      return at + 1;
    }
    return this.#value(byte, at);
  }

  #top(): { field: Field; isArray: boolean } | undefined {
    return this.#open.length === 0 ? undefined : this.#open[this.#open.length - 1];
  }

  /** The first byte of a value. */
  #value(byte: number, at: number): number {
    const top = this.#top();
    this.#field = top === undefined ? this.#root : top.isArray ? top.field.element : this.#field;
    this.#kept.clear();
    this.#characters = 0;
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      const field = this.#field;
      if (field !== undefined && !field.capture && !field.count) {
        this.#open.push({ field, isArray: byte === OPEN_ARRAY });
        this.#nameNext = byte === OPEN_OBJECT;
        return at + 1;
      }
      this.#mode = 'container';
      this.#walk.begin();
      return at;
    }
    // Only a message is worth reading: a bare scalar is none.
    if (top === undefined) return this.#break(at);
    if (byte === QUOTE) {
      this.#mode = 'string';
      return at + 1;
    }
    this.#mode = 'scalar';
    return at;
  }

  #close(): void {
    const closed = this.#open.pop();
    if (closed === undefined) {
      this.#mode = 'broken';
      return;
    }
    this.#nameNext = false;
    if (closed.field.notify) this.#listener.ended(closed.field.path);
    if (this.#open.length === 0) this.#mode = 'done';
  }

  #name(bytes: Uint8Array, start: number, end: number): number {
    for (let at = start; at < end; at += 1) {
      const byte = bytes[at] as number;
      if (byte === QUOTE && !this.#escape) {
        this.#field = this.#findMember(bytes, start, at);
        this.#nameNext = false;
        this.#mode = 'structure';
        return at + 1;
      }
      this.#escape = !this.#escape && byte === BACKSLASH;
      if (this.#escape) this.#nameEscaped = true;
    }
    this.#kept.keep(bytes, start, end);
    return end;
  }

  /** Names are compared as bytes; only one in pieces or with an escape is worth a string. */
  #findMember(bytes: Uint8Array, start: number, end: number): Field | undefined {
    const field = this.#top()?.field;
    if (field === undefined) return undefined;
    if (this.#kept.isWhole && !this.#nameEscaped) return findMember(field, bytes, start, end);
    const text = this.#kept.read(bytes, start, end);
    const name = this.#nameEscaped && text !== undefined ? parseJson(`"${text}"`) : text;
    return field.members.find((member) => member.name === name)?.field;
  }

  #string(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    let tails = 0;
    while (at < end) {
      const byte = bytes[at] as number;
      at += 1;
      if (this.#escape) {
        this.#escape = false;
        // An escape is one character, counted at its backslash: neither its letter nor the digits of a \u are to count.
        tails += byte === 0x75 ? 5 : 1;
      } else if (byte === QUOTE) {
        this.#characters += at - 1 - start - tails;
        this.#endValue(bytes, start, at - 1, true);
        return at;
      } else if (byte === BACKSLASH) this.#escape = true;
      // A tail byte belongs to a character already counted.
      else if (byte >> 6 === 2) tails += 1;
    }
    this.#characters += at - start - tails;
    this.#keep(bytes, start, at);
    return at;
  }

  #scalar(bytes: Uint8Array, start: number, end: number): number {
    for (let at = start; at < end; at += 1) {
      const byte = bytes[at] as number;
      if (byte !== COMMA && byte !== CLOSE_OBJECT && byte !== CLOSE_ARRAY && byte > 0x20) continue;
      this.#endValue(bytes, start, at, false);
      return at;
    }
    this.#keep(bytes, start, end);
    return end;
  }

  /** An object or array that is kept, counted or passed over as a whole. */
  #container(bytes: Uint8Array, start: number, end: number): number {
    const after = this.#walk.walk(bytes, start, end, this.#field?.count === true);
    if (after < 0) {
      this.#keep(bytes, start, end);
      return end;
    }
    this.#characters = this.#walk.characters;
    this.#endValue(bytes, start, after, false);
    return after;
  }

  /** The piece ends within a value. */
  #keep(bytes: Uint8Array, start: number, end: number): void {
    if (this.#field?.capture === true) this.#kept.keep(bytes, start, end);
  }

  /** @param end of the content of a string, or of the whole of any other value. */
  #endValue(bytes: Uint8Array, start: number, end: number, isString: boolean): void {
    const field = this.#field;
    this.#mode = this.#open.length === 0 ? 'done' : 'structure';
    this.#field = undefined;
    if (field?.count === true) this.#listener.counted(field.path, this.#characters);
    if (field?.capture !== true) return;
    const captured = this.#kept.readValue(bytes, start, end, isString);
    if (typeof captured === 'string') this.#listener.odd(captured);
    else this.#listener.captured(field.path, captured.value);
  }

  #break(at: number): number {
    this.#mode = 'broken';
    this.#listener.odd('malformed_json');
    return at + 1;
  }
}
