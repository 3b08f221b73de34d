import { splitText } from './filler-text.ts';
import type { JsonObject } from './json-value.ts';
import type { SeededRandom } from './seeded-random.ts';

/** A content block: how it begins in a stream, its deltas, and what it is in a JSON body. */
export interface PlannedBlock {
  start: JsonObject;
  deltas: JsonObject[];
  whole: JsonObject;
  /** Output tokens generated for it. */
  tokens: number;
}

/** Streams may hold very many events; the default text does not. */
const MAXIMUM_DEFAULT_DELTAS = 2_000;

export function planText(text: string, tokens: number, deltas?: number): PlannedBlock {
  const pieces = splitText(text, deltas ?? Math.min(MAXIMUM_DEFAULT_DELTAS, Math.ceil(tokens / 4)));
  return {
    start: { type: 'text', text: '' },
    deltas: pieces.map((piece) => ({ type: 'text_delta', text: piece })),
    whole: { type: 'text', text },
    tokens,
  };
}

/** Thinking whose display is omitted shows a signature only; its tokens are spent all the same. */
export function planThinking(text: string, tokens: number, random: SeededRandom): PlannedBlock {
  const signature = random.identifier('Er', 180);
  const pieces = splitText(text, Math.ceil(tokens / 8));
  return {
    start: { type: 'thinking', thinking: '', signature: '' },
    deltas: [
      ...pieces.map((piece) => ({ type: 'thinking_delta', thinking: piece })),
      { type: 'signature_delta', signature },
    ],
    whole: { type: 'thinking', thinking: text, signature },
    tokens,
  };
}

export function planToolUse(name: string, input: unknown, tokens: number, random: SeededRandom): PlannedBlock {
  return planCall('tool_use', random.identifier('toolu_01', 22), name, input, tokens);
}

/** A server tool's call and its result. */
export function planServerTool(
  name: string,
  input: unknown,
  result: JsonObject,
  tokens: number,
  random: SeededRandom,
): PlannedBlock[] {
  const id = random.identifier('srvtoolu_01', 22);
  return [planCall('server_tool_use', id, name, input, tokens), planWhole({ ...result, tool_use_id: id })];
}

/** A block that comes in one piece. */
export function planWhole(block: JsonObject): PlannedBlock {
  return { start: block, deltas: [], whole: block, tokens: 0 };
}

export function planCompaction(summary: string): PlannedBlock {
  return {
    start: { type: 'compaction', content: null, encrypted_content: null },
    deltas: [{ type: 'compaction_delta', content: summary, encrypted_content: null }],
    whole: { type: 'compaction', content: summary, encrypted_content: null },
    tokens: 0,
  };
}

function planCall(type: string, id: string, name: string, input: unknown, tokens: number): PlannedBlock {
  // A tool's input begins with an empty part, as recorded streams do.
  const parts = ['', ...splitText(JSON.stringify(input), 4)];
  return {
    start: { type, id, name, input: {} },
    deltas: parts.map((part) => ({ type: 'input_json_delta', partial_json: part })),
    whole: { type, id, name, input },
    tokens,
  };
}
