// Goal: every recorded answer, sent through the whole process, is charged exactly its list price.
// Method: the simulated API replays the bytes, each file whole, event by event and split at random.
import { describe, expect, test } from 'vitest';
import type { Chunking } from '../../src/simulator/simulator-types.ts';
import { nano } from '../support/check-journal.ts';
import { type CorpusEntry, loadCorpus } from '../support/corpus.ts';
import { describeOnEachTollgate } from '../support/each-store.ts';
import { replay } from '../support/simulated-api.ts';

const CORPUS = loadCorpus();
const RANDOM: Chunking = { kind: 'random', seed: 20_261_120, maximum: 700 };
const CHUNKINGS: [name: string, chunking: Chunking][] = [
  ['whole', 'whole'],
  ['event by event', 'events'],
  ['split at random', RANDOM],
];

test('there is something to replay', () => {
  expect(CORPUS.filter(({ streaming }) => streaming).length).toBeGreaterThan(20);
  expect(CORPUS.filter(({ streaming }) => !streaming).length).toBeGreaterThan(40);
});

describeOnEachTollgate('the corpus', (tollgate) => {
  describe.each(CHUNKINGS)('sent %s', (_name, chunking) => {
    test('each file is charged its list price and arrives byte for byte', async () => {
      const caller = await tollgate().createCaller({ creditUsd: '100000' });
      const differences: string[] = [];
      for (const entry of CORPUS) {
        tollgate().api.enqueue(replay(entry.body, chunking));
        const answer = await tollgate().send(caller, writeRequest(entry));
        const body = Buffer.from(await answer.arrayBuffer());
        if (answer.status !== 200 || !body.equals(entry.body)) differences.push(`${entry.file}: other bytes`);
      }
      const { charged } = await tollgate().expectSettled();
      expect(charged).toBeGreaterThan(0n);
      const journal = await tollgate().admin.readJournal(caller.accountId);
      const settles = journal.filter(({ operation }) => operation === 'settle');
      expect(settles).toHaveLength(CORPUS.length);
      // One call was open at a time, so the settles stand in the order of the files.
      for (const [index, entry] of CORPUS.entries()) {
        const { amount_usd, details } = settles[index]!;
        if (nano(amount_usd) !== nano(entry.listCostUsd) || details?.model !== entry.model) {
          differences.push(`${entry.file}: ${amount_usd} for ${details?.model}, not ${entry.listCostUsd}`);
        }
      }
      expect(differences).toEqual([]);
    });
  });
});

/** A request that has room for the answer: the replay does not look at it, the hold does. */
function writeRequest(entry: CorpusEntry): unknown {
  const messages = [{ role: 'user', content: 'Do what was recorded.' }];
  // The API reads the prompt again after each search: figures beyond one window are believed of such a call alone.
  const searches = /"web_search_requests":\s*[1-9]/.test(entry.body.toString());
  const tools = searches ? [{ type: 'web_search_20260209', name: 'web_search', max_uses: 10 }] : [];
  return { model: entry.model, max_tokens: 4_000, stream: entry.streaming, messages, tools };
}
