import type { Doctor } from './cli/doctor-command.ts';
import type { Restore } from './cli/restore-command.ts';
import { runCli } from './cli/run-cli.ts';

/** A reader that stops early (`| head`) is no fault of the command. */
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

/** A file beside this one, built like it. Loaded only by the commands that need a store. */
function importBeside(name: string): Promise<unknown> {
  return import(new URL(`./${name}.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url).href);
}

const exitCode = await runCli(process.argv.slice(2), {
  output: {
    out: (text) => void process.stdout.write(`${text}\n`),
    error: (text) => void process.stderr.write(`${text}\n`),
    terminal: { colours: process.stdout.hasColors?.() === true, error: process.stderr.isTTY === true },
  },
  serve: async () => {
    // Its own start-up, and not the command line, decides how the process ends.
    await importBeside('main');
  },
  async *restore(request) {
    const { runRestore } = (await importBeside('run-restore')) as { runRestore: Restore };
    yield* runRestore(request);
  },
  async *doctor(options) {
    const { runDoctor } = (await importBeside('run-doctor')) as { runDoctor: Doctor };
    yield* runDoctor(options);
  },
});

// A proxy that runs or has ended says itself how; zero must not hide it.
if (exitCode !== 0) process.exitCode = exitCode;
