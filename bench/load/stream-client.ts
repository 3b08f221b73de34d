// Opens many streams at once and tells, as one line of JSON, how late each event arrived. On plain sockets, so that the
// client is cheap. Started with: port, streams, seconds, key. Reads `at=<microseconds>` out of the events. The first line
// says when all are open; there is none where they are not within the time that they have for it.
import { connect } from 'node:net';

const [port = '', streams = '', seconds = '', key = ''] = process.argv.slice(2);
const MARK = Buffer.from('"at=');
const OPEN_AT_ONCE = 50;
const OPEN_WITHIN_MS = 120_000;
const body = JSON.stringify({
  model: 'claude-haiku-4-5',
  max_tokens: 2_000,
  stream: true,
  messages: [{ role: 'user', content: 'Go' }],
});
const request = `POST /v1/messages HTTP/1.1\r\nhost: bench\r\nx-api-key: ${key}\r\nanthropic-version: 2023-06-01\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

const lateUs: number[] = [];
let open = 0;
let failed = 0;
let measuring = false;

function openStream(): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: Number(port), noDelay: true });
    let begun = false;
    socket.on('connect', () => socket.write(request));
    socket.on('data', (chunk: Buffer) => {
      if (!begun) {
        begun = true;
        if (chunk.subarray(0, 12).toString() === 'HTTP/1.1 200') open += 1;
        else failed += 1;
        resolve();
      }
      if (!measuring) return;
      const nowUs = performance.timeOrigin * 1_000 + performance.now() * 1_000;
      for (let at = chunk.indexOf(MARK); at >= 0; at = chunk.indexOf(MARK, at + 1)) {
        lateUs.push(nowUs - Number(chunk.subarray(at + 4, at + 20).toString('latin1')));
      }
    });
    socket.on('error', () => {
      failed += 1;
      resolve();
    });
  });
}

const giveUp = setTimeout(() => {
  process.stderr.write(`${open} of ${streams} streams are open after ${OPEN_WITHIN_MS / 1_000} s, ${failed} failed\n`);
  process.exit(1);
}, OPEN_WITHIN_MS);
for (let opened = 0; opened < Number(streams); opened += OPEN_AT_ONCE) {
  await Promise.all(Array.from({ length: Math.min(OPEN_AT_ONCE, Number(streams) - opened) }, openStream));
}
clearTimeout(giveUp);
process.stdout.write('open\n');
await new Promise((resolve) => setTimeout(resolve, 3_000));
measuring = true;
await new Promise((resolve) => setTimeout(resolve, Number(seconds) * 1_000));
measuring = false;
lateUs.sort((left, right) => left - right);
const at = (share: number): number =>
  (lateUs[Math.min(lateUs.length - 1, Math.floor(lateUs.length * share))] ?? Number.NaN) / 1_000;
process.stdout.write(
  `${JSON.stringify({ open, failed, events: lateUs.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) })}\n`,
);
process.exit(0);
