/** What the simulated API does with one request. */
export type Scenario = AnswerScenario | ReplayScenario | ErrorScenario;

/** A made answer: validated as the API validates, with parts of it chosen. */
export interface AnswerScenario {
  kind: 'answer';
  answer?: AnswerOptions;
  delivery?: Delivery;
}

/** Given bytes, sent as they are. The bill is that of the final usage in them. The request is not validated. */
export interface ReplayScenario {
  kind: 'replay';
  body: Uint8Array | string;
  /** Default 200. */
  status?: number;
  /** Left out: `text/event-stream` where the bytes begin with `event:`, `data:` or `:`, otherwise JSON. */
  contentType?: string;
  delivery?: Delivery;
}

/** An error status. Never billed. */
export interface ErrorScenario {
  kind: 'error';
  error: SimulatedErrorName | SimulatedError;
  delivery?: Delivery;
}

export type SimulatedErrorName =
  | 'invalid_request'
  | 'credit_too_low'
  | 'spend_limit'
  | 'workspace_spend_limit'
  | 'authentication'
  | 'billing'
  | 'permission'
  | 'not_found'
  | 'request_too_large'
  | 'rate_limit'
  | 'tier_limit'
  | 'api_error'
  | 'service_unavailable'
  | 'timeout'
  | 'overloaded'
  | 'bad_gateway_html';

/** An error answer of one's own. An object body becomes JSON. */
export interface SimulatedError {
  status: number;
  body: string | Record<string, unknown>;
  headers?: Readonly<Record<string, string>>;
}

/** Parts of a made answer. What is left out is made up from the request and the seed. */
export interface AnswerOptions {
  text?: string;
  /** Text deltas in a stream. Default: one for about every four tokens, at most 2,000. */
  deltas?: number;
  inputTokens?: number;
  /** Visible and thinking tokens together. Not bounded by max_tokens when given. */
  outputTokens?: number;
  /** Of the output. */
  thinkingTokens?: number;
  stopReason?: string;
  /** Default: as many as the request's web search tool asks for. */
  webSearches?: number;
  refusal?: SimulatedRefusal;
  /** Merged over the true usage before it is billed and reported: `service_tier`, `inference_geo`, `iterations`... */
  usage?: Readonly<Record<string, unknown>>;
  /** Changes what is sent, not what is billed: usage that lies, foreign events, another order. */
  editEvents?: (events: SimulatedEvent[]) => SimulatedEvent[];
  /** The same for a JSON answer. A string is sent as it is. */
  editMessage?: (message: Record<string, unknown>) => Record<string, unknown> | string;
}

export interface SimulatedRefusal {
  category: 'cyber' | 'bio' | 'frontier_llm' | 'reasoning_extraction' | 'general_harms' | null;
  /** `mid_stream`: after some text, and billed; otherwise billed by its category only. */
  when: 'before_output' | 'mid_stream';
}

/** One event of a stream, before it becomes text. */
export interface SimulatedEvent {
  /** The `event:` line; undefined leaves it out. */
  name: string | undefined;
  /** The `data:` line: a string as it is, anything else as JSON. */
  data: unknown;
  /** Sent instead of the two lines above, byte for byte. */
  raw?: string;
  /** Part of the output generated when this event is sent, 0 to 1. Left out: as the event before. */
  generatedShare?: number;
}

/** How the bytes of an answer travel. */
export interface Delivery {
  /** Default `events`: one write per event; a JSON body is one write. */
  chunking?: Chunking;
  /** Over the usual response headers; null takes one away. */
  headers?: Readonly<Record<string, string | null>>;
  /** Interim answers sent first. */
  informational?: readonly ('processing' | 'early_hints')[];
  /** `gzip`: compressed whatever the request accepts. `identity`: never. Left out: gzip where the request accepts it. */
  encoding?: 'gzip' | 'identity';
  /** Announced whether true or not; the connection ends with the answer. */
  contentLength?: number;
  /** Nothing is sent before it resolves. */
  beforeHeaders?: Promise<unknown>;
  /** The headers are sent, the first byte waits for it. */
  beforeFirstByte?: Promise<unknown>;
  /** Pauses before the events of these indexes (0 is the first; a JSON body is event 0) until `release()`. */
  holdBefore?: readonly number[] | 'every_event';
  /** An end other than the answer's own. */
  ending?: Ending;
}

/** `whole`: all in one write. `bytes`: writes of `size` bytes. `random`: 1 to `maximum` bytes, the same for a seed. */
export type Chunking =
  | 'whole'
  | 'events'
  | { kind: 'bytes'; size: number }
  | { kind: 'random'; seed: number; maximum: number };

/** A place in an answer: so many events or bytes in, or right after the first event of a type. */
export type AnswerPoint =
  | 'before_headers'
  | 'after_headers'
  | { afterEvents: number }
  | { afterEventType: string }
  | { afterBytes: number };

/**
 * `cut`: the socket is destroyed (`midChunk`: after announcing bytes that never come). Billed as a client that leaves,
 * nothing when no byte of the answer was sent.
 * `silence`: nothing more is sent and the connection stays open; `release()` resumes the answer.
 * `error_event`: the stream ends with an `error` event. Not billed: a failed request.
 */
export type Ending =
  | { kind: 'cut'; at: AnswerPoint; midChunk?: boolean }
  | { kind: 'silence'; at: AnswerPoint }
  | { kind: 'error_event'; at: AnswerPoint; type?: string; message?: string };
