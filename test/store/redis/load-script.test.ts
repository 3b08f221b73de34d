import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadScript } from '../../../src/store/redis/load-script.ts';

const FOLDER = new URL('../../../src/store/redis/scripts/', import.meta.url);
const files = readdirSync(FOLDER, { recursive: true })
  .map(String)
  .filter((file) => file.endsWith('.lua'))
  .map((file) => file.replace(/\.lua$/, ''));
const scripts = files.filter((file) => !file.includes('/lib-'));

describe('loadScript', () => {
  test('puts included files in place, each once, and leaves no include line', () => {
    const text = loadScript('directory/create-record');
    expect(text.match(/local function count_uses/g)).toHaveLength(1);
    expect(text).not.toContain('@include');
    expect(text.startsWith('#!lua\n')).toBe(true);
  });

  test('refuses a file that is not there', () => expect(() => loadScript('directory/no-such')).toThrow(/ENOENT/));
});

describe('every script', () => {
  test.each(scripts)('%s begins with a shebang and a contract', (script) => {
    expect(readFileSync(new URL(`${script}.lua`, FOLDER), 'utf8')).toMatch(
      /^#!lua[^\n]*\n--\[\[\n[\s\S]*KEYS[\s\S]*Replies[\s\S]*?\]\]/,
    );
  });

  test.each(files)('%s has at most 120 lines', (file) => {
    expect(readFileSync(new URL(`${file}.lua`, FOLDER), 'utf8').split('\n').length).toBeLessThanOrEqual(121);
  });

  test.each(files)('%s builds no key name, and text of numbers only by text()', (file) => {
    const text = readFileSync(new URL(`${file}.lua`, FOLDER), 'utf8');
    expect(text).not.toMatch(/redis\.call\([^)]*KEYS\[[^\]]+\] *\.\./);
    expect(text.replace(/--.*$/gm, '')).not.toMatch(/tostring/);
  });
});
