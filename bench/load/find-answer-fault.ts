import { isDeepStrictEqual } from 'node:util';
import { JSON_ANSWER, STREAM_ANSWER } from '../servers/answers.ts';

export interface TrialRequest {
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string;
  /** The upstream answers with events. */
  stream: boolean;
}

/**
 * Sends one request. A target that refuses, or answers something else than the upstream did, may be fast at it: its
 * figures would be worth nothing.
 * @returns what is wrong with the answer; undefined where it is the upstream's.
 */
export async function findAnswerFault({ url, headers, body, stream }: TrialRequest): Promise<string | undefined> {
  const signal = AbortSignal.timeout(30_000);
  const answer = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal });
  const text = await answer.text();
  if (!answer.ok) return `answered with ${answer.status}`;
  const isRight = stream ? text === STREAM_ANSWER : isSameJson(text, JSON_ANSWER);
  return isRight ? undefined : `not the upstream's answer (${answer.headers.get('content-type') ?? 'no type'})`;
}

/** A gateway may write it in its own way. */
function isSameJson(text: string, expected: string): boolean {
  try {
    return isDeepStrictEqual(JSON.parse(text), JSON.parse(expected));
  } catch {
    return false;
  }
}
