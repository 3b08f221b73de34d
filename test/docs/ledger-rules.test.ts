// Every test that docs/ledger-rules.md names is there, by that name.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const text = read('docs/ledger-rules.md');

const FILES: Record<string, string> = {
  C: 'test/ledger/ledger-conformance.ts',
  B: 'test/ledger/ledger-boundaries.ts',
  R: 'test/ledger/ledger-rules.ts',
  F: 'test/ledger/refund-conformance.ts',
  K: 'test/ledger/correct-conformance.ts',
  L: 'test/ledger/reload-conformance.ts',
  G: 'test/ledger/grant-limit.ts',
  O: 'test/domain/credit/burn-order.test.ts',
  Q: 'test/domain/quota.test.ts',
  W: 'test/domain/quota-window.test.ts',
  T: 'test/domain/grant-term.test.ts',
  M: 'test/metering/quotas.test.ts',
};

test.each(Object.entries(FILES))('the tests named under %s are in %s', (letter, path) => {
  const named = [...text.matchAll(/\b([A-Z]) "([^"]+)"/g)].filter(([, of]) => of === letter).map(([, , name]) => name);
  expect(named.length).toBeGreaterThan(0);
  const source = read(path);
  expect(named.filter((name) => !source.includes(`'${name}'`))).toEqual([]);
});

test('every rule names a test', () => {
  const rules = text.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| rule'));
  expect(rules.length).toBeGreaterThan(30);
  expect(rules.filter((line) => !/\| [A-Z] "[^|]+ \|$/.test(line))).toEqual([]);
});
