import type { RelayContext } from './forward-types.ts';

/** Passes chunks to the client at once, and reads the upstream no faster than the client takes them. */
export interface ThrottledWriter {
  write(chunk: Buffer): void;
  stop(): void;
}

/**
 * A client that takes nothing for as long as the upstream may be silent is let go: it would hold an upstream
 * connection that others wait for.
 */
export function createThrottledWriter(context: RelayContext): ThrottledWriter {
  return new PausingWriter(context);
}

class PausingWriter implements ThrottledWriter {
  readonly #context: RelayContext;
  #cancelStall: (() => void) | undefined;

  constructor(context: RelayContext) {
    this.#context = context;
  }

  write(chunk: Buffer): void {
    const { parts, client } = this.#context;
    if (client.isGone() || client.write(chunk) || this.#cancelStall !== undefined) return;
    this.#context.exchange().pause('slow_client');
    this.#cancelStall = parts.timers.after(parts.limits.upstreamSilenceMs, () => client.destroy());
    client.onDrain(() => this.#resume());
  }

  stop(): void {
    this.#cancelStall?.();
  }

  #resume(): void {
    if (this.#cancelStall === undefined) return;
    this.#cancelStall();
    this.#cancelStall = undefined;
    this.#context.exchange().resume('slow_client');
  }
}
