import type { ExhaustedReason } from '../domain/call-outcome.ts';

/** Follows the events of a streamed answer that were passed on, so that it can be ended early in good order. */
export interface StreamCloser {
  /** An event, whole, was passed on. */
  note(event: Uint8Array): void;
  /** Whether {@link close} can end it now: its message has begun and not ended. */
  readonly isOpen: boolean;
  /**
   * The events that end it as `max_tokens` does: every open block closed, then `message_delta`, then `message_stop`.
   * The API itself ends an answer so whose output limit is reached, in the middle of a tool's input too, which every
   * client handles; `end_turn` would let a cut answer pass for a whole one. A member of our own, which clients pass
   * over, names the cause.
   * @param outputTokens of the whole answer, as far as known.
   * @param stopped the cause.
   */
  close(outputTokens: number, stopped: ExhaustedReason): Uint8Array;
}

export function createStreamCloser(): StreamCloser {
  return new EventFollower();
}

/** Whether an event opens the result of a server tool: after each, the model reads the whole prompt again. */
export function opensServerToolResult(event: Uint8Array): boolean {
  const parsed = parseEvent(event);
  return parsed?.type === 'content_block_start' && parsed.content_block?.type?.endsWith('_tool_result') === true;
}

class EventFollower implements StreamCloser {
  readonly #openBlocks = new Set<number>();
  #begun = false;
  #ended = false;

  get isOpen(): boolean {
    return this.#begun && !this.#ended;
  }

  close(outputTokens: number, stopped: ExhaustedReason): Uint8Array {
    const events: { type: string }[] = [...this.#openBlocks]
      .sort((one, other) => one - other)
      .map((index) => ({ type: 'content_block_stop', index }));
    events.push({
      type: 'message_delta',
      delta: { stop_reason: 'max_tokens', stop_sequence: null },
      usage: { output_tokens: outputTokens },
      tollgate: { stopped },
    } as { type: string });
    events.push({ type: 'message_stop' });
    return new TextEncoder().encode(events.map(writeEvent).join(''));
  }

  note(bytes: Uint8Array): void {
    const event = parseEvent(bytes);
    switch (event?.type) {
      case 'message_start':
        this.#begun = true;
        break;
      case 'content_block_start':
        if (typeof event.index === 'number') this.#openBlocks.add(event.index);
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

function parseEvent(event: Uint8Array): StreamEvent | undefined {
  const decoder = new TextDecoder();
  if (UNREAD.test(decoder.decode(event.subarray(0, LONGEST_UNREAD_HEAD)))) return undefined;
  const data = decoder
    .decode(event)
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
