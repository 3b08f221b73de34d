import type { ServerResponse } from 'node:http';
import { atTurnEnd } from '../event-loop/turn-end.ts';

/** Of a body that waits; a longer one is many packets anyway. */
const BODY_BYTES_AT_MOST = 16 * 1_024;

interface Waiting {
  response: ServerResponse;
  /** It is to be ended, with this body if there is one; else what was written of it is to be let go. */
  ends: boolean;
  body: Buffer | undefined;
}

/** A turn can be long where many streams have something to pass on: after so many the first has waited long enough. */
const WAITING_AT_MOST = 16;

let waiting: Waiting[] = [];

/**
 * Holds what is written on this response until the end of this turn of the event loop at most, and lets it go together
 * with what is written on others in it. A write that wakes the process at the other end, which then sleeps again, costs the
 * system several times what it costs as one of many in a row.
 */
export function writeTogether(response: ServerResponse): void {
  const { socket } = response;
  if (socket === null || socket.writableCorked > 0) return;
  socket.cork();
  waitForTurnsEnd({ response, ends: false, body: undefined });
}

/** Ends an answer, whose head is set, likewise. */
export function endTogether(response: ServerResponse, body?: Buffer): void {
  if (body !== undefined && body.byteLength > BODY_BYTES_AT_MOST) response.end(body);
  else waitForTurnsEnd({ response, ends: true, body });
}

/** Lets go at once what was held: for a response that is about to be broken off. */
export function letGo({ socket }: ServerResponse): void {
  if (socket !== null && socket.writableCorked > 0) socket.uncork();
}

function waitForTurnsEnd(one: Waiting): void {
  if (waiting.length === WAITING_AT_MOST) letAllGo();
  if (waiting.length === 0) atTurnEnd('answer', letAllGo);
  waiting.push(one);
}

function letAllGo(): void {
  const due = waiting;
  waiting = [];
  for (const { response, ends, body } of due) {
    if (!ends) letGo(response);
    else if (body === undefined) response.end();
    // As a string of the same bytes, the body goes out in one piece with the head; Node keeps a buffer apart from it.
    else response.end(body.toString('latin1'), 'latin1');
  }
}
