import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Command } from 'commander';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProgram, type ProgramParts } from '../../src/cli/create-program.ts';
import { EXAMPLES, listCommands } from '../../src/cli/examples.ts';
import { runCli } from '../../src/cli/run-cli.ts';
import { type AdminUnderTest, type Json, openAdmin } from '../admin/admin-under-test.ts';

const parts: ProgramParts = {
  output: { out: () => undefined, error: () => undefined },
  serve: async () => undefined,
  restore: async function* () {},
  doctor: async function* () {},
};
const commands = listCommands(createProgram(parts));

/** They speak to no admin API, or to all of it. */
const NOT_OF_ONE_CALL = [
  'serve',
  'export',
  'apply',
  'restore',
  'doctor',
  'rate-card check',
  'rate-card diff',
  'rate-card show',
];

let admin: AdminUnderTest;
let server: Server;
const called = new Set<string>();
beforeAll(async () => {
  admin = await openAdmin();
  server = createServer((request, response) => {
    const path = new URL(request.url ?? '', 'http://x').pathname.replace('/admin/v1', '');
    called.add(`${request.method} ${path}`);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ data: [], models: [], changes: [], differences: [], ok: true }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  server.close();
  await admin.close();
});

/** A command line that gives every argument, named after itself, and every option that is required. */
function composeLine(name: string, command: Command): string[] {
  const values = command.registeredArguments.map((one) => (one.name() === 'month' ? '2026-11' : `{${one.name()}_id}`));
  const required = command.options.filter(({ mandatory }) => mandatory).flatMap(({ long }) => [`${long}`, '1']);
  return [...name.split(' '), ...values, ...required, ...(name === 'account close' ? ['--yes'] : [])];
}

test('every call of the admin API has a command', async () => {
  process.env.TOLLGATE_ADMIN_TOKEN = 'tga_some-token-of-the-tests';
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const { name, command } of commands.filter((one) => !NOT_OF_ONE_CALL.includes(one.name))) {
    const line = ['--admin-url', url, ...composeLine(name, command)];
    expect([name, await runCli(line, parts)]).toEqual([name, 0]);
    // Some are of the installation, or of an account.
    const ofAccount = command.options.some(({ long }) => long === '--account') ? ['--account', '{account_id}'] : [];
    if (ofAccount.length > 0) expect([name, await runCli([...line, ...ofAccount], parts)]).toEqual([name, 0]);
  }
  const withCommand = [...called].map((call) => decodeURIComponent(call).replace('2026-11', '{month}'));
  const calls = Object.entries<Json>(admin.app.swagger().paths ?? {}).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace('/admin/v1', '')}`),
  );
  expect(calls.filter((call) => !withCommand.includes(call))).toEqual([]);
});

test('every command has examples, and they are right', () => {
  expect(Object.keys(EXAMPLES).sort()).toEqual(commands.map(({ name }) => name).sort());
  const globals = createProgram(parts).options.map(({ long }) => long);
  for (const { name, command } of commands) {
    const known = [...globals, ...command.options.map(({ long }) => long)];
    for (const line of EXAMPLES[name] ?? []) {
      expect(line.includes(name), line).toBe(true);
      for (const option of line.match(/--[a-z][a-z-]+/g) ?? []) expect(known, line).toContain(option);
    }
  }
});

test('help ends with the examples', () => {
  const shown: string[] = [];
  const program = createProgram({ ...parts, output: { ...parts.output, out: (text) => void shown.push(text) } });
  expect(() => program.parse(['quota', 'raise', '--help'], { from: 'user' })).toThrow();
  expect(shown.join('\n')).toContain('\nExamples:\n  tollgate quota raise acct_... quota_... --limit-usd 200');
});
