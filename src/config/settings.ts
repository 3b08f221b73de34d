/** Everything that can be set, typed and frozen. Made by load-settings.ts, the only reader of the environment. */
export interface Settings {
  host: string;
  port: number;
  adminHost: string;
  adminPort: number;
  /** Undefined: generated once and kept in the data folder. */
  adminToken: string | undefined;
  /** Undefined: the simulated Claude API answers. */
  anthropicApiKey: string | undefined;
  upstreamBaseUrl: string;
  /** Where clients reach the public listener; undefined: as their requests name it. */
  publicUrl: string | undefined;
  /** Undefined: the embedded store. */
  redisUrl: string | undefined;
  /** Replicas that must have an administrative write before it is answered; `auto`: one where there is any. */
  redisWaitReplicas: number | 'auto';
  dataDir: string;
  rateCardPath: string;
  /** The operator's own prices over the card's; undefined: none. */
  rateCardOverridesPath: string | undefined;
  /** The model at whose prices unknown ones are admitted; undefined: they are refused. */
  unknownModelPricedAs: string | undefined;
  /** What becomes of a streamed call whose process was killed: charged as far as it was reported, or nothing. */
  orphanedCalls: 'charge' | 'release';
  workers: number;
  logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  alertWebhookUrl: string | undefined;
  /** Standard Webhooks secret (`whsec_...`). */
  alertWebhookSecret: string | undefined;
  /** Undefined: no mail is sent. */
  smtpUrl: string | undefined;
  smtpFrom: string | undefined;
  /** Whether channels of accounts may reach networks that are not public. */
  alertPrivateTargets: 'refuse' | 'allow';
  /** Where the payment side is asked to pay for reloads; undefined: no account can have auto-reload. */
  reloadWebhookUrl: string | undefined;
  reloadWebhookSecret: string | undefined;
  /** Undefined: the journal is not exported, and all of it stays in the store. */
  exportDir: string | undefined;
  /** Where the journal is posted to as CloudEvents; undefined: nowhere. */
  exportHttpUrl: string | undefined;
  exportHttpToken: string | undefined;
  /** The PostgreSQL database that the journal is written to; undefined: none. */
  exportPostgresUrl: string | undefined;
  /** A request whose cost has no bound: held at the largest of its kind, or refused. */
  unboundedRequests: 'hold' | 'refuse';
  /** A call of which it is not known whether the API bills it: charged nothing, or an estimate. */
  doubtfulEnds: 'release' | 'estimate';
  /** What an account may spend, in each process, while Redis does not answer; in nano-dollars, 0: nothing. */
  graceBudgetNanoUsd: bigint;
  telemetry: TelemetrySettings;
  limits: Limits;
}

/** Where spans of calls are sent. */
export interface TelemetrySettings {
  /** Undefined: no traces. */
  otlpEndpoint: string | undefined;
  /** By lower-case name. */
  otlpHeaders: Readonly<Record<string, string>> | undefined;
  serviceName: string;
}

/** Every limit of size and time. Milliseconds and bytes. */
export interface Limits {
  /** Largest Messages request: 32 MiB, as the API. */
  messagesBodyBytes: number;
  /** Largest body after gunzip, read for metering only. */
  inflatedBodyBytes: number;
  /** Largest Message Batch: 256 MiB, as the API. It is kept on disk while it is read. */
  batchBodyBytes: number;
  /** Batches being uploaded at once. */
  batchUploads: number;
  /** Longest time between two looks at a batch that is not charged yet. */
  batchPollMs: number;
  /** JSON nesting read in a request. */
  jsonDepth: number;
  /** Time a client has to send its whole request. */
  requestTimeoutMs: number;
  headersTimeoutMs: number;
  keepAliveTimeoutMs: number;
  maxConnections: number;
  /** Requests of one account, and of one key, open at once in this process. */
  callsPerAccount: number;
  callsPerKey: number;
  /** Standing delay of the event loop above which new requests are refused. */
  loopDelayMs: number;
  /** Request bodies held in memory, of all callers together. */
  bodyMemoryBytes: number;
  /** Files being uploaded at once, each kept on disk until it is sent. */
  fileUploads: number;
  upstreamConnections: number;
  upstreamConnectTimeoutMs: number;
  /** Wait for a free upstream connection; then 529. */
  upstreamQueueMs: number;
  /** Wait for the answer's headers. */
  upstreamFirstByteMs: number;
  /** Longest silence within an answer; the API pings every 30 s or so. A client that takes nothing for so long is let go. */
  upstreamSilenceMs: number;
  /** Wait for the API to count a prompt. */
  countTokensMs: number;
  /** A call's longest life. */
  callTotalMs: number;
  /** Time a drained call may run on after its client left. */
  disconnectDrainMs: number;
  /** Calls drained at once; above it they are cancelled. */
  disconnectDrains: number;
  /** Time open calls have to finish at shutdown. */
  shutdownDrainMs: number;
  holdLeaseMs: number;
  holdHeartbeatMs: number;
  /** A hold or settle that the store has not answered by then is unknown. */
  storeTimeoutMs: number;
  /** How long after its last admission by the store a key may go on by the grace budget. */
  graceLifeMs: number;
  /** Between two looks at the files of the rate card. */
  rateCardPollMs: number;
  /** Settles waiting in the local spool; admission stops at it. */
  spoolEntries: number;
  /** Acknowledged writes remembered, to be sent again when the store has lost them. */
  rememberedWrites: number;
  /** Journal entries that are exported stay in Redis for so long. Above the 72 h for which ended holds are known. */
  journalKeepMs: number;
  /** A round of the background check of all books; 0: there is none. */
  driftCheckMs: number;
}
