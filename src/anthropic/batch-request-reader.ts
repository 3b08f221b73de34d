import type { MessagesRequest } from '../domain/call-request.ts';
import { JsonMemberSplitter } from './json-member-splitter.ts';
import { type JsonLimits, type JsonVisitor, scanJson } from './json-scanner.ts';
import { readMessagesRequest } from './messages-request.ts';
import { finishWork, type Work } from './work.ts';

/** One request of a batch. */
export interface BatchItem {
  customId: string;
  request: MessagesRequest;
}

export interface BatchLimits extends JsonLimits {
  /** Of one item; a Messages request of its own could not be larger. */
  itemBytes: number;
  items: number;
}

/**
 * Reads a Message Batches body as it arrives: every item by the rules of a Messages request of its own, and nothing
 * kept but the item that is being read. Refused with the API's words, or as bad JSON, as soon as it is seen.
 */
export interface BatchRequestReader {
  /** The next bytes, split anywhere. @returns what is wrong, for a person; undefined: read on. */
  push(chunk: Uint8Array): Work<string | undefined>;
  /** After the last byte. */
  end(): string | undefined;
}

const CUSTOM_ID_CHARACTERS_AT_MOST = 256;
/** Members of the body beside the list, and of an item. The API has one and two. */
const MEMBERS_AT_MOST = 64;
/** Bytes of a name or `custom_id` as JSON text: of each character an escape, and of a pair of surrogates two. */
const LONGEST_SHORT_TEXT = 2 + CUSTOM_ID_CHARACTERS_AT_MOST * 6;
/** Of an item, split at once. */
const PIECE_BYTES = 1_024 * 1_024;

/** @param onItem takes each item in order. @returns a reason to refuse it. */
export function createBatchRequestReader(
  limits: BatchLimits,
  onItem: (item: BatchItem, index: number) => string | undefined,
): BatchRequestReader {
  const names = new Set<string>();
  const customIds = new Set<string>();
  let items = 0;
  const splitter = new JsonMemberSplitter(limits.itemBytes, {
    // A second list of this name is a member like any other, and refused as a duplicate.
    isList: (name) => readName(name, limits) === 'requests' && names.size < names.add('requests').size,
    *member(nameText, value) {
      const name = takeName(names, nameText, limits);
      if ('problem' in name) return name.problem;
      if (name.text === 'requests') return 'requests: Input should be a valid list';
      return yield* checkJson(value, limits);
    },
    *element(bytes) {
      const index = items;
      items += 1;
      if (items > limits.items) return `requests: List should have at most ${limits.items} items`;
      const item = yield* readItem(bytes, limits);
      if ('problem' in item) return `requests.${index}${item.problem}`;
      if (customIds.has(item.customId)) return `requests.${index}.custom_id: it must be unique within the batch`;
      customIds.add(item.customId);
      return onItem(item, index);
    },
  });
  const explain = (problem: string | undefined): string | undefined =>
    problem === undefined || /^requests|^The request body/.test(problem)
      ? problem
      : `The request body is not valid JSON: ${problem}`;
  return {
    *push(chunk) {
      return explain(yield* splitter.push(chunk));
    },
    end: () => explain(splitter.end()) ?? (items === 0 ? 'requests: List should have at least 1 item' : undefined),
  };
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

type Problem = { problem: string };

function* readItem(bytes: Uint8Array, limits: BatchLimits): Work<BatchItem | Problem> {
  const names = new Set<string>();
  let customId: string | undefined;
  let request: MessagesRequest | undefined;
  const splitter = new JsonMemberSplitter(limits.itemBytes, {
    isList: () => false,
    element: (value) => checkJson(value, limits),
    *member(nameText, value) {
      const name = takeName(names, nameText, limits);
      if ('problem' in name) return `: ${name.problem}`;
      if (name.text === 'params') {
        const read = yield* readMessagesRequest(value, limits);
        if (!read.ok) return `.params: ${read.message}`;
        request = read.request;
        return undefined;
      }
      const problem = yield* checkJson(value, limits);
      if (problem !== undefined) return `: ${problem}`;
      if (name.text !== 'custom_id') return undefined;
      const isLong = value.length > LONGEST_SHORT_TEXT;
      const parsed: unknown = isLong ? undefined : JSON.parse(decoder.decode(value));
      if (typeof parsed !== 'string' || parsed === '' || parsed.length > CUSTOM_ID_CHARACTERS_AT_MOST) {
        return '.custom_id: Input should be a valid string';
      }
      customId = parsed;
      return undefined;
    },
  });
  const problem = (yield* pushInPieces(splitter, bytes)) ?? splitter.end();
  if (problem !== undefined)
    return { problem: /^[.:]/.test(problem) ? problem : `: not a valid dictionary: ${problem}` };
  if (customId === undefined) return { problem: '.custom_id: Field required' };
  return request === undefined ? { problem: '.params: Field required' } : { customId, request };
}

function* pushInPieces(splitter: JsonMemberSplitter, bytes: Uint8Array): Work<string | undefined> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    if (at > 0) yield;
    const problem = yield* splitter.push(bytes.subarray(at, at + PIECE_BYTES));
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Names that two parsers could read differently, or that are there twice, are refused. */
function takeName(names: Set<string>, nameText: Uint8Array, limits: JsonLimits): { text: string } | Problem {
  const text = readName(nameText, limits);
  if (text === undefined) return { problem: 'invalid name' };
  if (names.has(text)) return { problem: duplicate(text) };
  names.add(text);
  return names.size > MEMBERS_AT_MOST ? { problem: 'too many members' } : { text };
}

function duplicate(name: string): string {
  return `duplicate name ${JSON.stringify(name.slice(0, 100))}`;
}

/** Undefined where it is no name that all parsers read alike. */
function readName(nameText: Uint8Array, limits: JsonLimits): string | undefined {
  if (nameText.length > LONGEST_SHORT_TEXT || finishWork(checkJson(nameText, limits)) !== undefined) return undefined;
  const text = JSON.parse(decoder.decode(nameText)) as string;
  return text.includes('\0') || !text.isWellFormed() ? undefined : text;
}

const HEEDLESS: JsonVisitor = {
  open: () => undefined,
  close: () => undefined,
  name: () => undefined,
  scalar: () => undefined,
};

function* checkJson(bytes: Uint8Array, limits: JsonLimits): Work<string | undefined> {
  const scan = yield* scanJson(bytes, limits, HEEDLESS);
  return scan.ok ? undefined : scan.problem;
}
