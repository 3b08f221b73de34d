import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BatchItem, createBatchRequestReader } from '../../src/anthropic/batch-request-reader.ts';
import { readMessagesRequest } from '../../src/anthropic/messages-request.ts';
import { finishWork } from '../../src/anthropic/work.ts';

const LIMITS = { depth: 64, keys: 10_000, itemBytes: 4_096, items: 50 };
const params = (text = 'Hello', changes: object = {}) => ({
  model: 'claude-haiku-4-5',
  max_tokens: 50,
  messages: [{ role: 'user', content: text }],
  ...changes,
});
const bodyOf = (requests: unknown, more: object = {}) => JSON.stringify({ requests, ...more });

/** Reads a body in pieces that end at these places. */
function read(body: string | Uint8Array, cuts: readonly number[] = [], limits = LIMITS) {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  const items: BatchItem[] = [];
  const reader = createBatchRequestReader(limits, (item) => void items.push(item));
  let from = 0;
  for (const cut of [...cuts.filter((at) => at < bytes.length).toSorted((a, b) => a - b), bytes.length]) {
    const problem = finishWork(reader.push(bytes.slice(from, cut)));
    if (problem !== undefined) return { problem, items };
    from = cut;
  }
  return { problem: reader.end(), items };
}

const NASTY_TEXT = fc.oneof(fc.string(), fc.constantFrom('"}],"requests":[', '\\"', '{[', ']}', 'é\u{1f600}', '\\'));
const ITEMS = fc.uniqueArray(
  fc.record({ custom_id: fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme-ascii' }), text: NASTY_TEXT }),
  { selector: ({ custom_id }) => custom_id, minLength: 1, maxLength: 8 },
);

describe('the reader of a batch', () => {
  test('reads every item as a request of its own, wherever the body is split', () => {
    fc.assert(
      fc.property(ITEMS, fc.array(fc.nat(2_000), { maxLength: 40 }), fc.constantFrom(0, 1, 3), (list, cuts, indent) => {
        const requests = list.map(({ custom_id, text }) => ({ custom_id, params: params(text) }));
        const body = JSON.stringify({ before: [1, { a: ']' }], requests, after: 'x' }, undefined, indent);
        const { problem, items } = read(body, cuts);
        expect(problem).toBeUndefined();
        expect(items.map(({ customId }) => customId)).toEqual(list.map(({ custom_id }) => custom_id));
        for (const [index, { request }] of items.entries()) {
          const bytes = new TextEncoder().encode(JSON.stringify(params(list[index]?.text), undefined, 0));
          const alone = finishWork(readMessagesRequest(bytes, LIMITS));
          expect(alone.ok && { ...alone.request, bodyBytes: 0, textBytes: 0 }).toEqual({
            ...request,
            bodyBytes: 0,
            textBytes: 0,
          });
        }
      }),
    );
  });

  test('takes no body that JSON.parse refuses', () => {
    const good = bodyOf(
      [
        { custom_id: 'a', params: params() },
        { custom_id: 'b', params: params() },
      ],
      { x: [null, 1.5] },
    );
    fc.assert(
      fc.property(
        fc.nat(good.length - 1),
        fc.constantFrom('', ',', '"', '}', ']', '{', '[', ':', '\\', '0', ' '),
        (at, letter) => {
          const broken = good.slice(0, at) + letter + good.slice(at + 1);
          let valid = true;
          try {
            JSON.parse(broken);
          } catch {
            valid = false;
          }
          if (!valid) expect(read(broken, [at]).problem).toBeDefined();
        },
      ),
      { numRuns: 500 },
    );
  });

  test.each([
    ['nothing', '', 'The request body is not valid JSON: unexpected end of data'],
    ['a list', '[]', 'The request body is not valid JSON: unexpected character'],
    ['no list', '{}', 'requests: List should have at least 1 item'],
    ['an empty list', bodyOf([]), 'requests: List should have at least 1 item'],
    ['another kind of list', bodyOf('x'), 'requests: Input should be a valid list'],
    ['an element that is no item', bodyOf([1]), 'requests.0: not a valid dictionary: unexpected character'],
    ['no custom_id', bodyOf([{ params: params() }]), 'requests.0.custom_id: Field required'],
    [
      'a custom_id of no text',
      bodyOf([{ custom_id: 1, params: params() }]),
      'requests.0.custom_id: Input should be a valid string',
    ],
    ['no params', bodyOf([{ custom_id: 'a' }]), 'requests.0.params: Field required'],
    [
      'params that the API would refuse',
      bodyOf([{ custom_id: 'a', params: {} }]),
      'requests.0.params: max_tokens: Field required',
    ],
    [
      'two items of one name',
      bodyOf([
        { custom_id: 'a', params: params() },
        { custom_id: 'a', params: params() },
      ]),
      'requests.1.custom_id: it must be unique within the batch',
    ],
    [
      'text after the end',
      `${bodyOf([{ custom_id: 'a', params: params() }])}{}`,
      'The request body is not valid JSON: unexpected character',
    ],
    ['two lists', `{"requests":[],"requests":[]}`, 'The request body is not valid JSON: duplicate name "requests"'],
    [
      'a list and its name written otherwise',
      `{"requests":[],"request\\u0073":[]}`,
      'The request body is not valid JSON: duplicate name "requests"',
    ],
    [
      'a name twice in an item',
      `{"requests":[{"custom_id":"a","custom_id":"b"}]}`,
      'requests.0: duplicate name "custom_id"',
    ],
    [
      'an item that is too large',
      bodyOf([{ custom_id: 'a', params: params('x'.repeat(5_000)) }]),
      'The request body is not valid JSON: a part of the body is larger than 4096 bytes',
    ],
    [
      'too many items',
      bodyOf(Array.from({ length: 51 }, (_, index) => ({ custom_id: `${index}`, params: params() }))),
      'requests: List should have at most 50 items',
    ],
  ])('refuses %s', (_, body, problem) => {
    expect(read(body, [1, 5, 40]).problem).toBe(problem);
  });

  test('collects the files an item refers to, as sources and as uploads, and nothing that only looks like one', () => {
    const content = [
      { type: 'document', source: { type: 'file', file_id: 'file_a' } },
      { type: 'container_upload', file_id: 'file_b' },
      { type: 'image', source: { type: 'file', file_id: 'file_a' } },
      { type: 'tool_use', id: 't', name: 'n', input: { file_id: 'file_not_a_reference' } },
    ];
    const { items } = read(bodyOf([{ custom_id: 'a', params: params('', { messages: [{ role: 'user', content }] }) }]));
    expect(items[0]?.request.fileIds).toEqual(['file_a', 'file_b']);
    expect(read(bodyOf([{ custom_id: 'a', params: params() }])).items[0]?.request).not.toHaveProperty('fileIds');
  });
});
