import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isFitting } from '../../bin/run/fitting-node.mjs';

test.each([
  ['18.0.0', false],
  ['20.20.2', false],
  ['22.18.9', false],
  ['22.19.0', true],
  ['24.0.0', true],
  ['26.10.0', true],
])('Node %s fits: %s', (version, fits) => {
  expect(isFitting(version)).toBe(fits);
});

test("the least version is that of package.json's engines", () => {
  const { engines } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const [major, minor] = engines.node.replace('>=', '').split('.').map(Number);
  expect(isFitting(`${major}.${minor}.0`)).toBe(true);
  expect(isFitting(`${major}.${minor - 1}.99`)).toBe(false);
});
