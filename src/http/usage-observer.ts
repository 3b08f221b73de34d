import { constants, createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { UsageReader, UsageSnapshot } from '../anthropic/usage-reader.ts';

/**
 * Watches an answer's bytes on their way to the client. Nothing it does can break the relay: a fault of the reader or
 * of the decompression ends the reading and is reported once.
 */
export interface UsageObserver {
  push(chunk: Buffer): void;
  snapshot(): UsageSnapshot | undefined;
  /** Calls back when every byte pushed was read: at once, or after the decompression's last one. */
  end(done: (snapshot: UsageSnapshot | undefined) => void): void;
}

export interface UsageObserverOptions {
  reader: UsageReader;
  /** Asked to answer in `identity`, the upstream may compress all the same. */
  contentEncoding: string | undefined;
  onFault(error: Error): void;
}

/** A sync flush at the end reads what is there of an answer that was cut. */
const GZIP_OPTIONS = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH };
const BROTLI_OPTIONS = { flush: constants.BROTLI_OPERATION_FLUSH, finishFlush: constants.BROTLI_OPERATION_FLUSH };

export function createUsageObserver(options: UsageObserverOptions): UsageObserver {
  const reader = guardReader(options);
  const encoding = options.contentEncoding?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity' || encoding === '') return observeDirectly(reader);
  if (encoding === 'gzip' || encoding === 'x-gzip') return observeInflated(reader, createGunzip(GZIP_OPTIONS), options);
  if (encoding === 'deflate') return observeInflated(reader, createInflate(GZIP_OPTIONS), options);
  if (encoding === 'br') return observeInflated(reader, createBrotliDecompress(BROTLI_OPTIONS), options);
  options.onFault(new Error(`content-encoding ${encoding} cannot be read`));
  return { push: () => undefined, snapshot: () => undefined, end: (done) => done(undefined) };
}

interface GuardedReader {
  push(chunk: Uint8Array): void;
  end(): void;
  snapshot(): UsageSnapshot | undefined;
}

function guardReader({ reader, onFault }: UsageObserverOptions): GuardedReader {
  let broken = false;
  const guard = <T>(run: () => T): T | undefined => {
    if (broken) return undefined;
    try {
      return run();
    } catch (error) {
      broken = true;
      onFault(error instanceof Error ? error : new Error(String(error)));
      return undefined;
    }
  };
  return {
    push: (chunk) => guard(() => reader.push(chunk)),
    end: () => guard(() => reader.end()),
    snapshot: () => guard(() => reader.snapshot()),
  };
}

function observeDirectly(reader: GuardedReader): UsageObserver {
  return {
    push: (chunk) => reader.push(chunk),
    snapshot: () => reader.snapshot(),
    end(done) {
      reader.end();
      done(reader.snapshot());
    },
  };
}

function observeInflated(
  reader: GuardedReader,
  inflate: ReturnType<typeof createGunzip> | ReturnType<typeof createBrotliDecompress>,
  { onFault }: UsageObserverOptions,
): UsageObserver {
  inflate.on('data', (chunk: Buffer) => reader.push(chunk));
  inflate.on('error', onFault);
  return {
    push(chunk) {
      if (inflate.writable) inflate.write(chunk);
    },
    snapshot: () => reader.snapshot(),
    end(done) {
      const finish = (): void => {
        reader.end();
        done(reader.snapshot());
      };
      if (inflate.closed) return finish();
      inflate.once('close', finish);
      if (inflate.writable) inflate.end();
    },
  };
}
