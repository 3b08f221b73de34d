import { describe, expect, it } from 'vitest';
import { createOpenCostMemory } from '../../src/metering/open-cost-memory.ts';
import { nameOpenKind } from '../../src/metering/plan-hold.ts';
import { admit, openMeter } from './meter-fixture.ts';
import { makePrincipal, makeRequest, makeUsage } from './metering-fixtures.ts';

describe('the memory of what open calls cost', () => {
  it('keeps the largest of each kind, and knows nothing of others', () => {
    const memory = createOpenCostMemory();
    memory.note('a', 5n);
    memory.note('a', 3n);
    memory.note('b', 1n);
    expect(['a', 'b', 'c'].map((kind) => memory.largest(kind))).toEqual([5n, 1n, 0n]);
    memory.note('a', 7n);
    expect(memory.largest('a')).toBe(7n);
  });

  it('forgets the kind that was noted longest ago, and keeps to its bound', () => {
    const memory = createOpenCostMemory(2);
    memory.note('a', 5n);
    memory.note('b', 5n);
    memory.note('a', 1n);
    memory.note('c', 5n);
    expect(['a', 'b', 'c'].map((kind) => memory.largest(kind))).toEqual([5n, 0n, 5n]);
    for (let kind = 0; kind < 1_000; kind += 1) memory.note(`${kind}`, 1n);
    expect(
      Array.from({ length: 1_000 }, (_, kind) => memory.largest(`${kind}`)).filter((cost) => cost > 0n),
    ).toHaveLength(2);
  });

  it('has one kind for each key, model and set of open fields', () => {
    const kinds = [
      nameOpenKind('key_1', 'm', ['mcp']),
      nameOpenKind('key_2', 'm', ['mcp']),
      nameOpenKind('key_1', 'n', ['mcp']),
      nameOpenKind('key_1', 'm', ['mcp', 'thread']),
    ];
    expect(new Set(kinds).size).toBe(kinds.length);
    expect(nameOpenKind('key_1', 'm'.repeat(10_000), ['mcp']).length).toBeLessThan(200);
  });
});

describe('the hold of an open call', () => {
  const request = makeRequest({ mcpServers: 1 });
  const held = async (cost: number | undefined, key = 'key_1'): Promise<bigint> => {
    await using part = await openMeter({ creditUsd: 100 });
    if (cost !== undefined) {
      const before = await admit(part, request, makePrincipal());
      const usage = makeUsage(0, cost);
      before.finish({ kind: 'completed', status: 200, usage, visibleCharacters: 0 }, { status: 200 });
    }
    return (await admit(part, request, makePrincipal({ id: key }))).facts.heldNanoUsd;
  };

  it('begins at the floor, and is the largest cost of its kind once that is more', async () => {
    const floor = await held(undefined);
    // A whole window of 200,000 tokens, written to the cache at $1.25 a million, and 1,000 of output at $5.
    expect(floor).toBe(255_000_000n);
    expect(await held(1_000)).toBe(floor);
    // 300,000 tokens of output at $5 a million.
    expect(await held(300_000)).toBe(1_500_000_000n);
    expect(await held(300_000, 'key_2')).toBe(floor);
  });

  it('learns nothing from a call that was charged nothing', async () => {
    await using part = await openMeter({ creditUsd: 100 });
    const first = await admit(part, request);
    first.finish({ kind: 'upstream_error', status: 500 }, { status: 500 });
    expect((await admit(part, request)).facts.heldNanoUsd).toBe(first.facts.heldNanoUsd);
  });
});
