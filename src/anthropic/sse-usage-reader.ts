import { AnswerCollector, MESSAGE_MEMBERS, STREAM_BLOCK_PLAN } from './answer-collector.ts';
import { type EventStreamListener, EventStreamReader } from './event-stream-reader.ts';
import type { FieldListener, FieldPlan } from './field-plan.ts';
import { JsonFieldReader } from './json-field-reader.ts';
import { objectOf, textOf } from './message-usage.ts';
import type { UsageReader, UsageSnapshot } from './usage-reader.ts';

const PLAN: FieldPlan = {
  members: {
    type: { capture: true },
    error: { capture: true },
    usage: { capture: true },
    message: { members: MESSAGE_MEMBERS },
    content_block: STREAM_BLOCK_PLAN,
    delta: {
      members: {
        stop_reason: { capture: true },
        stop_details: { capture: true },
        text: { count: true },
        thinking: { count: true },
        partial_json: { count: true },
      },
    },
  },
};
const BLOCK_PATHS = ['content_block', 'message.content[]'];

/**
 * Reads the usage of a streamed answer. Every event's data runs through one field reader as it comes, so that neither
 * a long line nor a `message_start` that carries the whole content is ever gathered. Unknown events are passed over.
 */
export function createSseUsageReader(requestedModel: string | undefined): UsageReader {
  return new SseUsageReader(requestedModel);
}

class SseUsageReader implements UsageReader, FieldListener, EventStreamListener {
  readonly #collector: AnswerCollector;
  readonly #events = new EventStreamReader(this);
  readonly #fields = new JsonFieldReader(PLAN, this);
  /** Of the event being read. */
  #type: string | undefined;
  #error: unknown;
  #usage: unknown;
  /**
   * Members of its `delta`. They count with the usage that follows them in the same event: one without the other
   * misleads. No map: to clear one for each event leaves a table behind that keeps the next alive (docs/performance.md).
   */
  #delta: [name: string, value: unknown][] | undefined;
  #complete = false;
  #ended = false;
  #errorEvent: string | undefined;

  constructor(requestedModel: string | undefined) {
    this.#collector = new AnswerCollector(requestedModel);
  }

  push(chunk: Uint8Array): void {
    if (!this.#ended) this.#events.push(chunk);
  }

  /** The last event counts even if its blank line was cut off: what it reports has been used. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#fields.done) this.dispatch('');
  }

  snapshot(): UsageSnapshot {
    return {
      complete: this.#complete,
      ...this.#collector.snapshotUsage(),
      visibleCharacters: this.#collector.visibleCharacters,
      content: this.#collector.content,
      errorEvent: this.#errorEvent,
    };
  }

  data(bytes: Uint8Array, start: number, end: number): void {
    if (!this.#complete) this.#fields.push(bytes, start, end);
  }

  dispatch(name: string): void {
    if (this.#complete) return;
    if (this.#fields.started && !this.#fields.done) this.#collector.odd('malformed_json');
    const type = this.#type ?? name;
    if (type === 'message_delta') this.#endDelta();
    else if (type === 'message_stop') this.#complete = true;
    else if (type === 'error') this.#errorEvent = textOf(objectOf(this.#error)?.type) ?? 'unknown';
    this.#type = undefined;
    this.#error = undefined;
    this.#usage = undefined;
    this.#delta = undefined;
    this.#fields.reset();
  }

  #endDelta(): void {
    for (const [name, value] of this.#delta ?? []) this.#collector.setMember(name, value);
    this.#collector.setMember('usage', this.#usage ?? null);
  }

  #noteDelta(name: string, value: unknown): void {
    this.#delta ??= [];
    this.#delta.push([name, value]);
  }

  captured(path: string, value: unknown): void {
    const dot = path.lastIndexOf('.');
    const parent = path.slice(0, Math.max(dot, 0));
    const name = path.slice(dot + 1);
    if (parent === 'message') this.#collector.setMember(name, value);
    else if (parent === 'delta') this.#noteDelta(name, value);
    else if (BLOCK_PATHS.includes(parent)) this.#collector.setBlockMember(name, value);
    else if (name === 'type') this.#type = textOf(value);
    else if (name === 'error') this.#error = value;
    else this.#usage = value;
  }

  counted(path: string, characters: number): void {
    this.#collector.count(path, characters);
  }

  ended(): void {
    this.#collector.endBlock();
  }

  odd(anomaly: string): void {
    this.#collector.odd(anomaly);
  }
}
