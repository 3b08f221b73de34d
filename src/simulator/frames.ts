import { type JsonObject, objectOf, parseJson } from './json-value.ts';
import type { SimulatedEvent } from './scenario-types.ts';
import type { SeededRandom } from './seeded-random.ts';

/** A stretch of an answer that is one event, or the whole JSON body. */
export interface Frame {
  bytes: Buffer;
  /** The event's type; undefined for a JSON body and for what cannot be read. */
  type: string | undefined;
  /** Part of the output generated once it is sent, 0 to 1. */
  share: number;
}

/** Writes events as SSE. Data gets blanks before its last brace, as the API pads its answers. */
export function writeEventFrames(events: readonly SimulatedEvent[], random: SeededRandom): Frame[] {
  let share = 0;
  return events.map((event) => {
    share = event.generatedShare ?? share;
    return { bytes: Buffer.from(event.raw ?? writeEvent(event, random)), type: event.name, share };
  });
}

function writeEvent({ name, data }: SimulatedEvent, random: SeededRandom): string {
  const text = typeof data === 'string' ? data : padJson(JSON.stringify(data), random);
  return `${name === undefined ? '' : `event: ${name}\n`}data: ${text}\n\n`;
}

/** Up to fifteen blanks before the last brace, so that nobody takes the length of an answer for its text's. */
export function padJson(json: string, random: SeededRandom): string {
  return json.endsWith('}') ? `${json.slice(0, -1)}${' '.repeat(random.integer(16))}}` : json;
}

/** Cuts given SSE bytes at the blank lines between events. Joined again, the frames are the same bytes. */
export function splitEventFrames(body: Buffer): Frame[] {
  const text = body.toString('latin1');
  const pieces = text.match(/[\s\S]*?(?:\r\n\r\n|\n\n|\r\r)|[\s\S]+$/g) ?? [];
  const bytes = pieces.map((piece) => Buffer.from(piece, 'latin1'));
  const generated = bytes.map((piece) => (readEventData(piece).type === 'content_block_delta' ? piece.length : 0));
  const total = generated.reduce((sum, length) => sum + length, 0);
  let sent = 0;
  return bytes.map((piece, index) => {
    sent += generated[index] ?? 0;
    const { type } = readEventData(piece);
    const share = type === 'message_delta' || type === 'message_stop' || total === 0 ? 1 : sent / total;
    return { bytes: piece, type: typeof type === 'string' ? type : undefined, share };
  });
}

/** The JSON of an event's data lines; an empty object where there is none. */
export function readEventData(frame: Buffer): JsonObject {
  const lines = frame.toString('utf8').split(/\r\n|\n|\r/);
  const data = lines.flatMap((line) => (line.startsWith('data:') ? [line.slice(5).replace(/^ /, '')] : []));
  return data.length === 0 ? {} : objectOf(parseJson(data.join('\n')));
}
