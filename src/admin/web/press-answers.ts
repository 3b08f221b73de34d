import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { AdminApp } from '../admin-parts.ts';

/** Below this a header costs as much as is won. */
const BYTES_AT_LEAST = 2_048;
/** Tables of figures are pressed to a tenth by the quickest level already. */
const LEVEL = 1;

const press = promisify(gzip);

/**
 * Presses larger answers to the console's own pages: a month of usage is mostly names said again and again. Programs
 * that send a token get theirs as ever. Only what is read is pressed: answers of writes are read by other hooks.
 */
export function pressForBrowsers(app: AdminApp): void {
  app.addHook('onSend', async (request, reply, payload) => {
    const accepts = `${request.headers['accept-encoding'] ?? ''}`.includes('gzip');
    if (request.viewer === undefined || request.method !== 'GET' || !accepts) return payload;
    if (typeof payload !== 'string' || payload.length < BYTES_AT_LEAST) return payload;
    reply.header('content-encoding', 'gzip').header('vary', 'accept-encoding').removeHeader('content-length');
    return press(payload, { level: LEVEL });
  });
}
