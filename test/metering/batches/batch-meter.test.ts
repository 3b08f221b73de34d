import { expect, test } from 'vitest';
import { ACCOUNT_ID } from '../metering-fixtures.ts';
import { DAY_MS, HAIKU, HOUR_MS, openBatchMeter, resultLine, SONNET, usageOf } from './batch-fixture.ts';

/** Haiku 4.5 costs $1 and $5 per million tokens, Sonnet 4.6 $3 and $15; a batch half of it. */
const HAIKU_NANO = (input: number, output: number): bigint => BigInt(input * 500 + output * 2_500);
const SONNET_NANO = (input: number, output: number): bigint => BigInt(input * 1_500 + output * 7_500);

test('each model has a hold of its own, and is charged what its items report, at the price of batches', async () => {
  await using meter = await openBatchMeter();
  const record = await meter.place({ a: HAIKU, b: 'claude-haiku-4-5', c: SONNET });
  expect(record.holds.map(({ model, items }) => [model, items])).toEqual([
    [HAIKU, 2],
    [SONNET, 1],
  ]);
  await meter.batches.opened(record, 'msgbatch_1');
  meter.upstream.batches = [{ id: 'msgbatch_1', createdAtMs: meter.timers.nowMs(), hasEnded: false, items: 3 }];
  await meter.lookAfter(HOUR_MS);
  expect(await meter.charged()).toBe(0n);
  meter.upstream.batches = [{ ...meter.upstream.batches[0]!, hasEnded: true }];
  const lines = [
    resultLine('c', { model: SONNET, usage: usageOf(7, 9) }),
    resultLine('b', { model: HAIKU, usage: usageOf(100, 3) }),
    resultLine('a'),
  ];
  meter.upstream.results.set('msgbatch_1', lines.join(''));
  await meter.lookAfter(HOUR_MS);
  expect([await meter.charged(), await meter.held()]).toEqual([HAIKU_NANO(100, 3) + SONNET_NANO(7, 9), 0n]);
  const settles = (await meter.journal()).filter(({ operation }) => operation === 'settle');
  expect(settles.map(({ details }) => details)).toMatchObject([
    {
      batch_id: 'msgbatch_1',
      requested_model: HAIKU,
      basis: 'reported',
      items: 1,
      batch_items: { succeeded: 2, expired: 1 },
      tokens: { input: 100, output: 3 },
      rounding_usd: '0.00',
    },
    { requested_model: SONNET, items: 1, tokens: { input: 7, output: 9 } },
  ]);
  // Looked at or told of again, it stays charged once.
  await meter.batches.opened(record, 'msgbatch_1');
  await meter.lookAfter(DAY_MS);
  expect(await meter.charged()).toBe(HAIKU_NANO(100, 3) + SONNET_NANO(7, 9));
  expect((await meter.stored.findBatch('msgbatch_1'))?.state).toBe('settled');
});

test('a hold waits for 32 days, and a batch of an account that was closed meanwhile is charged', async () => {
  await using meter = await openBatchMeter();
  const record = await meter.place({ a: HAIKU });
  await meter.batches.opened(record, 'msgbatch_1');
  const held = await meter.held();
  meter.upstream.isDown = true;
  await meter.lookAfter(31 * DAY_MS);
  expect((await meter.ledger.findDue(10)).holds).toEqual([]);
  expect(await meter.held()).toBe(held);
  await meter.ledger.closeAccount({ accountId: ACCOUNT_ID });
  meter.upstream.isDown = false;
  meter.upstream.batches = [{ id: 'msgbatch_1', createdAtMs: record.createdAtMs, hasEnded: true, items: 1 }];
  meter.upstream.results.set('msgbatch_1', resultLine('a', { model: HAIKU, usage: usageOf(10, 10) }));
  await meter.lookAfter(HOUR_MS);
  expect([await meter.charged(), await meter.held()]).toEqual([HAIKU_NANO(10, 10), 0n]);
});

test('a success without a usage is estimated, one by another model is paid by the first hold', async () => {
  await using meter = await openBatchMeter();
  const record = await meter.place({ a: HAIKU, b: HAIKU });
  await meter.batches.opened(record, 'msgbatch_1');
  meter.upstream.batches = [{ id: 'msgbatch_1', createdAtMs: record.createdAtMs, hasEnded: true, items: 2 }];
  const lines = [
    resultLine('a', { model: HAIKU, text: 'x'.repeat(130) }),
    resultLine('b', { model: SONNET, usage: usageOf(1, 1) }),
  ];
  meter.upstream.results.set('msgbatch_1', lines.join(''));
  await meter.lookAfter(HOUR_MS);
  const [settle] = (await meter.journal()).filter(({ operation }) => operation === 'settle');
  expect(settle?.details).toMatchObject({
    basis: 'estimated',
    estimated_items: 1,
    items: 2,
    doubts: ['usage_missing'],
  });
  const receipt = settle?.details?.receipt as { model: string; class: string; quantity: number; usd_each: string }[];
  // The output at the price of batches.
  expect(receipt).toContainEqual(expect.objectContaining({ class: 'output', quantity: 100, usd_each: '0.0000025' }));
  expect(receipt).toContainEqual(expect.objectContaining({ model: SONNET, class: 'output', quantity: 1 }));
});

test('a line that cannot be read is charged as a success of which nothing is known', async () => {
  await using meter = await openBatchMeter();
  const record = await meter.place({ a: HAIKU });
  await meter.batches.opened(record, 'msgbatch_1');
  meter.upstream.batches = [{ id: 'msgbatch_1', createdAtMs: record.createdAtMs, hasEnded: true, items: 1 }];
  meter.upstream.results.set('msgbatch_1', '{"custom_id":"a","result":{"type":"succ\n');
  await meter.lookAfter(HOUR_MS);
  const [settle] = (await meter.journal()).filter(({ operation }) => operation === 'settle');
  expect(settle?.details).toMatchObject({ basis: 'estimated', batch_items: { other: 1 }, doubts: ['usage_missing'] });
});

test('a creation without an answer is found by its time, its size and its custom ids, and shown to nobody', async () => {
  await using meter = await openBatchMeter();
  const other = await meter.place({ a: HAIKU, x: HAIKU });
  const record = await meter.place({ a: HAIKU, b: HAIKU });
  const createdAtMs = meter.timers.nowMs() + 1_000;
  const candidate = (id: string) => ({ id, createdAtMs, hasEnded: true, items: 2 });
  meter.upstream.batches = [
    { ...candidate('msgbatch_large'), items: 3 },
    { ...candidate('msgbatch_late'), createdAtMs: createdAtMs + 2 * HOUR_MS },
    candidate('msgbatch_other'),
    { ...candidate('msgbatch_own'), hasEnded: false },
    { ...candidate('msgbatch_early'), createdAtMs: createdAtMs - HOUR_MS },
  ];
  await meter.batches.opened(other, 'msgbatch_other');
  const results = (ids: string[]) => ids.map((id) => resultLine(id, { model: HAIKU, usage: usageOf(1, 1) })).join('');
  for (const id of ['large', 'late', 'early']) meter.upstream.results.set(`msgbatch_${id}`, results(['b', 'a']));
  meter.upstream.results.set('msgbatch_other', results(['x', 'a']));
  meter.upstream.results.set('msgbatch_own', results(['b', 'a']));
  // One that may be it has not ended: nothing is given up for as long, whatever the time.
  await meter.lookAfter(5 * HOUR_MS);
  expect([await meter.charged(), (await meter.journal()).some(({ operation }) => operation === 'release')]).toEqual([
    HAIKU_NANO(2, 2),
    false,
  ]);
  meter.upstream.batches = meter.upstream.batches.map((batch) => ({ ...batch, hasEnded: true }));
  await meter.lookAfter(HOUR_MS);
  expect([await meter.charged(), await meter.held()]).toEqual([HAIKU_NANO(4, 4), 0n]);
  expect(await meter.stored.findBatch('msgbatch_own')).toMatchObject({
    id: record.id,
    isAdopted: true,
    state: 'settled',
  });
  expect(await meter.stored.listBatches(ACCOUNT_ID, { limit: 5 })).toEqual({
    entries: ['msgbatch_other'],
    hasMore: false,
  });
});

test('a creation that nothing is found of gives its holds back, not before it can no longer come to be', async () => {
  await using meter = await openBatchMeter();
  const record = await meter.place({ a: HAIKU, b: SONNET });
  meter.upstream.batches = [{ id: 'msgbatch_2', createdAtMs: record.createdAtMs, hasEnded: true, items: 2 }];
  meter.upstream.results.set('msgbatch_2', resultLine('a') + resultLine('another'));
  await meter.lookAfter(HOUR_MS);
  await meter.lookAfter(HOUR_MS - 1);
  expect(await meter.held()).toBeGreaterThan(0n);
  await meter.lookAfter(15 * 60_000);
  expect([await meter.charged(), await meter.held()]).toEqual([0n, 0n]);
  const ends = (await meter.journal()).filter(({ operation }) => operation === 'release');
  expect(ends.map(({ details }) => details)).toEqual([
    { request_id: 'req_1', reason: 'batch_not_created' },
    { request_id: 'req_1', reason: 'batch_not_created' },
  ]);
  expect(await meter.stored.claimDueBatches({ nowMs: Infinity, untilMs: 0, limit: 9 })).toEqual([]);
});

test('results that are gone for good cost nothing and are told to the operator, after 30 days', async () => {
  await using meter = await openBatchMeter();
  const record = await meter.place({ a: HAIKU });
  await meter.batches.opened(record, 'msgbatch_1');
  await meter.lookAfter(29 * DAY_MS);
  expect(await meter.held()).toBeGreaterThan(0n);
  await meter.lookAfter(DAY_MS);
  expect([await meter.charged(), await meter.held()]).toEqual([0n, 0n]);
  expect(meter.log).toContainEqual(expect.objectContaining({ level: 'error', batch_id: 'msgbatch_1' }));
});

test('a ledger that does not answer leaves a batch as it was, to be charged later, once', async () => {
  await using meter = await openBatchMeter();
  const record = await meter.place({ a: HAIKU, b: SONNET });
  await meter.batches.opened(record, 'msgbatch_1');
  meter.upstream.batches = [{ id: 'msgbatch_1', createdAtMs: record.createdAtMs, hasEnded: true, items: 2 }];
  const lines = [
    resultLine('a', { model: HAIKU, usage: usageOf(1, 1) }),
    resultLine('b', { model: SONNET, usage: usageOf(1, 1) }),
  ];
  meter.upstream.results.set('msgbatch_1', lines.join(''));
  const read = await meter.batches.tally(record);
  read.push(Buffer.from(lines.join('')));
  const tally = read.end();
  const open = { ...record, state: 'open' as const, upstreamId: 'msgbatch_1' };
  // Charged, and the answer lost.
  meter.fixture.mute = true;
  await expect(meter.batches.chargePassed(open, tally)).rejects.toThrow('settle:');
  await meter.lookAfter(HOUR_MS);
  expect((await meter.stored.findBatch('msgbatch_1'))?.state).toBe('open');
  meter.fixture.mute = false;
  await meter.lookAfter(HOUR_MS);
  await meter.batches.chargePassed(open, tally);
  expect([await meter.charged(), await meter.held()]).toEqual([HAIKU_NANO(1, 1) + SONNET_NANO(1, 1), 0n]);
  expect((await meter.journal()).filter(({ operation }) => operation === 'settle')).toHaveLength(2);
});

test('what a client has read in part is left to the poller', async () => {
  await using meter = await openBatchMeter();
  const record = await meter.place({ a: HAIKU, b: HAIKU });
  await meter.batches.opened(record, 'msgbatch_1');
  const read = await meter.batches.tally(record);
  read.push(Buffer.from(resultLine('a', { model: HAIKU, usage: usageOf(1, 1) })));
  await meter.batches.chargePassed({ ...record, upstreamId: 'msgbatch_1' }, read.end());
  expect(await meter.charged()).toBe(0n);
});
