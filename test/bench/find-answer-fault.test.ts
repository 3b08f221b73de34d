import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { findAnswerFault } from '../../bench/load/find-answer-fault.ts';
import { JSON_ANSWER, STREAM_ANSWER } from '../../bench/servers/answers.ts';

const EVENTS = 'text/event-stream';

test.each([
  ['the answer', 200, 'application/json', JSON_ANSWER, false, undefined],
  [
    'the answer in another layout',
    200,
    'application/json',
    JSON.stringify(JSON.parse(JSON_ANSWER), null, 1),
    false,
    undefined,
  ],
  ['its events', 200, EVENTS, STREAM_ANSWER, true, undefined],
  ['no events', 200, 'application/json', JSON_ANSWER, true, "not the upstream's answer (application/json)"],
  [
    'half of the events',
    200,
    EVENTS,
    STREAM_ANSWER.slice(0, 900),
    true,
    "not the upstream's answer (text/event-stream)",
  ],
  ['no JSON', 200, 'text/html', '<p>', false, "not the upstream's answer (text/html)"],
  ['a refusal', 500, 'application/json', JSON_ANSWER, false, 'answered with 500'],
  ['a redirection', 302, 'application/json', JSON_ANSWER, false, 'answered with 302'],
])(
  'a target that answers with %s has figures only where it is the upstream’s',
  async (_, status, type, text, stream, fault) => {
    const server = createServer((_request, response) => response.writeHead(status, { 'content-type': type }).end(text));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    expect(await findAnswerFault({ url, headers: {}, body: '{}', stream })).toBe(fault);
    server.closeAllConnections();
    server.close();
  },
);
