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
  const observer = new DirectObserver(options);
  const encoding = options.contentEncoding?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity' || encoding === '') return observer;
  if (encoding === 'gzip' || encoding === 'x-gzip')
    return observeInflated(observer, createGunzip(GZIP_OPTIONS), options);
  if (encoding === 'deflate') return observeInflated(observer, createInflate(GZIP_OPTIONS), options);
  if (encoding === 'br') return observeInflated(observer, createBrotliDecompress(BROTLI_OPTIONS), options);
  options.onFault(new Error(`content-encoding ${encoding} cannot be read`));
  return { push: () => undefined, snapshot: () => undefined, end: (done) => done(undefined) };
}

/** Reads what is pushed as it is. */
class DirectObserver implements UsageObserver {
  readonly #reader: UsageReader;
  readonly #onFault: (error: Error) => void;
  #isBroken = false;

  constructor({ reader, onFault }: UsageObserverOptions) {
    this.#reader = reader;
    this.#onFault = onFault;
  }

  push(chunk: Buffer): void {
    if (this.#isBroken) return;
    try {
      this.#reader.push(chunk);
    } catch (error) {
      this.#break(error);
    }
  }

  snapshot(): UsageSnapshot | undefined {
    if (this.#isBroken) return undefined;
    try {
      return this.#reader.snapshot();
    } catch (error) {
      this.#break(error);
      return undefined;
    }
  }

  end(done: (snapshot: UsageSnapshot | undefined) => void): void {
    try {
      if (!this.#isBroken) this.#reader.end();
    } catch (error) {
      this.#break(error);
    }
    done(this.snapshot());
  }

  #break(error: unknown): void {
    this.#isBroken = true;
    this.#onFault(error instanceof Error ? error : new Error(String(error)));
  }
}

function observeInflated(
  observer: UsageObserver,
  inflate: ReturnType<typeof createGunzip> | ReturnType<typeof createBrotliDecompress>,
  { onFault }: UsageObserverOptions,
): UsageObserver {
  inflate.on('data', (chunk: Buffer) => observer.push(chunk));
  inflate.on('error', onFault);
  return {
    push(chunk) {
      if (inflate.writable) inflate.write(chunk);
    },
    snapshot: () => observer.snapshot(),
    end(done) {
      const finish = (): void => observer.end(done);
      if (inflate.closed) return finish();
      inflate.once('close', finish);
      if (inflate.writable) inflate.end();
    },
  };
}
