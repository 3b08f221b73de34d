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
export function createThrottledWriter({ parts, client, exchange }: RelayContext): ThrottledWriter {
  let cancelStall: (() => void) | undefined;
  const resume = (): void => {
    if (cancelStall === undefined) return;
    cancelStall();
    cancelStall = undefined;
    exchange().resume('slow_client');
  };
  return {
    write(chunk) {
      if (client.isGone() || client.write(chunk) || cancelStall !== undefined) return;
      exchange().pause('slow_client');
      cancelStall = parts.timers.after(parts.limits.upstreamSilenceMs, () => client.destroy());
      client.onDrain(resume);
    },
    stop: () => cancelStall?.(),
  };
}
