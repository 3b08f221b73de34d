#!/usr/bin/env node
// The command-line program. In a clone it is built by `npm start`; a package carries it built.
import { existsSync } from 'node:fs';
import { builtFile } from './run/build.mjs';
import { endLike, runInOurPlace } from './run/child.mjs';
import { fetchedNodePath, isFitting } from './run/fitting-node.mjs';
import { say } from './run/say.mjs';

const program = builtFile('cli.js');

if (!existsSync(program)) {
  say('not built yet: run "npm start" or "npm run build" once.');
  process.exit(1);
} else if (isFitting(process.versions.node)) {
  await import('../dist/cli.js');
} else {
  const fetched = fetchedNodePath();
  if (fetched === undefined || !existsSync(fetched)) {
    say(`needs Node 22.19 or newer; this is ${process.versions.node}. In a clone, "npm start" fetches one.`);
    process.exit(1);
  }
  endLike(await runInOurPlace(fetched, [program, ...process.argv.slice(2)], process.env, process.cwd()));
}
