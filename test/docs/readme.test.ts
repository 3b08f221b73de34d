// What the documents tell a reader to run or to open is there.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { createProgram } from '../../src/cli/create-program.ts';
import { allSettings } from '../../src/config/settings-table.ts';

const projectFolder = fileURLToPath(new URL('../../', import.meta.url));
const documents = globSync(['*.md', 'docs/**/*.md'], { cwd: projectFolder }).sort();
const scripts = JSON.parse(readFileSync(resolve(projectFolder, 'package.json'), 'utf8')).scripts;

function read(name: string): string {
  return readFileSync(resolve(projectFolder, name), 'utf8');
}

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? '');
}

/** The names below a command, however deep the words go on naming commands. */
function findUnknownCommand(words: readonly string[]): string | undefined {
  let command: Command | undefined = createProgram({
    output: { out: () => {}, error: () => {} },
    serve: async () => {},
    restore: async function* () {},
    doctor: async function* () {},
  });
  for (const [index, word] of words.entries()) {
    if (command.commands.length === 0) return undefined;
    command = command.commands.find((each) => each.name() === word);
    if (command === undefined) return words.slice(0, index + 1).join(' ');
  }
  return undefined;
}

test('there are documents to check', () => {
  expect(documents).toContain('README.md');
  expect(findUnknownCommand(['account', 'craete'])).toBe('account craete');
  expect(findUnknownCommand(['account', 'create', 'Acme'])).toBeUndefined();
});

describe.each(documents)('%s', (name) => {
  test('its npm commands exist', () => {
    const named = [
      ...matches(read(name), /\bnpm run ([a-z][a-z:-]*)/g),
      ...matches(read(name), /`npm (start|test)\b/g),
    ];
    expect(named.filter((script) => !Object.hasOwn(scripts, script))).toEqual([]);
  });

  test('its tollgate commands exist', () => {
    const named = matches(read(name), /\bnpx tollgate ((?:[a-z][a-z-]*(?: |$))+)/gm).map((line) =>
      line.trim().split(' '),
    );
    expect(named.map(findUnknownCommand).filter((unknown) => unknown !== undefined)).toEqual([]);
  });

  test('its links to files lead somewhere', () => {
    const targets = matches(read(name), /\]\(([^)#\s]+)(?:#[^)\s]*)?\)/g).filter((target) => !/^[a-z]+:/.test(target));
    expect(targets.filter((target) => !existsSync(resolve(projectFolder, dirname(name), target)))).toEqual([]);
  });

  test('its limits exist', () => {
    const known = allSettings.map((setting) => setting.name);
    expect(matches(read(name), /`(LIMIT_[A-Z_]+)`/g).filter((limit) => !known.includes(limit))).toEqual([]);
  });
});
