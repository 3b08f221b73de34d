import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROBLEMS } from '../../src/admin/problem.ts';
import { createProgram } from '../../src/cli/create-program.ts';
import { EXIT_CODES } from '../../src/cli/exit-codes.ts';
import { type Json, TOKEN } from '../admin/admin-under-test.ts';
import { readMarkdownTable } from '../support/markdown-table.ts';
import { runDocumentShell } from '../support/run-document-shell.ts';
import { type CliUnderTest, openCli } from './cli-under-test.ts';

const inProject = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const API_DOCUMENT = inProject('docs/admin-api.md');
const CLI_DOCUMENT = inProject('docs/cli.md');

let cli: CliUnderTest;
let folder: string;
let environment: { [name: string]: string };
beforeAll(async () => {
  cli = await openCli();
  folder = mkdtempSync(join(tmpdir(), 'tollgate-documents-'));
  environment = {
    PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
    TOLLGATE_ADMIN_URL: cli.url,
    TOLLGATE_ADMIN_TOKEN: TOKEN,
  };
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await cli.close();
});

/** The first column of a table, without its code marks. */
function firstColumn(path: string, heading: string): string[] {
  return readMarkdownTable(readFileSync(path, 'utf8'), heading).map((row) =>
    (Object.values(row)[0] ?? '').replaceAll('`', ''),
  );
}

test('docs/admin-api.md lists every call and no other', () => {
  const calls = Object.entries<Json>(cli.admin.app.swagger().paths ?? {}).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace('/admin/v1', '')}`),
  );
  expect(firstColumn(API_DOCUMENT, 'Calls').sort()).toEqual(calls.sort());
});

test('docs/admin-api.md lists every problem with its status', () => {
  const rows = readMarkdownTable(readFileSync(API_DOCUMENT, 'utf8'), 'Problems').map((row) =>
    Object.values(row).slice(0, 2).join(' '),
  );
  const problems = Object.entries(PROBLEMS).map(([kind, [status]]) => `\`${kind.replaceAll('_', '-')}\` ${status}`);
  expect(rows.sort()).toEqual(problems.sort());
});

test('the curl lines of docs/admin-api.md work as they stand', async () => {
  const out = await runDocumentShell(API_DOCUMENT, { environment, folder });
  expect(out).toMatch(/"secret":"tg_[\w-]{43}"/);
  expect(out).toContain('"available_usd":"100.00"');
  expect(out).toContain('sequence,at,operation');
});

const program = createProgram({
  output: { out: () => undefined, error: () => undefined },
  serve: async () => undefined,
  restore: async function* () {},
  doctor: async function* () {},
});

/** Every command that does something, as its usage begins: "account show <account>". */
function listCommands(command: Command, path: string): string[] {
  return command.commands.flatMap((child) => {
    const here = `${path}${child.name()}`;
    if (child.commands.length > 0) return listCommands(child, `${here} `);
    const values = child.registeredArguments.map((one) => (one.required ? `<${one.name()}>` : `[${one.name()}]`));
    return [[here, ...values].join(' ')];
  });
}

test('docs/cli.md lists every command with its arguments and no other', () => {
  expect(firstColumn(CLI_DOCUMENT, 'Commands').sort()).toEqual(listCommands(program, '').sort());
});

test('docs/cli.md lists the options of every command and the exit codes', () => {
  expect(firstColumn(CLI_DOCUMENT, 'Options of every command')).toEqual(program.options.map((option) => option.flags));
  expect(firstColumn(CLI_DOCUMENT, 'Exit codes').map(Number)).toEqual(Object.values(EXIT_CODES));
});

test('every option named in docs/cli.md exists', () => {
  const known = new Set(listOptions(program));
  const named = readFileSync(CLI_DOCUMENT, 'utf8').match(/--[a-z][a-z-]+/g) ?? [];
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((option) => !known.has(option) && option !== '--help')).toEqual([]);
});

function listOptions(command: Command): string[] {
  return [...command.options.map((option) => option.long ?? ''), ...command.commands.flatMap(listOptions)];
}

test('the lines of docs/cli.md work as they stand', async () => {
  const preamble = `npx() { shift; node --no-warnings '${inProject('src/cli.ts')}' "$@"; }`;
  const out = await runDocumentShell(CLI_DOCUMENT, { environment, folder, preamble });
  expect(out).toMatch(/^balance\.available_usd +100\.00$/m);
  expect(readFileSync(join(folder, 'journal.csv'), 'utf8')).toContain('First order');
});
