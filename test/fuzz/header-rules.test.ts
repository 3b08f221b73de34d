import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createClientHeaders, createUpstreamHeaders } from '../../src/http/headers.ts';
import { FUZZ_ROUNDS, FUZZ_SEED } from './mutate-bytes.ts';

const KEY = 'sk-upstream';
const SECRET = 'tg_canary';
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'proxy-authenticate',
  'proxy-authorization',
];
const CREDENTIALS = ['x-api-key', 'authorization', 'cookie', 'proxy-authorization'];
const settings = { numRuns: FUZZ_ROUNDS / 2, seed: FUZZ_SEED };

const token = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,20}$/);
const known = fc.constantFrom(
  ...HOP_BY_HOP,
  ...CREDENTIALS,
  'host',
  'content-length',
  'expect',
  'accept-encoding',
  'x-a',
  'anthropic-beta',
);
const name = fc.oneof(known, token).chain((text) => fc.constantFrom(text, text.toUpperCase(), text.toLowerCase()));
const connection = fc
  .array(fc.oneof(known, token, fc.constantFrom('', ' ', 'close', 'X-A')), { maxLength: 5 })
  .map(
    (names) =>
      ['Connection', names.join(fc.sample(fc.constantFrom(',', ', ', ' ,\t'), { numRuns: 1, seed: 1 })[0])] as const,
  );
const value = fc.string({
  unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
  maxLength: 30,
});
const header = fc.oneof({ weight: 4, arbitrary: fc.tuple(name, value) }, { weight: 1, arbitrary: connection });

describe(`header rules, seed ${FUZZ_SEED}`, () => {
  it('to the upstream: no credential of the client, nothing of the connection, one key of ours, the rest as it was', () => {
    fc.assert(
      fc.property(fc.array(header, { maxLength: 20 }), (pairs) => {
        const withSecrets = pairs.map(([one, text]) => [one, CREDENTIALS.includes(one.toLowerCase()) ? SECRET : text]);
        const flat = withSecrets.flat() as string[];
        const sent = createUpstreamHeaders(flat, KEY);
        const names = sent.filter((_, index) => index % 2 === 0).map((one) => one.toLowerCase());
        expect(sent.join('\n')).not.toContain(SECRET);
        expect(names.filter((one) => one === 'x-api-key')).toHaveLength(1);
        expect(sent.slice(-4)).toEqual(['accept-encoding', 'identity', 'x-api-key', KEY]);
        const listed = withSecrets
          .filter(([one]) => one?.toLowerCase() === 'connection')
          .flatMap(([, text]) => (text ?? '').split(',').map((one) => one.trim().toLowerCase()));
        const dropped = new Set([
          ...HOP_BY_HOP,
          ...CREDENTIALS,
          ...listed,
          'host',
          'content-length',
          'expect',
          'accept-encoding',
          'anthropic-workspace-id',
        ]);
        expect(names.slice(0, -2).filter((one) => dropped.has(one))).toEqual([]);
        // Nothing else is lost, changed or moved.
        expect(sent.slice(0, -4)).toEqual(withSecrets.filter(([one]) => !dropped.has(one?.toLowerCase() ?? '')).flat());
      }),
      settings,
    );
  });

  it('to the client: nothing of the connection, of the operator or ours, and no line that could be broken', () => {
    const anyText = fc.string({
      unit: fc.integer({ min: 0, max: 0x2ff }).map((code) => String.fromCharCode(code)),
      maxLength: 20,
    });
    const names = fc.oneof(
      known.map((one) => one.toLowerCase()),
      fc.constantFrom(
        'set-cookie',
        'location',
        'anthropic-organization-id',
        'anthropic-ratelimit-x',
        'tollgate-balance-usd',
        'cf-ray',
        'via',
        'request-id',
      ),
      token.map((one) => one.toLowerCase()),
    );
    fc.assert(
      fc.property(fc.dictionary(names, fc.oneof(anyText, fc.array(anyText, { maxLength: 3 }))), (headers) => {
        const sent = createClientHeaders(headers as never);
        for (const [one, text] of Object.entries(sent)) {
          expect(HOP_BY_HOP).not.toContain(one);
          expect(one).not.toMatch(
            /^(anthropic-(ratelimit|priority|fast|organization|workspace)|cf-|tollgate-|set-cookie|location|via)/,
          );
          expect([text].flat().join('')).not.toMatch(/[\r\n\0]/);
          expect(text).toEqual(headers[one]);
        }
      }),
      settings,
    );
  });
});
