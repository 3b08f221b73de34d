import type { AnswerContent } from '../domain/call-outcome.ts';
import type { CallUsage } from '../domain/usage.ts';
import type { AnswerFacts, FallbackHop } from './answer-facts.ts';
import type { FieldPlan } from './field-plan.ts';
import { mergeUsage, objectOf, type RawUsage, readMessageUsage, textOf } from './message-usage.ts';

/** What is read of a content block that a stream opens: its input comes later, in deltas. */
export const STREAM_BLOCK_PLAN: FieldPlan = {
  notify: true,
  members: {
    type: { capture: true },
    from: { capture: true },
    to: { capture: true },
    trigger: { capture: true },
    text: { count: true },
    thinking: { count: true },
  },
};

/** What is read of a whole content block. */
const BLOCK_PLAN: FieldPlan = {
  notify: true,
  members: { ...STREAM_BLOCK_PLAN.members, input: { count: true } },
};

/** What is read of a message, in a JSON answer and in a `message_start`. */
export const MESSAGE_MEMBERS: { readonly [name: string]: FieldPlan } = {
  model: { capture: true },
  usage: { capture: true },
  stop_reason: { capture: true },
  stop_details: { capture: true },
  content: { members: { '[]': BLOCK_PLAN } },
};

/** Hops kept of one answer; a chain has three. */
const MOST_HOPS = 16;
/** Different anomalies kept of one answer. */
const MOST_ANOMALIES = 32;

/** Puts the facts of one answer together as they come, for the readers of both forms. */
export class AnswerCollector {
  readonly #requestedModel: string | undefined;
  readonly #anomalies = new Set<string>();
  readonly #hops: FallbackHop[] = [];
  #raw: RawUsage | undefined;
  #model: string | undefined;
  #stopReason: string | undefined;
  #stopCategory: string | undefined;
  #outputSinceHop = false;
  #block: { [name: string]: unknown } = {};
  #thinks = false;
  #showsThinking = false;
  #callsTools = false;
  visibleCharacters = 0;

  constructor(requestedModel: string | undefined) {
    this.#requestedModel = requestedModel;
  }

  odd(anomaly: string): void {
    if (this.#anomalies.size < MOST_ANOMALIES) this.#anomalies.add(anomaly);
  }

  /** Characters of a planned field were seen. */
  count(path: string, characters: number): void {
    this.visibleCharacters += characters;
    if (characters > 0 && path.endsWith('thinking')) this.#showsThinking = true;
  }

  /** What the answer is of, as far as it was seen. */
  get content(): AnswerContent {
    if (this.#showsThinking) return 'shown_thinking';
    if (this.#thinks) return 'hidden_thinking';
    return this.#callsTools ? 'tool_input' : 'text';
  }

  /** A member of a message or of a message's delta. Null says nothing and takes nothing back. */
  setMember(name: string, value: unknown): void {
    if (value === null) return;
    if (name === 'model') this.#model = textOf(value) ?? this.#model;
    else if (name === 'stop_reason') this.#stopReason = textOf(value) ?? this.#stopReason;
    else if (name === 'stop_details') this.#stopCategory = textOf(objectOf(value)?.category) ?? this.#stopCategory;
    else if (name === 'usage') this.#addUsage(value);
  }

  /** A member of the content block being read. */
  setBlockMember(name: string, value: unknown): void {
    this.#block[name] = value;
  }

  /** The content block has been read. A `fallback` block is a boundary and no output. */
  endBlock(): void {
    const block = this.#block;
    this.#block = {};
    if (block.type === 'thinking' || block.type === 'redacted_thinking') this.#thinks = true;
    if (block.type === 'tool_use' || block.type === 'server_tool_use') this.#callsTools = true;
    if (block.type !== 'fallback') {
      this.#outputSinceHop = true;
      return;
    }
    if (this.#hops.length < MOST_HOPS) {
      this.#hops.push({
        fromModel: textOf(objectOf(block.from)?.model),
        toModel: textOf(objectOf(block.to)?.model),
        category: textOf(objectOf(block.trigger)?.category),
        beforeOutput: !this.#outputSinceHop,
      });
    }
    this.#outputSinceHop = false;
  }

  snapshotUsage(): { usage: CallUsage | undefined; reported: RawUsage | undefined; anomalies: string[] } {
    if (this.#raw === undefined) return { usage: undefined, reported: undefined, anomalies: [...this.#anomalies] };
    const facts: AnswerFacts = {
      model: this.#model,
      stopReason: this.#stopReason,
      stopCategory: this.#stopCategory,
      outputSinceHop: this.#outputSinceHop,
      hops: this.#hops,
    };
    const { usage, anomalies } = readMessageUsage(this.#raw, facts, this.#requestedModel);
    const all = this.#anomalies.size === 0 ? anomalies : [...new Set([...this.#anomalies, ...anomalies])];
    return { usage, reported: this.#raw, anomalies: all };
  }

  #addUsage(value: unknown): void {
    const usage = objectOf(value);
    if (usage === undefined) this.odd('malformed_usage');
    else this.#raw = mergeUsage(this.#raw, usage);
  }
}
