import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { joinLines } from '../../src/observability/join-lines.ts';

function collect() {
  const written: string[] = [];
  return { written, lines: joinLines({ write: (text) => void written.push(text) }) };
}

describe('lines of a turn of the event loop', () => {
  test('are one write, in order', async () => {
    const { written, lines } = collect();
    for (const line of ['a\n', 'b\n', 'c\n']) lines.write(line);
    expect(written).toEqual([]);
    await nextTurn();
    expect(written).toEqual(['a\nb\nc\n']);
    lines.write('d\n');
    await nextTurn();
    expect(written).toEqual(['a\nb\nc\n', 'd\n']);
  });

  test('are written at once where the process ends, and only once', async () => {
    const { written, lines } = collect();
    lines.write('a\n');
    lines.flush();
    lines.flush();
    await nextTurn();
    expect(written).toEqual(['a\n']);
  });

  test('do not pile up within a turn', () => {
    const { written, lines } = collect();
    for (let count = 0; count < 100; count += 1) lines.write(`${'x'.repeat(2_000)}\n`);
    expect(written.length).toBeGreaterThan(1);
    expect(Math.max(...written.map((text) => text.length))).toBeLessThan(70_000);
  });
});
