import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { adoptSpools, SPOOL_FILE, workerFolder } from '../../src/metering/adopt-spools.ts';
import { openSettleSpool } from '../../src/metering/settle-spool.ts';
import { openFolder, releaseOf, settleOf } from './metering-fixtures.ts';

describe('spools of workers that are not started any more', () => {
  it('go into that of the process that leads, with the marks of calls that never ended', async () => {
    await using folder = await openFolder();
    const data = folder.file('.');
    const own = await openSettleSpool(join(data, SPOOL_FILE));
    own.spool.put(settleOf('hold_own', 1n));
    await own.spool.close();
    for (const index of [1, 2, 3]) {
      const { spool } = await openSettleSpool(join(workerFolder(data, index), SPOOL_FILE));
      spool.put(settleOf(`hold_${index}`, BigInt(index) * 10n ** 15n));
      spool.mark(releaseOf(`hold_open_${index}`));
      await spool.close();
    }

    expect(await adoptSpools(data, 1)).toBe(4);

    const { spool, waiting, orphans } = await openSettleSpool(join(data, SPOOL_FILE));
    expect(waiting).toEqual([
      settleOf('hold_own', 1n),
      settleOf('hold_2', 2n * 10n ** 15n),
      settleOf('hold_3', 3n * 10n ** 15n),
    ]);
    expect(orphans).toEqual([releaseOf('hold_open_2'), releaseOf('hold_open_3')]);
    await spool.close();
    expect([1, 2, 3].map((index) => existsSync(join(workerFolder(data, index), SPOOL_FILE)))).toEqual([
      true,
      false,
      false,
    ]);
    // Again there is nothing to take.
    expect(await adoptSpools(data, 1)).toBe(0);
  });
});
