import { describe, expect, test } from 'vitest';
import { createId, deriveId } from '../../src/directory/create-id.ts';
import { readHoldTimeMs } from '../../src/domain/hold-id.ts';

const FORM = /^(acct|hold)_[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

describe('createId', () => {
  test('has the prefix, the time and never the same end', () => {
    const ids = Array.from({ length: 1000 }, () => createId('hold', 1_790_000_000_123));
    expect(new Set(ids).size).toBe(1000);
    for (const id of ids) {
      expect(id).toMatch(FORM);
      expect(readHoldTimeMs(id)).toBe(1_790_000_000_123);
    }
  });

  test('sorts by time', () => {
    expect(createId('acct', 1_000) < createId('acct', 1_001)).toBe(true);
  });
});

describe('deriveId', () => {
  test('is the same for the same key and looks like any other id', () => {
    const id = deriveId('acct', 'POST /admin/v1/accounts', 'abc');
    expect(id).toMatch(FORM);
    expect(deriveId('acct', 'POST /admin/v1/accounts', 'abc')).toBe(id);
  });

  test('differs by prefix, scope and key, and has no ambiguous border between them', () => {
    const ids = [
      deriveId('acct', 'a', 'bc'),
      deriveId('acct', 'ab', 'c'),
      deriveId('acct', 'a', 'bd'),
      deriveId('hold', 'a', 'bc'),
    ].map((id) => id.replace(/^\w+_/, ''));
    expect(new Set(ids).size).toBe(4);
  });

  test('is always readable as a ULID', () => {
    for (let index = 0; index < 500; index += 1) expect(deriveId('hold', 's', String(index))).toMatch(FORM);
  });
});
