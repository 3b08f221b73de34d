import { describe, expect, it } from 'vitest';
import { EventStreamReader } from '../../src/anthropic/event-stream-reader.ts';

/** Events as [name, data], read in pieces of a size. */
function read(text: string, size = text.length * 4 + 1): [string, string][] {
  const events: [string, string][] = [];
  let data = '';
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const reader = new EventStreamReader({
    data: (bytes, start, end) => {
      data += decoder.decode(bytes.subarray(start, end), { stream: true });
    },
    dispatch: (name) => {
      events.push([name, data]);
      data = '';
    },
  });
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  return events;
}

describe.each(['\n', '\r', '\r\n'])('with lines that end in %j', (end) => {
  const lines = (...list: string[]) => list.map((line) => line + end).join('');

  it.each([1, 2, 3, 1_000])('reads events in pieces of %d', (size) => {
    const text = lines(
      'event: a',
      'data: 1',
      'data: 2',
      '',
      ': c',
      'data:  é',
      'id: 5',
      '',
      '',
      'event: b',
      '',
      'data',
      'data: x',
      '',
    );
    expect(read(text, size)).toEqual([
      ['a', '1\n2'],
      ['', ' é'],
      ['', 'x'],
    ]);
  });

  it('dispatches nothing before the blank line', () => {
    expect(read(lines('data: 1'))).toEqual([]);
    expect(read(lines('data: 1', ''))).toHaveLength(1);
  });
});

describe('a stream', () => {
  it.each([1, 2, 50])('may begin with a byte order mark, in pieces of %d', (size) => {
    expect(read('\ufeffdata: 1\n\n', size)).toEqual([['', '1']]);
    expect(read('\ufeff\ufeffdata: 1\n\n', size)).toEqual([]);
  });

  it('takes the last name of an event, and for the next none', () => {
    expect(read('event: a\nevent: b\ndata: 1\n\ndata: 2\n\n')).toEqual([
      ['b', '1'],
      ['', '2'],
    ]);
  });

  it('knows fields by their whole name', () => {
    expect(read('dat: 1\ndatas: 2\n data: 3\nDATA: 4\ndata : 5\n\n')).toEqual([]);
  });
});
