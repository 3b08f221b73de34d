// Goal: the simulated API's own bill is right for every recorded answer, so that it can be the measure for the ledger.
// Method: each answer is replayed over a socket in three ways; bytes and bill are compared with the corpus.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Chunking } from '../../src/simulator/simulator-types.ts';
import { loadCorpus } from '../support/corpus.ts';
import { type ListeningApi, replay, startSimulatedApi, UPSTREAM_KEY } from '../support/simulated-api.ts';

const corpus = loadCorpus();

/** Dollars as a decimal string, in pico-dollars. */
function picoUsd(text: string): bigint {
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(12, '0'));
}

describe('the bill of replayed answers', () => {
  let api: ListeningApi;
  beforeAll(async () => {
    api = await startSimulatedApi();
  });
  afterAll(() => api.close());

  it('has the whole corpus before it', () => {
    expect(corpus).toHaveLength(72);
  });

  const ways: [string, Chunking][] = [
    ['whole', 'whole'],
    ['event by event', 'events'],
    ['split at random', { kind: 'random', seed: 7, maximum: 900 }],
  ];
  it.each(ways)('equals the list cost of each answer, sent %s', async (_way, chunking) => {
    for (const entry of corpus) {
      api.enqueue(replay(entry.body, chunking));
      const response = await fetch(`${api.baseUrl}/v1/messages`, {
        method: 'POST',
        headers: { 'x-api-key': UPSTREAM_KEY },
        body: '{}',
      });
      const bytes = Buffer.from(await response.arrayBuffer());
      expect(bytes.equals(entry.body), entry.file).toBe(true);
      const billed = api.bill().entries.at(-1);
      expect([billed?.model, billed?.amountPicoUsd, billed?.billed], entry.file).toEqual([
        entry.model,
        picoUsd(entry.listCostUsd),
        true,
      ]);
    }
  });

  it('sums what it billed', () => {
    const once = corpus.reduce((sum, entry) => sum + picoUsd(entry.listCostUsd), 0n);
    expect(api.bill().totalPicoUsd).toBe(once * BigInt(ways.length));
  });

  it('sends byte by byte as well', async () => {
    const entry = corpus.find((candidate) => candidate.file === 'sse-055.sse');
    api.enqueue(replay(entry?.body ?? '', { kind: 'bytes', size: 1 }));
    const response = await fetch(`${api.baseUrl}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': UPSTREAM_KEY },
    });
    expect(Buffer.from(await response.arrayBuffer()).equals(entry?.body ?? Buffer.alloc(0))).toBe(true);
    expect(api.bill().entries.at(-1)?.amountPicoUsd).toBe(picoUsd('0.0187368'));
  });
});
