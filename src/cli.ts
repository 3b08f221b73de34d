import { runCli } from './cli/run-cli.ts';

/** A reader that stops early (`| head`) is no fault of the command. */
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

const exitCode = await runCli(process.argv.slice(2), {
  output: {
    out: (text) => void process.stdout.write(`${text}\n`),
    error: (text) => void process.stderr.write(`${text}\n`),
  },
  serve: async () => {
    // Beside this file and built like it; its own start-up, and not the command line, decides how the process ends.
    await import(new URL(import.meta.url.endsWith('.ts') ? './main.ts' : './main.js', import.meta.url).href);
  },
});

// A proxy that runs or has ended says itself how; zero must not hide it.
if (exitCode !== 0) process.exitCode = exitCode;
