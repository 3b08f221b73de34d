// The dependency checker is only worth having if it fails: each case is a small tree that breaks one rule of the house.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { findViolations } from '../../bin/check/dependencies.mjs';

const LEAF = 'export type Leaf = 1;\nexport const leaf = 1;\n';

async function violationsOf(files: Record<string, string>): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-rules-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const sources: Record<string, string> = {
    'package.json': '{ "name": "fixture", "type": "module", "dependencies": {} }',
    'src/domain/leaf.ts': LEAF,
    'src/domain/neighbour.ts': "export { leaf } from './leaf.ts';\n",
    ...files,
  };
  for (const [name, text] of Object.entries(sources)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return findViolations(folder);
}

test('a tree that keeps the rules has no violation', async () => {
  const files = {
    'src/ledger/ledger.ts': "import type { Leaf } from '../domain/leaf.ts';\nexport type Ledger = Leaf;\n",
    'src/store/redis/store.ts': "import type { Ledger } from '../../ledger/ledger.ts';\nexport type Store = Ledger;\n",
    'src/metering/meter.ts': "import type { Ledger } from '../ledger/ledger.ts';\nexport type Meter = Ledger;\n",
    'src/http/route.ts': "import type { Meter } from '../metering/meter.ts';\nexport type Route = Meter;\n",
    'src/services.ts': "export type { Store } from './store/redis/store.ts';\n",
    'src/main.ts': "export type { Store } from './services.ts';\n",
  };
  expect(await violationsOf(files)).toEqual([]);
});

test.each([
  ['domain above itself', 'domain-imports', 'src/domain/a.ts', '../ledger/leaf.ts'],
  ['anthropic to http', 'anthropic-imports', 'src/anthropic/a.ts', '../http/leaf.ts'],
  ['metering to a store', 'metering-imports', 'src/metering/a.ts', '../store/redis/leaf.ts'],
  ['http to a store', 'http-imports', 'src/http/routes/a.ts', '../../store/sqlite/leaf.ts'],
  ['ledger to metering', 'ledger-imports', 'src/ledger/a.ts', '../metering/leaf.ts'],
  ['a store to metering', 'store-imports', 'src/store/redis/a.ts', '../../metering/leaf.ts'],
  ['config to the domain', 'config-imports', 'src/config/a.ts', '../domain/leaf.ts'],
  ['the simulator to the domain', 'simulator-imports', 'src/simulator/a.ts', '../domain/leaf.ts'],
  ['the simulator to anthropic', 'simulator-imports', 'src/simulator/a.ts', '../anthropic/leaf.ts'],
  ['the command line to a store', 'cli-imports', 'src/cli/a.ts', '../store/sqlite/leaf.ts'],
  ['the command line to the ledger', 'cli-imports', 'src/cli/a.ts', '../ledger/leaf.ts'],
  ['main.ts to a store', 'main.ts-imports', 'src/main.ts', './store/sqlite/leaf.ts'],
  ['app.ts to a store', 'app.ts-imports', 'src/app.ts', './store/sqlite/leaf.ts'],
  ['services.ts up', 'services.ts-imports', 'src/services.ts', './app.ts'],
  ['a folder without a row', 'unknown-place', 'src/utils/a.ts', '../domain/leaf.ts'],
  ['into a folder without a row', 'unknown-place-imported', 'src/main.ts', './utils/leaf.ts'],
])('%s is a violation, by value and by type alone', async (_case, rule, from, specifier) => {
  const target = join(dirname(from), specifier);
  for (const line of [
    `export { leaf } from '${specifier}';`,
    `import type { Leaf } from '${specifier}';\nexport type A = Leaf;`,
  ]) {
    const violations = await violationsOf({ [target]: LEAF, [from]: `${line}\n` });
    expect(violations.map((violation) => violation.split(':')[0])).toContain(rule);
    expect(violations.join('\n')).toContain(`${from} -> `);
  }
});

test.each(['node:fs', 'fs', 'node:crypto'])('domain importing %s is a violation', async (module) => {
  const violations = await violationsOf({
    'src/domain/a.ts': `import type * as m from '${module}';\nexport type A = typeof m;\n`,
  });
  expect(violations.join('\n')).toMatch(/^pure-without-node: src\/domain\/a.ts/);
});

test('a cycle is a violation, by types alone too', async () => {
  const violations = await violationsOf({
    'src/ledger/a.ts': "import type { B } from './b.ts';\nexport type A = B | 1;\n",
    'src/ledger/b.ts': "import type { A } from './a.ts';\nexport type B = A | 2;\n",
  });
  expect(violations.join('\n')).toMatch(/^no-cycle: src\/ledger\/[ab].ts/);
});

test.each([
  ["export { leaf } from './gone.ts';", 'resolvable'],
  ["export { leaf } from '../../test/leaf.ts';", 'only-dependencies'],
])('%s is a violation', async (line, rule) => {
  const violations = await violationsOf({ 'test/leaf.ts': LEAF, 'src/ledger/a.ts': `${line}\n` });
  expect(violations.join('\n')).toContain(`${rule}: src/ledger/a.ts`);
});

test('a tree of which no import is seen is an error, not good', async () => {
  await expect(violationsOf({ 'src/domain/neighbour.ts': '' })).rejects.toThrow('no import was seen');
});
