// Goal: a client that leaves takes a place of those whose answers are read on only while its answer is not read to the end.
// Method: a real answer of Node on no connection, whose client so has taken nothing of it, and an upstream by hand.
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { expect, it, vi } from 'vitest';
import { createUsageReader } from '../../src/anthropic/create-usage-reader.ts';
import { createDrainAllowance } from '../../src/http/drain-allowance.ts';
import { forwardCall } from '../../src/http/forward-call.ts';
import type { ForwardJob, ForwardParts } from '../../src/http/forward-types.ts';
import { createManualTimers } from '../support/manual-timers.ts';
import { until } from '../support/until.ts';

const MESSAGE = JSON.stringify({ model: 'claude-haiku-4-5', usage: { input_tokens: 9, output_tokens: 1 } });

function forward() {
  const timers = createManualTimers();
  const drains = createDrainAllowance(1);
  let upstream: Dispatcher.DispatchHandler = {};
  const client = { dispatch: (_: unknown, handler: Dispatcher.DispatchHandler) => (upstream = handler) };
  const slot = { release: () => undefined };
  const parts = {
    ...{ timers, drains, createUsageReader },
    upstream: {
      apiKey: 'key',
      clients: { take: () => client, giveBack: () => undefined },
      slots: { takeFree: () => slot },
    },
    limits: { upstreamSilenceMs: 1_000, callTotalMs: 9_000, disconnectDrainMs: 5_000 },
    metrics: { openStreams: { inc: () => undefined, dec: () => undefined } },
    logger: { warn: () => undefined, error: () => undefined },
  };
  const finish = vi.fn(() => ({ action: 'release' }));
  const principal = { account: { id: 'acct_1', onDisconnect: 'drain' } };
  const facts = { requestId: 'req_1', principal, request: {}, availableNanoUsd: 1n };
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  const job = {
    ...{ response, onSent: () => undefined, onEnd: () => undefined },
    call: { facts, finish, showProgress: () => undefined, onInterrupt: () => undefined },
  };
  void forwardCall(parts as unknown as ForwardParts, job as unknown as ForwardJob, {
    ...{ path: '/v1/messages', rawHeaders: [], body: Buffer.from('{}') },
  });
  const abort = vi.fn();
  const controller = { abort } as unknown as Dispatcher.DispatchController;
  return {
    ...{ timers, finish, abort },
    begin: (headers: Record<string, string>) => upstream.onResponseStart?.(controller, 200, headers),
    send: (bytes: string | Buffer) => upstream.onResponseData?.(controller, Buffer.from(bytes)),
    end: () => upstream.onResponseEnd?.(controller, {}),
    leave: () => response.emit('close'),
    /** Whether a place is free; it stays so. */
    hasPlace() {
      const giveBack = drains.take();
      giveBack?.();
      return giveBack !== undefined;
    },
  };
}

it('in the middle of its answer takes a place until the answer’s end', () => {
  const call = forward();
  call.begin({ 'content-type': 'application/json' });
  call.leave();
  expect(call.hasPlace()).toBe(false);
  call.send(MESSAGE);
  call.end();
  expect([call.hasPlace(), call.timers.pending()]).toEqual([true, []]);
  expect(call.finish).toHaveBeenCalledOnce();
});

it.each([
  ['it has taken the last of it', {}, MESSAGE],
  ['the last of it is unpacked', { 'content-encoding': 'gzip' }, gzipSync(MESSAGE)],
])('after the answer’s end, before %s, takes none', async (_, headers, bytes) => {
  const call = forward();
  call.begin({ 'content-type': 'application/json', ...headers });
  call.send(bytes);
  call.end();
  call.leave();
  expect([call.hasPlace(), call.timers.pending()]).toEqual([true, []]);
  await until(() => call.finish.mock.calls.length === 1, { what: 'the call is finished' });
  expect(call.abort).not.toHaveBeenCalled();
});
