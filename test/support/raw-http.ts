import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { until } from './until.ts';

/** A TCP connection on which a test writes HTTP by hand. */
export interface RawConnection extends Disposable {
  socket: Socket;
  write(text: string | Uint8Array): void;
  /** Everything received so far, as Latin-1. */
  received(): string;
  /** Waits until the text received matches. */
  receives(pattern: RegExp): Promise<string>;
  /** Waits for the other side to close. @returns everything received. */
  closed(): Promise<string>;
}

export async function openRaw(port: number): Promise<RawConnection> {
  const socket = connect({ host: '127.0.0.1', port });
  const chunks: Buffer[] = [];
  let isClosed = false;
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('close', () => {
    isClosed = true;
  });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const received = (): string => Buffer.concat(chunks).toString('latin1');
  return {
    socket,
    write: (text) => void socket.write(text),
    received,
    receives: async (pattern) => {
      await until(() => pattern.test(received()), { what: `${pattern} in what was received` });
      return received();
    },
    closed: async () => {
      await until(() => isClosed, { what: 'the other side closes', timeoutMs: 25_000 });
      return received();
    },
    [Symbol.dispose]: () => void socket.destroy(),
  };
}

/** Sends one request as it is written and waits for the connection to close. @returns the answer. */
export async function exchangeRaw(port: number, text: string | Uint8Array): Promise<string> {
  using connection = await openRaw(port);
  connection.write(text);
  return await connection.closed();
}

/** The head of a Messages request, closed after its answer. */
export function messagesHead(secret: string, headers: readonly string[] = [], target = '/v1/messages'): string {
  return [
    `POST ${target} HTTP/1.1`,
    'host: tollgate',
    `x-api-key: ${secret}`,
    'content-type: application/json',
    'anthropic-version: 2023-06-01',
    'connection: close',
    ...headers,
    '',
    '',
  ].join('\r\n');
}
