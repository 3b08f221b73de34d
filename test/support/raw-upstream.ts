import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** An upstream that speaks bytes. */
export interface RawUpstream extends AsyncDisposable {
  baseUrl: string;
  /** Connections that were opened. */
  readonly connections: number;
}

/** @param onRequest called with the first bytes of every request that comes when the one before was answered. */
export async function startRawUpstream(
  onRequest: (socket: Socket, bytes: Buffer, sequence: number) => void,
): Promise<RawUpstream> {
  const sockets = new Set<Socket>();
  let requests = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => {
      // Requests begin with their method; the rest is bodies.
      if (/^(GET|POST|DELETE) /.test(bytes.toString('latin1'))) onRequest(socket, bytes, requests++);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return sockets.size;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
