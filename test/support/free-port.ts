import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below every system's ephemeral range (32768 on Linux), so that no outgoing connection takes the port meanwhile. */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;
const ATTEMPTS = 100;

/**
 * A TCP port of 127.0.0.1 that nothing listens on, for servers that cannot be told to choose one themselves.
 * Another process may take it before its use: where that matters the caller tries again with a new one.
 */
export async function findFreePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = randomInt(FIRST_PORT, LAST_PORT);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port between ${FIRST_PORT} and ${LAST_PORT} in ${ATTEMPTS} attempts`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
