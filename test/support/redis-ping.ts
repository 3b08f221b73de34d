import { connect } from 'node:net';
import { createFrameReader } from './redis-frames.ts';

const REPLY_TIMEOUT_MS = 1_000;

/**
 * Sends one inline command to a Redis socket and resolves with its reply. Rejects without one.
 * @param password what the server asks for first.
 */
export function sendRedisLine(socketPath: string, line: string, password?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const authentication = password === undefined ? '' : `AUTH ${password}\r\n`;
    const socket = connect(socketPath, () => socket.write(`${authentication}${line}\r\n`));
    const frames = createFrameReader();
    let expected = password === undefined ? 1 : 2;
    socket.setTimeout(REPLY_TIMEOUT_MS, () => socket.destroy(new Error(`no reply to ${line}`)));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`connection closed before a reply to ${line}`)));
    socket.on('data', (chunk: Buffer) => {
      for (const frame of frames.push(chunk)) {
        expected -= 1;
        if (expected > 0) continue;
        resolve(frame.toString('utf8'));
        socket.destroy();
      }
    });
  });
}

/** True once the server behind the socket takes commands: a server still loading its data answers an error. */
export async function isRedisReady(socketPath: string, password?: string): Promise<boolean> {
  return (await sendRedisLine(socketPath, 'PING', password)).startsWith('+PONG');
}
