import { AnswerCollector, MESSAGE_MEMBERS } from './answer-collector.ts';
import type { FieldListener, FieldPlan } from './field-plan.ts';
import { JsonFieldReader } from './json-field-reader.ts';
import { objectOf, textOf } from './message-usage.ts';
import type { UsageReader, UsageSnapshot } from './usage-reader.ts';

const PLAN: FieldPlan = { members: { type: { capture: true }, error: { capture: true }, ...MESSAGE_MEMBERS } };

/** Reads the usage of a JSON answer: one message, of which only the few fields that matter are kept. */
export function createJsonUsageReader(requestedModel: string | undefined): UsageReader {
  return new JsonUsageReader(requestedModel);
}

class JsonUsageReader implements UsageReader, FieldListener {
  readonly #collector: AnswerCollector;
  readonly #fields = new JsonFieldReader(PLAN, this);
  #errorEvent: string | undefined;
  #type: unknown;
  #ended = false;

  constructor(requestedModel: string | undefined) {
    this.#collector = new AnswerCollector(requestedModel);
  }

  push(chunk: Uint8Array): void {
    if (!this.#ended) this.#fields.push(chunk, 0, chunk.length);
  }

  end(): void {
    this.#ended = true;
  }

  snapshot(): UsageSnapshot {
    const isError = this.#type === 'error' || this.#errorEvent !== undefined;
    return {
      complete: this.#fields.done && !isError,
      ...this.#collector.snapshotUsage(),
      visibleCharacters: this.#collector.visibleCharacters,
      content: this.#collector.content,
      errorEvent: isError ? (this.#errorEvent ?? 'unknown') : undefined,
    };
  }

  captured(path: string, value: unknown): void {
    if (path === 'type') this.#type = value;
    else if (path === 'error') {
      if (value !== null) this.#errorEvent = textOf(objectOf(value)?.type) ?? 'unknown';
    } else if (path.startsWith('content[].')) this.#collector.setBlockMember(path.slice('content[].'.length), value);
    else this.#collector.setMember(path, value);
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
