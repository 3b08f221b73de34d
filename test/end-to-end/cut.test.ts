// Goal: many streams that may each cost more than the account has run side by side on little credit, and are cut before
// they make debt, whatever the size of their pieces; where the account lets them run on, the debt is what they used.
// Method: the real process on each store, read by the vendor's own client; the answers are stepped, so that no more of
// them is under way than a model could have written.
import Anthropic from '@anthropic-ai/sdk';
import { expect, test } from 'vitest';
import type { AnswerOptions, SimulatedCall } from '../../src/simulator/simulator-types.ts';
import type { Caller } from '../support/admin-calls.ts';
import { nano } from '../support/check-journal.ts';
import { describeOnEachTollgate } from '../support/each-store.ts';
import type { RunningTollgate } from '../support/running-tollgate.ts';
import { until } from '../support/until.ts';

const STREAMS = 12;
/** Room for the first holds of all of them, $0.23 each, and for one enlargement. */
const CREDIT_USD = '3';
/** As Claude Code asks: the output alone may cost $3.52. */
const REQUEST = {
  model: 'claude-opus-5',
  max_tokens: 128_000,
  messages: [{ role: 'user' as const, content: 'Write on and on about toll roads.' }],
};
/** The simulated API writes four characters a token; an estimate takes 1.3 until it has learnt better. */
const ESTIMATE_OVER_BILL = 4 / 1.3;
/** A hold covers no output that is not paid for: what the client saw was estimated at no more than this. */
const tokensOf = (characters: number): number => Math.ceil(characters / 1.3);

describeOnEachTollgate('a dozen streams on three dollars', (tollgate) => {
  test.each([
    [500, 25],
    [10_000, 300],
  ])('cut, in pieces of %i characters: each ends as by max_tokens, and no debt is made', async (size, everyMs) => {
    const answer = { outputTokens: 50_000, text: 'road '.repeat(40_000), deltas: 200_000 / size };
    const caller = await tollgate().createCaller({ creditUsd: CREDIT_USD, account: { on_exhausted: 'cut' } });
    const messages = await runAll(tollgate(), caller, answer, everyMs);
    const { charged, billed } = await tollgate().expectSettled({ exact: false });
    for (const { stop_reason, usage, content } of messages) {
      expect(stop_reason).toBe('max_tokens');
      const [block] = content;
      const characters = block?.type === 'text' ? block.text.length : 0;
      expect(usage.output_tokens).toBeGreaterThanOrEqual(tokensOf(characters));
    }
    const { balance } = await tollgate().admin.readAccount(caller.accountId);
    expect(balance).toMatchObject({ debt_usd: '0.00', held_usd: '0.00' });
    expect(charged).toBeLessThanOrEqual(nano(CREDIT_USD));
    expect(charged).toBeGreaterThanOrEqual(billed);
    expect(Number(charged)).toBeLessThan(Number(billed) * ESTIMATE_OVER_BILL * 1.1);
    const settles = (await tollgate().admin.readJournal(caller.accountId)).filter((e) => e.operation === 'settle');
    expect(settles.map(({ details }) => details)).toEqual(
      Array.from({ length: STREAMS }, () =>
        expect.objectContaining({ reason: 'credit_exhausted', basis: 'estimated' }),
      ),
    );
  });

  test('run on: each comes to its end, all are charged what was billed, and the debt is what the credit lacked', async () => {
    const caller = await tollgate().createCaller({ creditUsd: CREDIT_USD, account: { on_exhausted: 'finish' } });
    // All are let in before the first asks for more, which would leave the last without a hold.
    const allAreIn = Promise.withResolvers<void>();
    const answer = { outputTokens: 12_000, deltas: 60 };
    const delivery = { beforeHeaders: allAreIn.promise };
    tollgate().api.enqueue(...Array.from({ length: STREAMS }, () => ({ kind: 'answer' as const, answer, delivery })));
    const sent = Promise.all(sendAll(tollgate(), caller));
    for (let count = 0; count < STREAMS; count += 1) await tollgate().nextCall();
    allAreIn.resolve();
    const messages = await sent;
    expect(messages.map(({ stop_reason }) => stop_reason)).toEqual(Array.from({ length: STREAMS }, () => 'end_turn'));
    const { charged } = await tollgate().expectSettled();
    const { balance } = await tollgate().admin.readAccount(caller.accountId);
    expect(nano(balance.debt_usd)).toBe(charged - nano(CREDIT_USD));
    expect(nano(balance.debt_usd)).toBeGreaterThan(0n);
    // All that a call can cost beyond its hold, for each call that was open: the stated bound.
    expect(nano(balance.debt_usd)).toBeLessThanOrEqual(BigInt(STREAMS) * nano('3.6'));
  });
});

/** Sends all of them and steps their answers, at some 5,000 tokens a second, until each has ended. */
async function runAll(
  tollgate: RunningTollgate,
  caller: Caller,
  answer: AnswerOptions,
  intervalMs: number,
): Promise<Anthropic.Message[]> {
  const delivery = { holdBefore: 'every_event' } as const;
  tollgate.api.enqueue(...Array.from({ length: STREAMS }, () => ({ kind: 'answer' as const, answer, delivery })));
  const messages = Promise.all(sendAll(tollgate, caller));
  const open = new Set<SimulatedCall>();
  for (let count = 0; count < STREAMS; count += 1) {
    const call = await tollgate.nextCall();
    open.add(call);
    void call.ended.then(() => open.delete(call));
  }
  await until(
    async () => {
      for (const call of open) call.release();
      return open.size === 0;
    },
    { what: 'every answer has ended', intervalMs, timeoutMs: 60_000 },
  );
  return messages;
}

function sendAll(tollgate: RunningTollgate, { secret }: Caller): Promise<Anthropic.Message>[] {
  const client = new Anthropic({ apiKey: secret, authToken: null, baseURL: tollgate.baseUrl, maxRetries: 0 });
  return Array.from({ length: STREAMS }, () => client.messages.stream(REQUEST).finalMessage());
}
