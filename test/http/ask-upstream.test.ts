// Goal: half an answer is never passed on as a whole one.
import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { describe, expect, it } from 'vitest';
import { readSmallAnswer, refusalOfError } from '../../src/http/ask-upstream.ts';
import { UpstreamFailed } from '../../src/http/upstream-failed.ts';

function answerOf(statusCode: number, chunks: () => Generator<Buffer>): Dispatcher.ResponseData {
  return { statusCode, headers: {}, body: Readable.from(chunks()) } as unknown as Dispatcher.ResponseData;
}

const cut = (): never => {
  throw Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' });
};
function* whole() {
  yield Buffer.from('{"id":');
  yield Buffer.from('"file_1"}');
}
function* broken() {
  yield Buffer.from('{"id":');
  cut();
}
function* endless() {
  for (;;) yield Buffer.alloc(64 * 1_024);
}

describe('a small answer', () => {
  it('is read whole', async () => {
    expect((await readSmallAnswer(answerOf(200, whole))).bytes.toString()).toBe('{"id":"file_1"}');
  });

  it.each([
    ['breaks off', broken],
    ['has no end', endless],
  ])('is none where a success %s', async (_what, chunks) => {
    await expect(readSmallAnswer(answerOf(200, chunks))).rejects.toBeInstanceOf(UpstreamFailed);
  });

  it('that broke off is told as unreadable', async () => {
    const fault = await readSmallAnswer(answerOf(200, broken)).catch((error: Error) => error);
    expect(refusalOfError(fault as Error)).toEqual({ kind: 'upstream_unreadable' });
  });

  it.each([
    ['broke off', broken, Buffer.from('{"id":')],
    ['has no end', endless, Buffer.alloc(256 * 1_024)],
  ])('of an error that %s is its beginning', async (_what, chunks, bytes) => {
    expect(await readSmallAnswer(answerOf(500, chunks))).toMatchObject({ statusCode: 500, bytes });
  });
});
