import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createBatchBook } from './batch-book.ts';
import { createBillBook } from './bill.ts';
import { createCallLog } from './call-log.ts';
import { createFileBook } from './file-book.ts';
import { createPacer } from './pacer.ts';
import { createPromptCache } from './prompt-cache.ts';
import { createOrganization } from './response-headers.ts';
import { createSeededRandom } from './seeded-random.ts';
import { type SimulatorParts, serveCall } from './serve-call.ts';
import type { Bill, Scenario, SimulatedApi, SimulatedApiOptions } from './simulator-types.ts';

/**
 * Makes a Claude API that answers by itself, bills by itself and breaks where it is told to.
 * It shares no code with the meter, so that its bill can be held against the meter's ledger.
 */
export function createSimulatedApi(options: SimulatedApiOptions = {}): SimulatedApi {
  const queue: Scenario[] = [];
  const faults: unknown[] = [];
  const parts = createParts(options, queue);
  const { batches, book, log } = parts;
  // Long enough that a pool of connections is not surprised by a close.
  const server = createServer({ noDelay: true, keepAliveTimeout: 65_000 }, (request, response) => {
    if (request.method === 'GET' && request.url === '/simulator/bill') {
      sendBill(response, book.snapshot());
      return;
    }
    serveCall(parts, request, response).catch((error: unknown) => {
      faults.push(error);
      response.destroy();
    });
  });
  server.on('connection', () => {
    log.counters.connections += 1;
  });
  const ending = options.batchMs === undefined ? undefined : setInterval(() => batches.end(), options.batchMs).unref();
  return {
    listen: (port = 0) => listen(server, port),
    bill: () => book.snapshot(),
    get requests() {
      return log.requests();
    },
    counters: log.counters,
    batches: { ids: batches.ids, end: batches.end },
    enqueue: (...scenarios) => void queue.push(...scenarios),
    nextRequest: (path) => log.nextCall(path),
    idle: () => log.idle(),
    async close() {
      clearInterval(ending);
      await closeServer(server);
      await log.idle();
      if (faults.length > 0) throw new AggregateError(faults.splice(0), 'the simulated API failed while answering');
    },
  };
}

function createParts(options: SimulatedApiOptions, queue: Scenario[]): SimulatorParts {
  const clock = options.clock ?? ((): Date => new Date());
  const seed = options.seed ?? 1;
  return {
    apiKeys: options.apiKeys === undefined ? undefined : new Set(options.apiKeys),
    organization: createOrganization(createSeededRandom(seed)),
    cache: createPromptCache(clock),
    batches: createBatchBook(clock),
    files: createFileBook(clock),
    book: createBillBook(options.recordedBillEntries ?? 100_000),
    log: createCallLog(options.recordedRequests ?? 1_000),
    pacer: createPacer(options.tokensPerSecond),
    seed,
    abortBilling: options.billOnAbort ?? 'generated_so_far',
    clock,
    chooseScenario: (request) => queue.shift() ?? options.script?.(request),
  };
}

async function listen(server: Server, port: number): Promise<{ baseUrl: string }> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  return { baseUrl: `http://127.0.0.1:${address.port}` };
}

async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

/** The bill as JSON, whole numbers as strings, the latest hundred entries. */
function sendBill(response: ServerResponse, bill: Bill): void {
  const page = { ...bill, entries: bill.entries.slice(-100) };
  const text = JSON.stringify(
    page,
    (_name, value: unknown) => (typeof value === 'bigint' ? value.toString() : value),
    2,
  );
  response.writeHead(200, { 'content-type': 'application/json' }).end(`${text}\n`);
}
