import { expect, test } from 'vitest';
import { findModel, type ModelCard } from '../../src/domain/rate-card.ts';
import { settleBatchItem } from '../../src/domain/settle-batch-item.ts';
import { makeUsage } from '../metering/metering-fixtures.ts';
import { loadCard } from './load-card.ts';

const card = loadCard();
const model = findModel(card, 'claude-haiku-4-5') as ModelCard;
const atMs = Date.UTC(2026, 10, 20, 12);
const terms = { model, card, atMs, heldNanoUsd: 1_000_000n, promptBytes: 300 };

// Its request is not known any more: a loop of server tools reads a prompt of more than the window in all.
test('an item that read its prompt many times is charged as reported, at half the price', () => {
  const usage = makeUsage(404_500, 2_000, { serviceTier: 'batch', stopReason: 'pause_turn' });
  expect(settleBatchItem(terms, { usage, visibleCharacters: 900 })).toMatchObject({
    basis: 'reported',
    amountNanoUsd: (404_500n * 1_000n + 2_000n * 5_000n) / 2n,
    doubts: [],
  });
});

test('one with figures beyond the API is not believed', () => {
  const usage = makeUsage(404_500_000, 2_000, { serviceTier: 'batch' });
  expect(settleBatchItem(terms, { usage, visibleCharacters: 900 })).toMatchObject({ doubts: ['usage_absurd'] });
});

test('one that says neither its tier nor why it stopped is charged as reported, at half the price', () => {
  const usage = makeUsage(100, 10, { serviceTier: undefined });
  expect(settleBatchItem(terms, { usage, visibleCharacters: 900 })).toMatchObject({
    basis: 'reported',
    amountNanoUsd: 75_000n,
  });
});

test('one without a usage is estimated by its characters and the average prompt, at half the price', () => {
  // 300 bytes are 100 tokens of prompt, 130 characters are 100 of output.
  expect(settleBatchItem(terms, { usage: undefined, visibleCharacters: 130 })).toMatchObject({
    basis: 'estimated',
    amountNanoUsd: 300_000n,
    doubts: ['usage_missing'],
  });
});
