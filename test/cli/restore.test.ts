import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CliOutput } from '../../src/cli/cli-session.ts';
import { addRestoreCommand } from '../../src/cli/restore-command.ts';
import { openStore } from '../../src/store/open-store.ts';
import { createExportFolder, type ExportFolder } from '../restore/restore-stores.ts';
import { runCliProcess } from './cli-under-test.ts';

let folder: string;
let exported: ExportFolder;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-cli-restore-'));
  exported = createExportFolder();
});
afterAll(() => {
  exported.remove();
  rmSync(folder, { recursive: true, force: true });
});

const open = (name: string) =>
  openStore({
    ...{ redisUrl: undefined, waitReplicas: 'auto', dataFolder: join(folder, name), commandTimeoutMs: 1_000 },
    ...{ nowMs: () => Date.now(), onFault: () => {} },
  });

test('restore puts an export back, tells what it did, and does not begin while a Tollgate serves', async () => {
  const store = await open('before');
  await store.ledger.openAccount({ accountId: 'acct_a', mode: 'prepaid', creditLimitNanoUsd: 0n });
  await store.ledger.setPolicy({ accountId: 'acct_a', status: 'frozen' });
  await exported.export(store, { nowMs: Date.now() });
  await store.close();

  const environment = { DATA_DIR: join(folder, 'after') };
  const run = (...args: string[]) => runCliProcess(['restore', '--from', exported.path, ...args], environment, folder);
  const looked = await run('--dry-run');
  expect([looked.exitCode, looked.error]).toEqual([0, '']);
  expect(looked.out).toBe(
    'acct_a: would be restored up to entry 2; the store had nothing of it; the directory does not know this account\n',
  );
  const done = await run('--json');
  expect([done.exitCode, JSON.parse(done.out)]).toEqual([
    0,
    {
      ...{ account_id: 'acct_a', result: 'restored', present_sequence: 0, sequence: 2, reason: null, abandoned: null },
      in_directory: false,
    },
  ]);
  expect(readdirSync(join(folder, 'after')).filter((name) => name.includes('restore'))).toEqual([]);

  const after = await open('after');
  expect(await after.ledger.readBalance('acct_a')).toMatchObject({ status: 'frozen', sequence: 2 });
  const served = await run();
  expect([served.exitCode, served.out]).toEqual([1, '']);
  expect(served.error).toContain('is open in another Tollgate process');
  await after.close();
});

test('restore tells of entries that the store went on without', async () => {
  const lines: string[] = [];
  const program = new Command().exitOverride();
  const output = { out: (line: string) => void lines.push(line), error: () => {} } as unknown as CliOutput;
  addRestoreCommand(program, output, async function* () {
    const abandoned = { fromSequence: 1, throughSequence: 2 };
    yield { accountId: 'acct_a', result: 'current', presentSequence: 1, sequence: 1, abandoned, isInDirectory: true };
  });
  await program.parseAsync(['restore', '--from', 'x'], { from: 'user' });
  expect(lines.join('\n')).toBe(
    [
      'acct_a: has all 1 entries of the export’s later history',
      '  WARNING: two histories: the export also has entries 1 to 2 of another history, that the store went on without',
    ].join('\n'),
  );
});
