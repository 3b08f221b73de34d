import { integerSetting, type Setting } from './setting.ts';
import type { Limits } from './settings.ts';

const MIB = 1024 * 1024;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Every limit of size and time: name, default, range and what it bounds. */
export const limitsTable: { readonly [Key in keyof Limits]: Setting<number> } = {
  messagesBodyBytes: bytes(
    'MESSAGES_BODY',
    32 * MIB,
    [1_024, 256 * MIB],
    'Largest Messages request. The API takes 32 MiB; a larger limit only moves the refusal there.',
  ),
  inflatedBodyBytes: bytes(
    'INFLATED_BODY',
    64 * MIB,
    [1_024, 512 * MIB],
    'Largest request body once inflated, which is done for metering only.',
  ),
  batchBodyBytes: bytes(
    'BATCH_BODY',
    256 * MIB,
    [1_024, 1_024 * MIB],
    'Largest Message Batch, kept in a file of the data folder until it is sent. The API takes 256 MiB.',
  ),
  batchUploads: count(
    'BATCH_UPLOADS',
    4,
    [0, 1_000],
    'Message Batches taken at once, per process; above it the client is told 529. They fill so many files; 0 takes none.',
  ),
  batchPollMs: time(
    'BATCH_POLL',
    10 * MINUTE,
    DAY,
    'Longest time between two looks at a Message Batch whose results nobody has fetched. It is charged then.',
  ),
  jsonDepth: count('JSON_DEPTH', 256, [8, 5_000], 'Deepest nesting of JSON read in a request.'),
  requestTimeoutMs: time('REQUEST_TIMEOUT', 2 * MINUTE, HOUR, 'Time a client has to send its whole request.'),
  headersTimeoutMs: time('HEADERS_TIMEOUT', 30 * SECOND, HOUR, "Time a client has to send its request's headers."),
  keepAliveTimeoutMs: time(
    'KEEP_ALIVE_TIMEOUT',
    75 * SECOND,
    HOUR,
    'Time an idle client connection is kept; longer than the 60 s of most load balancers, so that they close first.',
  ),
  maxConnections: count('MAX_CONNECTIONS', 10_000, [1, 1_000_000], 'Client connections open at once, per process.'),
  callsPerAccount: count(
    'CALLS_PER_ACCOUNT',
    5_000,
    [1, 1_000_000],
    'Requests of one account open at once, per process; above it the client is told 429. Open streams count.',
  ),
  callsPerKey: count('CALLS_PER_KEY', 2_500, [1, 1_000_000], 'The same of one API key.'),
  loopDelayMs: time(
    'LOOP_DELAY',
    SECOND,
    10 * MINUTE,
    'Standing delay of the event loop above which part of the new requests is told 529, accounts with the most first.',
  ),
  bodyMemoryBytes: bytes(
    'BODY_MEMORY',
    1_024 * MIB,
    [MIB, 1_048_576 * MIB],
    'Request bodies held in memory, of all clients together, per process; above it the client is told 529.',
  ),
  fileUploads: count(
    'FILE_UPLOADS',
    8,
    [0, 1_000],
    'Files (of up to 500 MB) taken at once, per process, each kept in the data folder until it is sent; above it 529.',
  ),
  upstreamConnections: count(
    'UPSTREAM_CONNECTIONS',
    1_024,
    [1, 65_535],
    'Connections to the upstream, per process; each carries one call.',
  ),
  upstreamConnectTimeoutMs: time('UPSTREAM_CONNECT_TIMEOUT', 10 * SECOND, 5 * MINUTE, 'Time to connect upstream.'),
  upstreamQueueMs: time(
    'UPSTREAM_QUEUE',
    10 * SECOND,
    10 * MINUTE,
    'Wait for a free upstream connection; after it the client is told 529.',
  ),
  upstreamFirstByteMs: time(
    'UPSTREAM_FIRST_BYTE',
    10 * MINUTE,
    HOUR,
    "Wait for the answer's headers: an answer that is not streamed sends none before it is complete.",
  ),
  upstreamSilenceMs: time(
    'UPSTREAM_SILENCE',
    3 * MINUTE,
    HOUR,
    'Longest silence within an answer; the API pings a stream every half minute or so. Also the longest that an error may go on before it is broken off, and that a client may take nothing of what it is sent.',
  ),
  countTokensMs: time(
    'COUNT_TOKENS',
    2 * SECOND,
    MINUTE,
    'Wait for the API to count a prompt, which is asked for only where credit or a quota is short of its bound.',
  ),
  callTotalMs: time('CALL_TOTAL', HOUR, 24 * HOUR, 'Longest life of one call.'),
  disconnectDrainMs: time(
    'DISCONNECT_DRAIN',
    10 * MINUTE,
    HOUR,
    'Time an answer is read on, to be charged exactly, after its client has left.',
  ),
  disconnectDrains: count(
    'DISCONNECT_DRAINS',
    256,
    [0, 65_535],
    'Answers read on at once after their clients have left; above it they are cancelled.',
  ),
  shutdownDrainMs: time(
    'SHUTDOWN_DRAIN',
    25 * SECOND,
    HOUR,
    'Time open calls have to finish at shutdown; below the 30 s after which Kubernetes kills.',
  ),
  holdLeaseMs: time('HOLD_LEASE', 2 * MINUTE, HOUR, 'Life of a hold without a heartbeat; then it is reclaimed.'),
  holdHeartbeatMs: time('HOLD_HEARTBEAT', 30 * SECOND, HOUR, 'Time between two heartbeats of a running call.'),
  storeTimeoutMs: time(
    'STORE_TIMEOUT',
    SECOND,
    MINUTE,
    'A command that the store has not answered by then is of unknown outcome; admission fails closed.',
  ),
  graceLifeMs: time(
    'GRACE_LIFE',
    10 * MINUTE,
    DAY,
    'How long after the store last admitted a call of a key its calls may go on by `GRACE_BUDGET_USD`.',
  ),
  rateCardPollMs: time(
    'RATE_CARD_POLL',
    10 * SECOND,
    HOUR,
    'Time between two looks at the rate card files; a good change is in force after it at the latest.',
  ),
  spoolEntries: count(
    'SPOOL_ENTRIES',
    10_000,
    [1, 10_000_000],
    'Settles waiting in the local spool for the store; admission stops at it.',
  ),
  rememberedWrites: count(
    'REMEMBERED_WRITES',
    50_000,
    [1, 10_000_000],
    'Acknowledged writes kept in memory for two minutes, some 2 KB each, to be sent again when Redis has lost them.',
  ),
  journalKeepMs: integerSetting({
    name: 'LIMIT_JOURNAL_KEEP_MS',
    default: 7 * DAY,
    unit: 'milliseconds',
    min: 4 * DAY,
    max: 400 * DAY,
    sentence: 'Time journal entries stay in Redis once they are exported. Without an export they stay for ever.',
  }),
  driftCheckMs: integerSetting({
    name: 'LIMIT_DRIFT_CHECK_MS',
    default: DAY,
    unit: 'milliseconds',
    min: 0,
    max: 400 * DAY,
    sentence: "Time in which each process holds every account's books against its journal, one at a time; 0: never.",
  }),
};

function bytes(name: string, value: number, [min, max]: [number, number], sentence: string): Setting<number> {
  return integerSetting({ name: `LIMIT_${name}_BYTES`, default: value, unit: 'bytes', min, max, sentence });
}

/** Times are at least 10 ms: zero would mean "none" in one library and "at once" in the next. */
function time(name: string, value: number, max: number, sentence: string): Setting<number> {
  return integerSetting({ name: `LIMIT_${name}_MS`, default: value, unit: 'milliseconds', min: 10, max, sentence });
}

function count(name: string, value: number, [min, max]: [number, number], sentence: string): Setting<number> {
  return integerSetting({ name: `LIMIT_${name}`, default: value, min, max, sentence });
}
