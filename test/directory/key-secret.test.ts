import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { createKeySecret, hashKeySecret, isKeySecret } from '../../src/directory/key-secret.ts';

test('a secret has 256 bits of its own, and its hash is SHA-256', () => {
  const made = Array.from({ length: 200 }, createKeySecret);
  expect(new Set(made.map((each) => each.secret)).size).toBe(200);
  for (const each of made) {
    expect(each.secret).toMatch(/^tg_[A-Za-z0-9_-]{43}$/);
    expect(Buffer.from(each.secret.slice(3), 'base64url')).toHaveLength(32);
    expect(each.secretHash).toBe(createHash('sha256').update(each.secret).digest('hex'));
    expect(each.hint).toBe(each.secret.slice(0, 7));
    expect(isKeySecret(each.secret)).toBe(true);
  }
});

test('the hash is that of the published vector', () => {
  expect(hashKeySecret('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

test.each([
  '',
  'tg_',
  `tg_${'a'.repeat(42)}`,
  `tg_${'a'.repeat(44)}`,
  `sk_${'a'.repeat(43)}`,
  ` tg_${'a'.repeat(43)}`,
  `tg_${'a'.repeat(43)}\n`,
  `tg_${'+'.repeat(43)}`,
])('%j is no key', (text) => expect(isKeySecret(text)).toBe(false));
