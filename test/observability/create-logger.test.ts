import { describe, expect, test } from 'vitest';
import { createLogger, type LoggerOptions } from '../../src/observability/create-logger.ts';
import { type CallLogLine, logCall } from '../../src/observability/log-call.ts';

const CANARIES = {
  upstream: 'sk-ant-api03-CANARYcanary_0123456789-AA',
  own: 'tg_CANARYcanary0123456789abcdef',
  webhook: 'whsec_Q0FOQVJZY2FuYXJ5MDEyMzQ1Njc4OTAx',
  opaque: 'CANARY "quoted" \\ pass/word%+é',
  redis: 'CANARYredisPassword',
};

function capture(options: Partial<LoggerOptions> = {}, isTTY = false) {
  const written: string[] = [];
  const logger = createLogger({
    level: 'trace',
    secrets: [CANARIES.opaque],
    ...options,
    output: { isTTY, write: (text) => written.push(text) },
  });
  return { logger, written, lines: () => written.map((text) => JSON.parse(text)) };
}

function expectNoCanary(text: string): void {
  expect(text).not.toMatch(/canary/i);
  expect(text).not.toContain(CANARIES.opaque);
  expect(text).not.toContain('pass/word');
  expect(text).not.toContain('pass%2Fword');
}

describe('createLogger', () => {
  test('writes one JSON line per event, with level, time and message', () => {
    const { logger, written, lines } = capture();
    logger.info({ account_id: 'acct_a', amount: 12n }, 'granted\nand more');
    expect(written).toHaveLength(1);
    expect(written[0]?.endsWith('}\n')).toBe(true);
    expect(written[0]?.trimEnd()).not.toContain('\n');
    const [line] = lines();
    expect(line).toMatchObject({ level: 'info', account_id: 'acct_a', amount: '12', msg: 'granted\nand more' });
    expect(new Date(line.time).toISOString()).toBe(line.time);
  });

  test('says nothing below its level', () => {
    const { logger, written } = capture({ level: 'warn' });
    logger.info('no');
    logger.warn('yes');
    expect(written).toHaveLength(1);
  });

  for (const isTTY of [false, true]) {
    describe(isTTY ? 'on a terminal' : 'as JSON', () => {
      test.each(Object.entries(CANARIES))('a secret is nowhere a caller can put it: %s', (_, canary) => {
        const { logger, written } = capture({ secrets: Object.values(CANARIES) }, isTTY);
        const error = new Error(`failed with ${canary}`, { cause: new Error(`because ${canary}`) });
        logger.info(`starting with ${canary}`);
        logger.info({ note: `x${canary}y`, deep: { list: [canary, { [canary]: canary }] } }, canary);
        logger.error(error);
        logger.error({ err: error }, 'failed');
        logger.child({ bound: canary }).info('child');
        logger.info({ url: `https://x.test/?q=${encodeURIComponent(canary)}` }, 'url');
        expect(written.length).toBe(6);
        expectNoCanary(written.join(''));
      });

      test('credentials of known shape are masked though nobody named them', () => {
        const { logger, written } = capture({ secrets: [] }, isTTY);
        logger.info({ a: CANARIES.upstream, b: [CANARIES.own], c: { d: CANARIES.webhook } }, CANARIES.own);
        logger.info({ header: `Bearer ${CANARIES.opaque.slice(0, 6)}0123456789` }, 'x');
        logger.info({ store: `rediss://default:${CANARIES.redis}@redis.test:6379/0` }, 'connected');
        expectNoCanary(written.join(''));
        expect(written.join('')).toContain('redis.test:6379');
      });

      test('fields with a secret name are masked whatever they hold', () => {
        const { logger, written } = capture({ secrets: [] }, isTTY);
        const headers = { 'x-api-key': 'CANARY1', authorization: 'CANARY2', cookie: 'CANARY3', accept: 'kept' };
        logger.info({ headers, password: 'CANARY4', clientSecret: 'CANARY5', admin_token: 'CANARY6' }, 'request');
        expectNoCanary(written.join(''));
        expect(written.join('')).toContain('kept');
      });
    });
  }

  test('what a library hangs on an error stays out', () => {
    const { logger, written, lines } = capture();
    const error = Object.assign(new Error('refused'), { code: 'ECONNREFUSED', options: { body: 'CANARY prompt' } });
    logger.error({ err: error }, 'upstream');
    expectNoCanary(written.join(''));
    expect(lines()[0].err).toMatchObject({ type: 'Error', message: 'refused', code: 'ECONNREFUSED' });
  });

  test('counts of tokens are no secrets', () => {
    const { logger, lines } = capture();
    logger.info({ usage: { input_tokens: 5, output: 7 }, key_id: 'key_1' }, 'call');
    expect(lines()[0]).toMatchObject({ usage: { input_tokens: 5, output: 7 }, key_id: 'key_1' });
  });

  test('no field, message, depth, number of fields or loop makes a line long', () => {
    const { logger, written, lines } = capture();
    const loop: { [name: string]: unknown } = {};
    loop.self = loop;
    let deep: unknown = 'bottom';
    for (let n = 0; n < 10_000; n += 1) deep = { deep };
    const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`f${n}`, 'x'.repeat(50)]));
    logger.info({ long: 'y'.repeat(1_000_000), loop, deep, wide, list: new Array(1e6).fill(1) }, 'm'.repeat(1_000_000));
    logger.info(wide, 'wide');
    logger.error(new Error('e'.repeat(1_000_000)));
    for (const text of written) expect(text.length).toBeLessThan(60_000);
    expect(lines()[0].long).toMatch(/^y+\.\.\. \(999000 more\)$/);
  });

  test('odd values do not break it', () => {
    const { logger, lines } = capture();
    const fields = { at: new Date(0), bad: new Date(Number.NaN), fn: () => 1, map: new Map([['a', CANARIES.own]]) };
    logger.info({ ...fields, none: null, gone: undefined, not: Number.NaN, half: '\ud800' }, 'odd');
    expect(lines()[0]).toMatchObject({ at: '1970-01-01T00:00:00.000Z', bad: '[bad date]', map: '[Map]', none: null });
    expectNoCanary(JSON.stringify(lines()));
  });

  test('on a terminal a line is for people, and a stranger cannot steer the terminal', () => {
    const { logger, written } = capture({}, true);
    logger.warn({ account: 'Acme\u001b[2J Ltd', n: 3, list: [1] }, 'balance\u001b]0;x\u0007 low\r\n');
    expect(written[0]).toMatch(
      /^\d\d:\d\d:\d\d WARN {2}balance \]0;x +low +account="Acme\\u001b\[2J Ltd" n=3 list=\[1\]\n$/,
    );
  });
});

describe('logCall', () => {
  const CALL: CallLogLine = {
    requestId: 'req_1',
    accountId: 'acct_a',
    teamId: 'team_a',
    memberId: 'mem_a',
    keyId: 'key_a',
    route: 'messages',
    model: 'claude-fable-5',
    stream: true,
    status: 200,
    outcome: 'completed',
    basis: 'reported',
    usage: { input: 10, output: 20 },
    costNanoUsd: 19_897_600n,
    holdId: 'hold_a',
    heldNanoUsd: 1_000_000_000n,
    durationMs: 1234.5678,
    timeToFirstByteMs: 300,
    sessionId: 'session-1',
  };

  test('is one line with exactly these fields', () => {
    const { logger, lines } = capture();
    logCall(logger, CALL);
    const [{ time, ...line }] = lines();
    expect(line).toEqual({
      level: 'info',
      event: 'call',
      request_id: 'req_1',
      account_id: 'acct_a',
      team_id: 'team_a',
      member_id: 'mem_a',
      key_id: 'key_a',
      session_id: 'session-1',
      route: 'messages',
      model: 'claude-fable-5',
      stream: true,
      status: 200,
      outcome: 'completed',
      basis: 'reported',
      usage: { input: 10, output: 20 },
      cost_usd: '0.0198976',
      hold_id: 'hold_a',
      held_usd: '1.00',
      duration_ms: 1234.6,
      time_to_first_byte_ms: 300,
      msg: 'call',
    });
  });

  test('is the same line as by the way of every other line, and keeps to the level', () => {
    const { logger, lines } = capture();
    const lone = { ...CALL, model: 'lone \ud800 "quoted"\n', sessionId: CANARIES.own };
    logCall(logger, lone);
    logCall(logger.child({}), lone);
    logCall(logger.child({ worker: 1 }), lone);
    const [{ time: _, ...short }, { time: __, ...long }, { time: ___, worker, ...ofChild }] = lines();
    expect(short).toEqual(long);
    expect(ofChild).toEqual(long);
    expect(worker).toBe(1);
    logger.level = 'warn';
    logCall(logger, CALL);
    expect(lines()).toHaveLength(3);
  });

  test('takes nothing along that it has no place for', () => {
    const { logger, written } = capture();
    const more = { ...CALL, prompt: 'CANARY prompt', apiKey: CANARIES.own, headers: { 'x-api-key': CANARIES.own } };
    logCall(logger, more);
    expectNoCanary(written.join(''));
  });

  test('a key sent as model or session is masked, and a long one cut', () => {
    const { logger, written, lines } = capture();
    logCall(logger, { ...CALL, model: CANARIES.upstream, sessionId: 'z'.repeat(10_000) });
    expectNoCanary(written.join(''));
    expect(lines()[0].session_id.length).toBeLessThan(160);
  });

  test('an answer that was cut is a warning', () => {
    const { logger, lines } = capture();
    logCall(logger, { ...CALL, outcome: 'interrupted', reason: 'upstream_cut' });
    expect(lines()[0]).toMatchObject({ level: 'warn', reason: 'upstream_cut' });
  });
});
