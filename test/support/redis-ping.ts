import { connect } from 'node:net';

const REPLY_TIMEOUT_MS = 1_000;

/** Sends one inline command to a Redis socket and resolves with the first bytes of its reply. Rejects without one. */
export function sendRedisLine(socketPath: string, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath, () => socket.write(`${line}\r\n`));
    socket.setTimeout(REPLY_TIMEOUT_MS, () => socket.destroy(new Error(`no reply to ${line}`)));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`connection closed before a reply to ${line}`)));
    socket.once('data', (chunk) => {
      resolve(chunk.toString('utf8'));
      socket.destroy();
    });
  });
}

/** True once the server behind the socket takes commands: a server still loading its data answers an error. */
export async function isRedisReady(socketPath: string): Promise<boolean> {
  return (await sendRedisLine(socketPath, 'PING')).startsWith('+PONG');
}
