import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { loadScript } from '../../src/store/redis/load-script.ts';
import { createFrameReader, isPush, readCommand } from './redis-frames.ts';

/**
 * What becomes of one command on its way to Redis. A network loses no byte in the middle of a connection, so a lost
 * reply is a connection cut after the server did what it was asked.
 *
 * `keep_request`, `keep_reply`: it stays here, and what follows it on its connection behind it, until `letGo`.
 */
export type CommandFate = 'pass' | 'keep_request' | 'keep_reply' | 'cut_before' | 'cut_after';

/** A way to a Redis server that can be disturbed, seen by the client as the server itself. */
export interface FaultyLink extends AsyncDisposable {
  /** `redis://127.0.0.1:<port>` */
  readonly url: string;
  /** Every command that came, in order, `EVALSHA` and `EVAL` by the path of their script. */
  readonly commands: readonly string[];
  /** Asked for each command by that name; undefined is `pass`. */
  decide(fateOf: ((command: string) => CommandFate | undefined) | undefined): void;
  /** Commands kept now, as requests or as replies. */
  readonly kept: number;
  /** Lets everything kept go on. What a client sent that has gone meanwhile still reaches the server. */
  letGo(): void;
  /** Forgets everything kept, as a network does when an end dies. */
  forget(): void;
  /** Every reply is late by this much. */
  delay(ms: number): void;
  /** Ends every connection. New ones are taken. */
  cut(): void;
  /** Ends every connection and refuses new ones. */
  refuse(): Promise<void>;
  accept(): Promise<void>;
  /** Ends every connection; new ones go to this port: a fail-over. */
  leadTo(port: number): void;
}

interface LinkState {
  port: number;
  delayMs: number;
  fateOf: ((command: string) => CommandFate | undefined) | undefined;
  commands: string[];
  sockets: Set<Socket>;
  kept: Set<() => void>;
}

export async function openFaultyLink(serverPort: number): Promise<FaultyLink> {
  const commands: string[] = [];
  const state: LinkState = {
    port: serverPort,
    delayMs: 0,
    fateOf: undefined,
    commands,
    sockets: new Set(),
    kept: new Set(),
  };
  const server = createServer((client) => relay(state, client));
  const port = await listen(server, 0);
  const cut = (): void => {
    for (const socket of state.sockets) socket.resetAndDestroy();
  };
  const refuse = async (): Promise<void> => {
    const closed = server.listening ? once(server, 'close') : undefined;
    server.close();
    cut();
    await closed;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    commands,
    decide: (fateOf) => {
      state.fateOf = fateOf;
    },
    get kept() {
      return state.kept.size;
    },
    letGo() {
      const kept = [...state.kept];
      state.kept.clear();
      for (const go of kept) go();
    },
    forget: () => state.kept.clear(),
    delay: (ms) => {
      state.delayMs = ms;
    },
    cut,
    refuse,
    accept: async () => void (await listen(server, port)),
    leadTo(other) {
      state.port = other;
      cut();
    },
    [Symbol.asyncDispose]: refuse,
  };
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function relay(state: LinkState, client: Socket): void {
  const redis = connect({ host: '127.0.0.1', port: state.port, noDelay: true });
  client.setNoDelay(true);
  for (const [socket, other] of [
    [client, redis],
    [redis, client],
  ] as const) {
    state.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      state.sockets.delete(socket);
      // What is kept of a client that died may still have to reach the server.
      if (socket === redis || state.kept.size === 0) other.destroy();
    });
  }
  const fates: CommandFate[] = [];
  const toRedis = createLane(state, (bytes) => redis.write(bytes));
  const toClient = createLane(state, (bytes) => client.write(bytes));
  const requests = createFrameReader();
  const replies = createFrameReader();

  client.on('data', (bytes: Buffer) => {
    for (const frame of requests.push(bytes)) {
      const command = nameCommand(readCommand(frame));
      state.commands.push(command);
      const fate = state.fateOf?.(command) ?? 'pass';
      if (fate === 'cut_before') return void client.resetAndDestroy();
      fates.push(fate);
      toRedis.send(frame, fate === 'keep_request');
    }
  });
  redis.on('data', (bytes: Buffer) => {
    for (const frame of replies.push(bytes)) {
      const fate = isPush(frame) ? 'pass' : (fates.shift() ?? 'pass');
      if (fate === 'cut_after') return void client.resetAndDestroy();
      toClient.send(frame, fate === 'keep_reply', state.delayMs);
    }
  });
}

interface Lane {
  send(frame: Buffer, keep: boolean, delayMs?: number): void;
}

/** One direction of a connection. Order is kept: what is behind a frame that is late or kept waits with it. */
function createLane(state: LinkState, write: (bytes: Buffer) => void): Lane {
  const waiting: { frame: Buffer; keep: boolean; dueMs: number }[] = [];
  let blocked = false;
  const flush = (): void => {
    while (!blocked) {
      const next = waiting[0];
      if (next === undefined) return;
      const earlyMs = next.dueMs - performance.now();
      if (earlyMs > 0) {
        block((go) => void setTimeout(go, earlyMs));
        return;
      }
      waiting.shift();
      if (next.keep) block((go) => void state.kept.add(go), next.frame);
      else write(next.frame);
    }
  };
  const block = (until: (go: () => void) => void, frame?: Buffer): void => {
    blocked = true;
    until(() => {
      blocked = false;
      if (frame !== undefined) write(frame);
      flush();
    });
  };
  return {
    send(frame, keep, delayMs = 0) {
      waiting.push({ frame, keep, dueMs: delayMs === 0 ? 0 : performance.now() + delayMs });
      flush();
    },
  };
}

/** The hash by which a client sends a script, to the script's path: `ledger/hold`. */
const SCRIPTS = new Map(
  readdirSync(new URL('../../src/store/redis/scripts/', import.meta.url), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.lua') && !file.includes('lib-'))
    .map((file) => file.replaceAll('\\', '/').replace(/\.lua$/, ''))
    .map((path) => [hashOf(loadScript(path)), path]),
);

/** The path of a script for `EVALSHA` and `EVAL`, the word of any other command in lower case. */
export function nameCommand([verb = '', argument = '']: readonly string[]): string {
  const name = verb.toLowerCase();
  if (name !== 'eval' && name !== 'evalsha') return name;
  const hash = name === 'eval' ? hashOf(argument) : argument;
  return SCRIPTS.get(hash) ?? `script ${hash}`;
}

function hashOf(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
