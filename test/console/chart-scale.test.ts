// Goal: the lines behind the bars can be told apart by what is written at them, however small the spend is.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findTickPlaces, findTicks } from '../../src/console/ui/chart-scale.ts';

const ticksOf = (total: string) => findTicks([{ id: 'a', label: 'a', title: 'a', parts: [total], total }]);

test.each([
  ['0.000033', ['0.00000', '0.00001', '0.00002', '0.00003', '0.00004']],
  ['0.07', ['0.00', '0.02', '0.04', '0.06', '0.08']],
  ['1234.00', ['0.00', '500.00', '1000.00', '1500.00']],
])('of %s', (total, written) => {
  const ticks = ticksOf(total);
  expect(ticks.map((tick) => tick.toFixed(findTickPlaces(ticks)))).toEqual(written);
});

test('of every amount that is four nano-dollars at least', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 4n, max: 10n ** 16n }), (nano) => {
      const total = `${nano / 1_000_000_000n}.${`${nano % 1_000_000_000n}`.padStart(9, '0')}`;
      const ticks = ticksOf(total);
      const written = ticks.map((tick) => tick.toFixed(findTickPlaces(ticks)));
      expect(new Set(written).size).toBe(ticks.length);
    }),
  );
});
