// Goal: of a stream no more passes than its hold covers; what does not waits, and the upstream with it.
// Method: the gate with a real reader of usage, and a hold that covers so many characters as the test says.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createUsageReader } from '../../src/anthropic/create-usage-reader.ts';
import type { RelayContext } from '../../src/http/forward-types.ts';
import { createHoldGate, type HoldGate } from '../../src/http/hold-gate.ts';
import { createUsageObserver } from '../../src/http/usage-observer.ts';
import type { AnswerProgress } from '../../src/metering/running-hold.ts';

const event = (data: { type: string; [name: string]: unknown }): string =>
  `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
const START =
  event({ type: 'message_start', message: { model: 'claude-opus-5', usage: { input_tokens: 9, output_tokens: 1 } } }) +
  event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } });
const text = (characters: number): string =>
  event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'a'.repeat(characters) } });
const STOP = event({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 400 } });

/** Characters that the hold covers. */
let covered: number;
let passed: string;
let read: () => AnswerProgress | undefined;
let answer: () => void;
const look = vi.fn();
const pause = vi.fn();
const resume = vi.fn();
beforeEach(() => {
  covered = 100;
  passed = '';
  vi.resetAllMocks();
});

function open(headers: Record<string, string> = {}): HoldGate {
  const context = { head: { status: 200, headers }, exchange: () => ({ pause, resume }) };
  const observer = createUsageObserver({
    reader: createUsageReader('text/event-stream', 'claude-opus-5'),
    contentEncoding: headers['content-encoding'],
    onFault: (error) => {
      throw error;
    },
  });
  const running = {
    follow: (reader: typeof read, onAnswer: typeof answer) => {
      read = reader;
      answer = onAnswer;
    },
    covers: ({ visibleCharacters }: AnswerProgress) => visibleCharacters <= covered,
    look,
  };
  const write = (chunk: Buffer) => {
    passed += chunk.toString();
  };
  return createHoldGate(
    context as unknown as RelayContext,
    { running, observer, writer: { write } } as unknown as Parameters<typeof createHoldGate>[1],
  );
}
const push = (gate: HoldGate, ...events: string[]) => gate.push(Buffer.from(events.join('')));

describe('the gate of a hold', () => {
  it('lets pass what is covered, event by event of one read, and holds back the rest', () => {
    const gate = open();
    push(gate, START, text(60), text(40), text(1), text(1));
    expect(passed).toBe(START + text(60) + text(40));
    expect(gate.isHolding).toBe(true);
    expect(gate.passed).toMatchObject({ visibleCharacters: 100 });
    expect(pause.mock.calls).toEqual([['short_hold']]);
    expect(look).toHaveBeenCalled();
    expect(read()).toMatchObject({ visibleCharacters: 101 });
  });

  it('goes on when the ledger has answered, as far as it is covered then', () => {
    const gate = open();
    push(gate, START, text(101), text(200), text(1));
    answer();
    expect(passed).toBe(START);
    expect(resume).not.toHaveBeenCalled();
    covered = 301;
    answer();
    expect(passed).toBe(START + text(101) + text(200));
    covered = 302;
    answer();
    expect(passed).toBe(START + text(101) + text(200) + text(1));
    expect(gate.isHolding).toBe(false);
    expect(pause).toHaveBeenCalledOnce();
    expect(resume.mock.calls).toEqual([['short_hold']]);
  });

  it('passes nothing more once it has ended for want of credit, and closes what was passed on', () => {
    const gate = open();
    push(gate, START, text(60), text(60));
    gate.end('credit_exhausted');
    covered = 1_000;
    answer();
    expect(passed).toBe(START + text(60));
    expect(gate.passed).toMatchObject({ visibleCharacters: 60 });
    expect(gate.canClose).toBe(true);
    expect(new TextDecoder().decode(gate.close(47, 'credit_exhausted'))).toContain('"output_tokens":47');
  });

  it('keeps nothing of an answer whose last figures are there: they are billed', () => {
    const gate = open();
    push(gate, START, text(101));
    push(gate, text(5), STOP);
    expect(passed).toBe(START + text(101) + text(5) + STOP);
    expect(gate.isHolding).toBe(false);
    expect(read()?.usage).toMatchObject({ stopReason: 'end_turn' });
  });

  it('nor of one that came to its end while it waited, the event without its blank line included', () => {
    const gate = open();
    push(gate, START, text(101), 'event: ping\ndata: {"type":"ping"}');
    gate.end('ended');
    expect(passed).toBe(`${START}${text(101)}event: ping\ndata: {"type":"ping"}`);
  });

  it.each(['cut', 'client_gone', 'shutdown'] as const)(
    '%s: what was not covered is neither passed on nor counted',
    (how) => {
      const gate = open();
      push(gate, START, text(60), text(60), text(1));
      gate.end(how);
      expect(passed).toBe(START + text(60));
      expect(gate.isHolding).toBe(true);
      expect(gate.passed).toMatchObject({ visibleCharacters: 60 });
    },
  );

  it('what the first event reports of the prompt counts, whether the hold covers it or not', () => {
    covered = -1;
    const gate = open();
    push(gate, START);
    gate.end('credit_exhausted');
    expect(gate.passed).toMatchObject({ usage: { passes: [{ tokens: { input: 9 } }] } });
  });

  it('an answer whose length is announced passes by events and cannot be closed', () => {
    const gate = open({ 'content-length': '9999' });
    push(gate, START, text(60), text(60));
    expect(passed).toBe(START + text(60));
    expect(gate.canClose).toBe(false);
  });
});
