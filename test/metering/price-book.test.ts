import { describe, expect, it } from 'vitest';
import { createPriceBook } from '../../src/metering/price-book.ts';
import { loadRateCard } from '../support/shared-parts.ts';
import { admit, openMeter, refusal } from './meter-fixture.ts';
import { makePrincipal, makeRequest, makeUsage } from './metering-fixtures.ts';

const card = loadRateCard();
const HAIKU = { model: 'claude-haiku-4-5', input: '2', output: '10' };

function principalWith(pricing: { priceMultiplier?: string; priceOverrides?: readonly (typeof HAIKU)[] }) {
  const principal = makePrincipal();
  return { ...principal, account: { ...principal.account, ...pricing } };
}
const completed = (input: number, output: number, model?: string) =>
  ({
    kind: 'completed',
    status: 200,
    usage:
      model === undefined
        ? makeUsage(input, output)
        : { ...makeUsage(input, output), model, passes: [{ ...makeUsage(input, output).passes[0]!, model }] },
    visibleCharacters: 0,
  }) as const;

describe('the price book', () => {
  it('gives the loaded card to accounts without terms', () => {
    expect(createPriceBook(card).cardOf({})).toBe(card);
  });

  it('derives one card for equal terms, and keeps no more than its bound', () => {
    const book = createPriceBook(card, 2);
    const first = book.cardOf({ priceMultiplier: '1.1' });
    expect(first.multiplier).toBe(11_000n);
    expect(book.cardOf({ priceMultiplier: '1.1' })).toBe(first);
    book.cardOf({ priceMultiplier: '1.2' });
    book.cardOf({ priceMultiplier: '1.1' });
    book.cardOf({ priceMultiplier: '1.3' });
    expect(book.cardOf({ priceMultiplier: '1.1' })).toBe(first);
    book.cardOf({ priceMultiplier: '1.4' });
    book.cardOf({ priceMultiplier: '1.5' });
    expect(book.cardOf({ priceMultiplier: '1.1' })).not.toBe(first);
  });

  it('derives anew from a card that replaces the old one', () => {
    const book = createPriceBook(card);
    book.cardOf({ priceMultiplier: '1.1' });
    book.replace({ ...card, version: 'next' });
    expect(book.card().version).toBe('next');
    expect(book.cardOf({ priceMultiplier: '1.1' }).version).toBe('next');
  });
});

describe('a call', () => {
  it('is held and charged by the account’s own terms, and the journal says so', async () => {
    await using part = await openMeter();
    const plain = await admit(part);
    const own = await admit(part, makeRequest(), principalWith({ priceMultiplier: '1.5', priceOverrides: [HAIKU] }));
    expect(own.facts.heldNanoUsd).toBe(plain.facts.heldNanoUsd * 3n);
    // 100 tokens at 2 dollars a million and 10 at 10, times 1.5.
    expect(own.finish(completed(100, 10), { status: 200 })).toMatchObject({ amountNanoUsd: 450_000n });
    plain.finish({ kind: 'upstream_error', status: 500 }, { status: 500 });
    await part.settleQueue.settled();
    const journal = await part.fixture.ledger.readJournal(own.facts.principal.account.id, {
      afterSequence: 0,
      limit: 99,
    });
    expect(journal.find(({ operation }) => operation === 'settle')?.details).toMatchObject({
      multiplier: '1.5',
      rate_card_version: card.version,
      receipt: [
        { class: 'input', usd_each: '0.000002', usd: '0.0002', overridden: true },
        { class: 'output', usd_each: '0.00001', usd: '0.0001', overridden: true },
      ],
    });
  });

  it('keeps the card it was admitted with', async () => {
    await using part = await openMeter();
    const call = await admit(part);
    part.priceBook.replace({ ...card, version: 'next', multiplier: 20_000n });
    const next = await admit(part);
    expect(next.facts.heldNanoUsd).toBe(call.facts.heldNanoUsd * 2n);
    expect(call.finish(completed(100, 10), { status: 200 })).toMatchObject({
      amountNanoUsd: 150_000n,
      receipt: { rateCardVersion: card.version },
    });
    expect(next.finish(completed(100, 10), { status: 200 })).toMatchObject({
      amountNanoUsd: 300_000n,
      receipt: { rateCardVersion: 'next' },
    });
  });

  it('of an unknown model is refused unless the operator says whose prices it has', async () => {
    await using refusing = await openMeter();
    const request = makeRequest({ model: 'claude-haiku-4-5-next' });
    expect(await refusal(refusing, request)).toEqual({ kind: 'model_not_priced', model: 'claude-haiku-4-5-next' });

    await using part = await openMeter({ rateCard: { ...card, unknownModelPricedAs: 'claude-haiku-4-5' } });
    const call = await admit(part, request);
    expect(call.finish(completed(100, 10, 'claude-haiku-4-5-next-1'), { status: 200 })).toMatchObject({
      basis: 'reported',
      amountNanoUsd: 150_000n,
      receipt: { assumptions: ['unknown_model'], lines: [{ pricedAs: 'claude-haiku-4-5-20251001' }, {}] },
    });
    const { body } = await part.metrics.render();
    expect(body).toContain('tollgate_unpriced_requests_total{stage="priced_as"} 1');
    expect(body).toContain('tollgate_unpriced_requests_total{stage="refused"} 0');
    // A key that may call the other model may not call this one.
    expect(await refusal(part, request, makePrincipal({ allowedModels: ['claude-haiku-4-5'] }))).toMatchObject({
      kind: 'model_not_allowed',
    });
  });
});
