import type { IncomingHttpHeaders } from 'node:http';
import { createEventSplitter } from '../anthropic/event-splitter.ts';
import { createStreamCloser, opensServerToolResult } from '../anthropic/stream-closer.ts';
import type { UsageSnapshot } from '../anthropic/usage-reader.ts';
import { type ExhaustedReason, isExhausted } from '../domain/call-outcome.ts';
import type { AnswerProgress, RunningHold } from '../metering/running-hold.ts';
import type { ExchangeEnd } from './exchange.ts';
import type { RelayContext } from './forward-types.ts';
import type { ThrottledWriter } from './throttled-writer.ts';
import type { UsageObserver } from './usage-observer.ts';

/**
 * Lets the events of a stream pass as far as the call's hold covers them. What it does not cover waits, with the
 * upstream's reading stopped, while more is asked for; so a call that is cut is never charged for more than its hold.
 */
export interface HoldGate {
  push(chunk: Buffer): void;
  /** The exchange has ended. An answer that came to its end passes whole: all of it is billed by then. */
  end(how: ExchangeEnd): void;
  /** Some of what came was not passed on. */
  readonly isHolding: boolean;
  /** What the part that was passed on has reported. */
  readonly passed: UsageSnapshot | undefined;
  /** Whether {@link close} can end the stream in good order. */
  readonly canClose: boolean;
  close(outputTokens: number, stopped: ExhaustedReason): Uint8Array;
}

export interface HoldGateParts {
  running: RunningHold;
  observer: UsageObserver;
  writer: Pick<ThrottledWriter, 'write'>;
}

/** A piece of the answer, and how far the answer has come with it. */
interface Piece {
  bytes: Uint8Array;
  snapshot: UsageSnapshot | undefined;
  progress: AnswerProgress | undefined;
}

export function createHoldGate(context: RelayContext, parts: HoldGateParts): HoldGate {
  return new EventGate(context, parts);
}

class EventGate implements HoldGate {
  passed: UsageSnapshot | undefined;
  readonly #context: RelayContext;
  readonly #parts: HoldGateParts;
  /** A compressed body has no events that could be seen as they pass: it is looked at in the pieces it comes in. */
  readonly #splitter;
  readonly #closer = createStreamCloser();
  readonly #waiting: Piece[] = [];
  #last: Piece | undefined;
  #answerBytes = 0;
  #serverToolResults = 0;
  #isPaused = false;
  #hasEnded = false;

  constructor(context: RelayContext, parts: HoldGateParts) {
    this.#context = context;
    this.#parts = parts;
    this.#splitter = isReadable(context.head.headers) ? createEventSplitter() : undefined;
    parts.running.follow(
      () => (this.#isFinal ? this.#last : (this.#waiting[0] ?? this.#last))?.progress,
      () => this.#pass(),
    );
  }

  get isHolding(): boolean {
    return this.#waiting.length > 0;
  }

  /** Nothing can be added to a body that is compressed or whose length is announced. */
  get canClose(): boolean {
    const isWhole = this.#splitter !== undefined && !this.#splitter.isLost;
    return isWhole && this.#context.head.headers['content-length'] === undefined && this.#closer.isOpen;
  }

  close(outputTokens: number, stopped: ExhaustedReason): Uint8Array {
    return this.#closer.close(outputTokens, stopped);
  }

  push(chunk: Buffer): void {
    for (const bytes of this.#splitter?.push(chunk) ?? [chunk]) this.#take(bytes);
    this.#pass();
    if (!this.#hasEnded) this.#parts.running.look();
  }

  end(how: ExchangeEnd): void {
    this.#hasEnded = true;
    if (isExhausted(how)) return;
    const rest = this.#splitter?.takeRest();
    if (rest !== undefined && rest.length > 0) this.#take(rest);
    this.#passCovered(how === 'ended');
  }

  #take(bytes: Uint8Array): void {
    this.#answerBytes += bytes.length;
    if (this.#splitter !== undefined && opensServerToolResult(bytes)) this.#serverToolResults += 1;
    this.#parts.observer.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    const snapshot = this.#parts.observer.snapshot();
    this.#last = { bytes, snapshot, progress: snapshot && this.#progressOf(snapshot) };
    this.#waiting.push(this.#last);
  }

  #progressOf({ usage, visibleCharacters, content }: UsageSnapshot): AnswerProgress {
    const [answerBytes, serverToolResults] = [this.#answerBytes, this.#serverToolResults];
    return { usage, visibleCharacters, content, answerBytes, serverToolResults };
  }

  /** Its last figures are there, or it has failed: nothing more will be generated, so nothing is saved by a cut. */
  get #isFinal(): boolean {
    const { snapshot } = this.#last ?? {};
    return snapshot?.usage?.stopReason !== undefined || snapshot?.errorEvent !== undefined;
  }

  #pass(): void {
    if (this.#hasEnded) return;
    this.#passCovered(this.#isFinal);
    if (!this.isHolding) {
      this.#goOn();
      return;
    }
    if (!this.#isPaused) this.#context.exchange().pause('short_hold');
    this.#isPaused = true;
    // Asks for more, or ends the call where no more is to be had.
    this.#parts.running.look();
  }

  #passCovered(all: boolean): void {
    for (let piece = this.#waiting[0]; piece !== undefined; piece = this.#waiting[0]) {
      if (!all && !this.#isCovered(piece)) return;
      this.#passOn(piece);
    }
  }

  /** What the first event reports of the prompt is used whether it is passed on or not. */
  #isCovered({ progress }: Piece): boolean {
    if (this.passed?.usage === undefined || progress === undefined) return true;
    return this.#parts.running.covers(progress);
  }

  #passOn(piece: Piece): void {
    this.#waiting.shift();
    this.passed = piece.snapshot;
    if (this.#splitter !== undefined) this.#closer.note(piece.bytes);
    const { buffer, byteOffset, byteLength } = piece.bytes;
    this.#parts.writer.write(Buffer.from(buffer, byteOffset, byteLength));
  }

  #goOn(): void {
    if (this.#isPaused) this.#context.exchange().resume('short_hold');
    this.#isPaused = false;
  }
}

function isReadable(headers: IncomingHttpHeaders): boolean {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? '';
  return encoding === '' || encoding === 'identity';
}
