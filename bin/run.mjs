#!/usr/bin/env node
// The project's commands from a fresh clone on. This file and bin/run/ run on any Node from 18 on, with nothing installed.
import { createBillOfMaterials } from './run/bill-of-materials.mjs';
import { check } from './run/check-command.mjs';
import { endLike } from './run/child.mjs';
import { mutate } from './run/mutate-command.mjs';
import { Refusal, say } from './run/say.mjs';
import { bench, build, start } from './run/start-command.mjs';
import { test } from './run/test-command.mjs';

const COMMANDS = { start, test, bench, check, build, mutate, sbom };

const [name, ...args] = process.argv.slice(2);
const command = Object.hasOwn(COMMANDS, name ?? '') ? COMMANDS[name] : undefined;

if (command === undefined) {
  say(`unknown command ${JSON.stringify(name ?? '')}; one of ${Object.keys(COMMANDS).join(', ')}`);
  process.exit(2);
}

try {
  endLike(await command(args));
} catch (error) {
  say(error instanceof Refusal ? error.message : (error.stack ?? `${error}`));
  process.exit(1);
}

/** Writes the bill of materials to standard output. */
function sbom() {
  process.stdout.write(`${JSON.stringify(createBillOfMaterials(), null, 2)}\n`);
  return { code: 0 };
}
