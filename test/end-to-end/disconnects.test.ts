/*
 * Goal: wherever a client leaves, its call is charged exactly, or as an estimate that is marked as one.
 * Method: the answer is stopped at each place, by a gate of the simulated API; the client leaves; the answer goes on.
 */
import { beforeAll, expect, test } from 'vitest';
import type { Delivery, SimulatedCall } from '../../src/simulator/simulator-types.ts';
import type { Caller } from '../support/admin-calls.ts';
import { isCharge, nano } from '../support/check-journal.ts';
import { describeOnEachTollgate } from '../support/each-store.ts';
import type { RunningTollgate } from '../support/running-tollgate.ts';

const JSON_BODY = {
  model: 'claude-haiku-4-5',
  max_tokens: 300,
  messages: [{ role: 'user', content: 'Describe a toll road.' }],
};
const STREAM_BODY = { ...JSON_BODY, stream: true };
/** message_start, content_block_start, ping, four deltas, content_block_stop, message_delta, message_stop. */
const MIDDLE = 5;
const BEFORE_DELTA = 8;
const BEFORE_STOP = 9;

/** What a cancelled call is charged by: its own figures, or an estimate for this reason. */
type Basis = 'reported' | 'usage_missing' | 'usage_partial';

const PLACES: readonly [place: string, body: object, gate: Gate, cancelled: Basis][] = [
  ['before the headers of a JSON answer', JSON_BODY, 'beforeHeaders', 'usage_missing'],
  ['before the first byte of a JSON answer', JSON_BODY, 'beforeFirstByte', 'usage_missing'],
  ['before the headers of a stream', STREAM_BODY, 'beforeHeaders', 'usage_missing'],
  ['before the first byte of a stream', STREAM_BODY, 'beforeFirstByte', 'usage_missing'],
  ['before its text', STREAM_BODY, 2, 'usage_partial'],
  ['in the middle of its text', STREAM_BODY, MIDDLE, 'usage_partial'],
  ['after its text', STREAM_BODY, BEFORE_DELTA, 'usage_partial'],
  ['after its final figures', STREAM_BODY, BEFORE_STOP, 'reported'],
];

/** A gate before anything is sent, or the event that the stream stops before. */
type Gate = 'beforeHeaders' | 'beforeFirstByte' | number;

describeOnEachTollgate('a client that leaves', (tollgate) => {
  const callers = {} as Record<'drain' | 'cancel', Caller>;
  beforeAll(async () => {
    for (const policy of ['drain', 'cancel'] as const)
      callers[policy] = await tollgate().createCaller({ account: { on_disconnect: policy } });
  });

  test.each(PLACES)('%s is drained and charged what it used', async (_, body, gate) => {
    const left = await leaveAt(tollgate(), callers.drain, body, gate);
    left.goOn();
    expect(await left.call.ended).toBe('finished');
    await tollgate().expectSettled();
    expect(await lastCharge(tollgate(), callers.drain)).toMatchObject({ details: { basis: 'reported' } });
  });

  test.each(PLACES)('%s is cancelled and marked, unless its figures were final', async (_, body, gate, basis) => {
    const left = await leaveAt(tollgate(), callers.cancel, body, gate);
    expect(await left.call.ended).toBe('client_gone');
    left.goOn();
    const { charged, billed } = await tollgate().expectSettled({ exact: basis === 'reported' });
    const { amount_usd, details } = await lastCharge(tollgate(), callers.cancel);
    expect(nano(amount_usd)).toBe(charged);
    expect(charged).toBeGreaterThan(0n);
    expect(details).toMatchObject(
      basis === 'reported' ? { basis } : { basis: 'estimated', doubts: [basis], client_gone: true },
    );
    // What was generated is what had been sent: an estimate on the high side lacks none of it.
    if (basis === 'usage_partial') expect(charged).toBeGreaterThanOrEqual(billed);
  });
});

/** Sends a call, waits until its answer stands at the gate and what came before has been read, and leaves. */
async function leaveAt(
  tollgate: RunningTollgate,
  caller: Caller,
  body: object,
  gate: Gate,
): Promise<{ call: SimulatedCall; goOn(): void }> {
  const opened = Promise.withResolvers<void>();
  const delivery: Delivery = typeof gate === 'number' ? { holdBefore: [gate] } : { [gate]: opened.promise };
  tollgate.api.enqueue({ kind: 'answer', answer: { deltas: 4 }, delivery });
  const leave = new AbortController();
  const answer = tollgate.send(caller, body, { signal: leave.signal });
  answer.catch(() => undefined);
  const call = await tollgate.nextCall();
  if (typeof gate === 'number') {
    await call.held();
    await readEvents(await answer, gate);
  }
  leave.abort();
  // It closes its connection before this one is served.
  await fetch(`${tollgate.baseUrl}/livez`);
  return {
    call,
    goOn() {
      opened.resolve();
      call.releaseAll();
    },
  };
}

/** Reads so many events of a stream. */
async function readEvents(response: Response, events: number): Promise<void> {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  for (let text = ''; text.split('\n\n').length <= events; ) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`the stream ended early: ${text}`);
    text += decoder.decode(value, { stream: true });
  }
}

async function lastCharge(tollgate: RunningTollgate, { accountId }: Caller) {
  const charges = (await tollgate.admin.readJournal(accountId)).filter(({ operation }) => isCharge(operation));
  const last = charges.at(-1);
  if (last === undefined) throw new Error('nothing was charged');
  return last;
}
