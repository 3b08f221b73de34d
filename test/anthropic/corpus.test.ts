/**
 * Goal: every recorded answer is charged exactly its list price, however its bytes are cut up.
 * Method: the fixtures are real answers with their text replaced by filler; `expected.jsonl` gives each one's cost.
 * They are priced by the rates of one instant, whenever they were recorded.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createUsageReader } from '../../src/anthropic/create-usage-reader.ts';
import type { UsageReader } from '../../src/anthropic/usage-reader.ts';
import { formatUsd, parseUsd } from '../../src/domain/money.ts';
import { priceCall } from '../../src/domain/price-call.ts';
import { loadCard } from '../domain/load-card.ts';

interface Expected {
  file: string;
  model: string;
  complete: boolean;
  stop_reason: string;
  list_cost_usd: string;
}

const folder = new URL('../fixtures/corpus/', import.meta.url);
const expected = readFileSync(new URL('expected.jsonl', folder), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Expected);
const card = loadCard();
const AT_MS = Date.parse('2026-11-20T00:00:00Z');

/** Answers of up to this size are split at every byte; all of them are read byte by byte. */
const EVERY_SPLIT_BYTES = 2_000;

function readerFor(file: string): UsageReader {
  return createUsageReader(file.endsWith('.sse') ? 'text/event-stream; charset=utf-8' : 'application/json');
}

function bytesOf(file: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(file, folder)));
}

function costOf(reader: UsageReader): string {
  reader.end();
  const { usage } = reader.snapshot();
  if (usage === undefined) throw new Error('no usage was read');
  const priced = priceCall(card, usage, AT_MS);
  if (!priced.priced) throw new Error(`no prices for ${priced.model}`);
  return formatUsd(priced.receipt.amountNanoUsd);
}

function costOfPieces(file: string, pieces: Iterable<Uint8Array>): string {
  const reader = readerFor(file);
  for (const piece of pieces) reader.push(piece);
  return costOf(reader);
}

function* cut(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  let at = 0;
  for (let turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] as number;
    // A copy: a reader that kept a view of the network's buffer would be found out by what follows in it.
    const piece = bytes.slice(at, at + size);
    yield piece;
    piece.fill(0x7d);
    at += size;
  }
}

/** The same line ends everywhere, as another server might send them. */
function withLineEnds(bytes: Uint8Array, lineEnd: string): Uint8Array {
  return new TextEncoder().encode(new TextDecoder().decode(bytes).replaceAll('\n', lineEnd));
}

function listCost(entry: Expected): string {
  const amount = parseUsd(entry.list_cost_usd);
  if (amount === undefined) throw new Error(`not an amount: ${entry.list_cost_usd}`);
  return formatUsd(amount);
}

it('has all 72 answers', () => {
  expect(expected).toHaveLength(72);
});

describe.each(expected)('$file ($model)', (entry) => {
  const bytes = bytesOf(entry.file);

  it('costs its list price', () => {
    expect(costOfPieces(entry.file, [bytes])).toBe(listCost(entry));
  });

  it('costs the same byte by byte', () => {
    expect(costOfPieces(entry.file, cut(bytes, [1]))).toBe(listCost(entry));
  });

  if (bytes.length <= EVERY_SPLIT_BYTES) {
    it('costs the same split in two at any byte', () => {
      const list = listCost(entry);
      for (let at = 1; at < bytes.length; at += 1) {
        const cost = costOfPieces(entry.file, [bytes.subarray(0, at), bytes.subarray(at)]);
        if (cost !== list) expect.fail(`split at ${at}: ${cost} instead of ${list}`);
      }
    });
  }

  it('costs the same however it is split', () => {
    const runs = bytes.length > 40_000 ? 5 : 25;
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 30 }), (sizes) => {
        expect(costOfPieces(entry.file, cut(bytes, sizes))).toBe(listCost(entry));
      }),
      { numRuns: runs },
    );
  });

  it('is complete, oddless and names its model and its stop', () => {
    const reader = readerFor(entry.file);
    reader.push(bytes);
    reader.end();
    const snapshot = reader.snapshot();
    expect(snapshot).toMatchObject({ complete: entry.complete, errorEvent: undefined, anomalies: [] });
    expect(snapshot.usage).toMatchObject({ model: entry.model, stopReason: entry.stop_reason });
  });

  it('is not complete before its last bytes', () => {
    const reader = readerFor(entry.file);
    const body = new TextDecoder().decode(bytes).trimEnd();
    reader.push(new TextEncoder().encode(body.slice(0, -1)));
    reader.end();
    expect(reader.snapshot().complete).toBe(false);
  });
});

const streams = expected.filter((entry) => entry.file.endsWith('.sse'));

describe.each(['\r\n', '\r'])('with line ends %j', (lineEnd) => {
  it.each(streams)('$file costs the same', (entry) => {
    const bytes = withLineEnds(bytesOf(entry.file), lineEnd);
    expect(costOfPieces(entry.file, [bytes])).toBe(listCost(entry));
    expect(costOfPieces(entry.file, cut(bytes, [1]))).toBe(listCost(entry));
    expect(costOfPieces(entry.file, cut(bytes, [7, 1, 64, 3]))).toBe(listCost(entry));
  });
});

describe('with a byte order mark, comments and unknown events', () => {
  it.each(streams)('$file costs the same', (entry) => {
    const text = new TextDecoder().decode(bytesOf(entry.file));
    const odd = `\ufeff: hello\n\nretry: 10\nid: 1\n\n${text.replaceAll('\n\n', '\n\n:keep\n\nevent: news\ndata: {"type":"news","usage":{"output_tokens":999999}}\n\n')}`;
    const bytes = new TextEncoder().encode(odd);
    expect(costOfPieces(entry.file, [bytes])).toBe(listCost(entry));
    expect(costOfPieces(entry.file, cut(bytes, [1]))).toBe(listCost(entry));
  });
});

describe('padding of JSON answers', () => {
  it.each(expected.filter((entry) => entry.file.endsWith('.json')))('$file costs the same with blanks', (entry) => {
    const text = new TextDecoder().decode(bytesOf(entry.file)).trimEnd();
    const padded = new TextEncoder().encode(`\n ${text.slice(0, -1)}   \n\t  }   \n`);
    expect(costOfPieces(entry.file, [padded])).toBe(listCost(entry));
  });
});
