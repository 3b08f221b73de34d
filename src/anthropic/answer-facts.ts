/** What an answer says beside its usage. */
export interface AnswerFacts {
  /** `message.model`; undefined where it is missing. */
  model: string | undefined;
  stopReason: string | undefined;
  /** `stop_details.category`. */
  stopCategory: string | undefined;
  /** Content came since the start, or since the last hop. */
  outputSinceHop: boolean;
  /** Server-side fallbacks, in order. */
  hops: readonly FallbackHop[];
}

/** A `fallback` block: one model declined, another went on. */
export interface FallbackHop {
  /** The model that declined. */
  fromModel: string | undefined;
  /** The model that went on. */
  toModel: string | undefined;
  /** Why the other declined. */
  category: string | undefined;
  /** It declined before it had written anything. */
  beforeOutput: boolean;
}
