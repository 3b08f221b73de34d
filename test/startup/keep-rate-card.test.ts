import { rename, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { RateCard } from '../../src/domain/rate-card.ts';
import { createRateCardKeeper } from '../../src/startup/keep-rate-card.ts';
import { readCardJson } from '../domain/load-card.ts';
import { openFolder } from '../metering/metering-fixtures.ts';
import { createManualTimers } from '../support/manual-timers.ts';

const text = (version: string): string => JSON.stringify({ ...(readCardJson() as object), version });

async function openKeeper() {
  const folder = await openFolder();
  const [rateCardPath, rateCardOverridesPath] = [folder.file('card.json'), folder.file('own.json')];
  await writeFile(rateCardPath, text('one'));
  await writeFile(rateCardOverridesPath, '{"version":"a","multiplier":"1.5"}');
  const timers = createManualTimers();
  const keeper = createRateCardKeeper({ rateCardPath, rateCardOverridesPath, unknownModelPricedAs: undefined });
  const first = await keeper.load();
  const cards: RateCard[] = [];
  const problems: string[][] = [];
  const watch = keeper.watch({
    timers,
    pollMs: 10_000,
    onCard: (card) => void cards.push(card),
    onProblems: (found) => void problems.push([...found]),
  });
  return {
    rateCardPath,
    rateCardOverridesPath,
    first,
    cards,
    problems,
    watch,
    timers,
    /** The clock goes on to the next look, and the look ends. */
    async poll() {
      timers.advance(10_000);
      await watch.settled();
    },
    async [Symbol.asyncDispose]() {
      await watch.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}

describe('the rate card keeper', () => {
  it('loads card and overrides, and says nothing while they stay', async () => {
    await using part = await openKeeper();
    expect(part.first).toMatchObject({ ok: true, card: { version: 'one+a', multiplier: 15_000n } });
    await part.poll();
    await writeFile(part.rateCardPath, text('one'));
    await part.poll();
    expect([part.cards, part.problems]).toEqual([[], []]);
  });

  it('finds a change of either file within one poll, also when another file takes its place', async () => {
    await using part = await openKeeper();
    await writeFile(`${part.rateCardPath}.new`, text('two'));
    await rename(`${part.rateCardPath}.new`, part.rateCardPath);
    await part.poll();
    await writeFile(part.rateCardOverridesPath, '{"version":"b"}');
    await part.poll();
    expect(part.cards.map(({ version, multiplier }) => [version, multiplier])).toEqual([
      ['two+a', 15_000n],
      ['two+b', 10_000n],
    ]);
  });

  it('tells every problem of a bad file once, and takes the file when it is good again', async () => {
    await using part = await openKeeper();
    await writeFile(part.rateCardPath, '{"version": ""}');
    await part.poll();
    await part.poll();
    expect(part.cards).toEqual([]);
    expect(part.problems).toHaveLength(1);
    expect(part.problems[0]!.length).toBeGreaterThan(1);
    await writeFile(part.rateCardPath, text('three'));
    await part.poll();
    expect(part.cards.map(({ version }) => version)).toEqual(['three+a']);
  });

  it('tells of files that are gone, all of them', async () => {
    await using part = await openKeeper();
    await rename(part.rateCardPath, `${part.rateCardPath}.away`);
    await rename(part.rateCardOverridesPath, `${part.rateCardOverridesPath}.away`);
    await part.poll();
    expect(part.problems).toEqual([
      [
        `rate card ${part.rateCardPath}: cannot be read (ENOENT)`,
        `rate card overrides ${part.rateCardOverridesPath}: cannot be read (ENOENT)`,
      ],
    ]);
  });

  it('looks and tells when it is asked to, changed or not', async () => {
    await using part = await openKeeper();
    await part.watch.reload();
    expect(part.cards.map(({ version }) => version)).toEqual(['one+a']);
    await writeFile(part.rateCardPath, '{');
    await part.watch.reload();
    await part.watch.reload();
    expect(part.problems).toHaveLength(2);
  });

  it('looks no more once it is stopped', async () => {
    await using part = await openKeeper();
    await part.watch.stop();
    expect(part.timers.pending()).toEqual([]);
  });
});
