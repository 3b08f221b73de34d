import { createUsageReader } from '../../src/anthropic/create-usage-reader.ts';
import type { UsageSnapshot } from '../../src/anthropic/usage-reader.ts';
import type { TokenUsage } from '../../src/domain/usage.ts';

/** One event of a stream, as the API writes it. */
export function event(data: { type: string; [name: string]: unknown }): string {
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
}

export function start(message: object): string {
  return event({ type: 'message_start', message: { model: 'claude-opus-5', content: [], ...message } });
}

export function delta(usage: object | null, more: object = {}): string {
  return event({ type: 'message_delta', delta: { stop_reason: 'end_turn', ...more }, usage });
}

export function textDelta(text: string): string {
  return event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } });
}

export function blockStart(block: object): string {
  return event({ type: 'content_block_start', index: 0, content_block: block });
}

export const stop = event({ type: 'message_stop' });

/** A JSON answer. */
export function message(more: object): object {
  const content = [{ type: 'text', text: 'hi' }];
  return { type: 'message', model: 'claude-opus-5', content, stop_reason: 'end_turn', ...more };
}

export function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** What a whole stream reports. */
export function readStream(text: string, requestedModel?: string): UsageSnapshot {
  return readAll('text/event-stream', text, requestedModel);
}

/** What a whole JSON answer reports. */
export function readJson(body: unknown, requestedModel?: string): UsageSnapshot {
  return readAll('application/json', typeof body === 'string' ? body : JSON.stringify(body), requestedModel);
}

function readAll(contentType: string, text: string, requestedModel: string | undefined): UsageSnapshot {
  const reader = createUsageReader(contentType, requestedModel);
  reader.push(encode(text));
  reader.end();
  return reader.snapshot();
}

/** The tokens of every pass. */
export function tokens(snapshot: UsageSnapshot): TokenUsage[] | undefined {
  return snapshot.usage?.passes.map((pass) => pass.tokens);
}

/** Token counts, zero where not given. */
export function counts(more: Partial<TokenUsage>): TokenUsage {
  return { input: 0, cacheWrite5m: 0, cacheWrite1h: 0, cacheRead: 0, output: 0, ...more };
}
