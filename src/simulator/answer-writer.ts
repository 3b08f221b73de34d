import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { constants, createGzip } from 'node:zlib';

/** Puts bytes on a connection, each write after the one before has left. */
export interface AnswerWriter {
  flushHeaders(): Promise<void>;
  write(bytes: Buffer): Promise<void>;
  /** Ends the answer as HTTP wants it. */
  finish(): Promise<void>;
  /** Destroys the connection after what was written has left. `midChunk`: in the middle of an announced chunk. */
  cut(midChunk: boolean): Promise<void>;
}

/** @param gone resolves when the connection is lost; then nothing waits any longer. */
export function createAnswerWriter(response: ServerResponse, gzip: boolean, gone: Promise<void>): AnswerWriter {
  const compressor = gzip ? createCompressor() : undefined;
  const whenWritten = (start: (done: () => void) => void): Promise<void> =>
    Promise.race([new Promise<void>((resolve) => start(resolve)), gone]);
  const flushSocket = (bytes: string): Promise<void> =>
    whenWritten((done) => {
      if (response.socket === null) done();
      else response.socket.write(bytes, () => done());
    });
  return {
    async flushHeaders() {
      response.flushHeaders();
      await flushSocket('');
    },
    async write(bytes) {
      const encoded = compressor === undefined ? bytes : await compressor.write(bytes);
      if (encoded.length > 0) await whenWritten((done) => response.write(encoded, () => done()));
    },
    async finish() {
      const rest = await compressor?.finish();
      await whenWritten((done) => (rest === undefined ? response.end(done) : response.end(rest, done)));
    },
    async cut(midChunk) {
      // 0x4000 bytes are announced and a few come.
      await flushSocket(midChunk ? '4000\r\nevent: content_block_delta\ndata: {"type":"content_bl' : '');
      response.destroy();
    },
  };
}

/** Gzip that gives out each write at once, as a stream of events needs it. */
function createCompressor(): { write(bytes: Buffer): Promise<Buffer>; finish(): Promise<Buffer> } {
  const gzip = createGzip();
  let output: Buffer[] = [];
  gzip.on('data', (chunk: Buffer) => output.push(chunk));
  const take = (): Buffer => {
    const taken = Buffer.concat(output);
    output = [];
    return taken;
  };
  const flush = promisify((done: (error: Error | null) => void) =>
    gzip.flush(constants.Z_SYNC_FLUSH, () => done(null)),
  );
  return {
    async write(bytes) {
      gzip.write(bytes);
      await flush();
      return take();
    },
    async finish() {
      const end = Promise.withResolvers<void>();
      gzip.once('end', () => end.resolve());
      gzip.end();
      await end.promise;
      return take();
    },
  };
}
