import { setFlagsFromString } from 'node:v8';

/**
 * Has every object made in the young generation. V8 learns for each place in the code whether what is made there lives
 * long, and makes it in the old generation from then on; but much of ours is made in one place for what stays (accounts
 * that are opened, writes that are remembered) and for calls, which do not. A few hundred accounts opened in a row were
 * enough for every call after them to be copied into the old generation (docs/performance.md). To be called first:
 * what V8 decides from then on follows it.
 */
export function keepCallsYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}
