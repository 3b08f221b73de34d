import { describe, expect, it } from 'vitest';
import { createErrorEnvelope, readErrorEnvelope } from '../../src/anthropic/error-envelope.ts';

const encode = (text: string) => new TextEncoder().encode(text);
const read = (body: unknown) => readErrorEnvelope(encode(typeof body === 'string' ? body : JSON.stringify(body)));

describe('an envelope', () => {
  it('is built in the API’s form and recognised again', () => {
    const envelope = createErrorEnvelope('billing_error', 'no credit', 'req_1');
    expect(envelope).toEqual({
      type: 'error',
      error: { type: 'billing_error', message: 'no credit' },
      request_id: 'req_1',
    });
    expect(read(envelope)).toEqual(envelope);
  });

  it.each([
    [{ type: 'error', error: { type: 'not_found_error', message: 'model: x' } }],
    [{ type: 'error', error: { type: 'a_new_error', message: '', details: { error_code: 'x' } }, request_id: null }],
    [' {"type":"error","error":{"type":"api_error","message":"x","more":[1]},"extra":1}\n'],
  ])('is recognised: %j', (body) => {
    expect(read(body)?.error.type).toMatch(/_error$/);
  });

  it.each([
    // The edge in front of the API answers a body that is too large in this form.
    [{ error: { type: 'request_too_large', message: 'Request exceeds the maximum size' } }],
    [{ type: 'error', error: 'overloaded' }],
    [{ type: 'error', error: null }],
    [{ type: 'error', error: { type: 'x' } }],
    [{ type: 'error', error: { message: 'x' } }],
    [{ type: 'error', error: { type: 5, message: 'x' } }],
    [{ type: 'message', error: { type: 'x', message: 'y' } }],
    [null],
    [[]],
    [''],
    ['<html>502 Bad Gateway</html>'],
    ['{"type":"error","error":{"type":"x","message":"y"}} trailing'],
  ])('is not seen in %j', (body) => {
    expect(read(body)).toBeUndefined();
  });

  it('is not seen in bytes that are not UTF-8, nor in a page of megabytes', () => {
    const bytes = encode('{"type":"error","error":{"type":"x","message":"?"}}');
    bytes[bytes.length - 4] = 0xff;
    expect(readErrorEnvelope(bytes)).toBeUndefined();
    expect(read({ type: 'error', error: { type: 'x', message: 'y'.repeat(1_100_000) } })).toBeUndefined();
  });
});
