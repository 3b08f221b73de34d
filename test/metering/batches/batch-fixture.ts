import type { Account, Directory } from '../../../src/directory/directory.ts';
import { type BatchMeter, createBatchMeter } from '../../../src/metering/batches/batch-meter.ts';
import type { BatchUpstream, UpstreamBatch } from '../../../src/metering/batches/batch-upstream.ts';
import { DEFAULT_CALL_POLICIES } from '../../../src/metering/call-policies.ts';
import { createOpenCostMemory } from '../../../src/metering/open-cost-memory.ts';
import { openDatabase } from '../../../src/store/sqlite/open-database.ts';
import { createSqliteStored } from '../../../src/store/sqlite/sqlite-stored.ts';
import { STORED_SCHEMA } from '../../../src/store/sqlite/stored-schema.ts';
import { openMeter } from '../meter-fixture.ts';
import { ACCOUNT_ID, makePrincipal, makeRequest } from '../metering-fixtures.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
export const HAIKU = 'claude-haiku-4-5-20251001';
export const SONNET = 'claude-sonnet-4-6';

/** The API's batches, as a test sets them. */
export interface FakeUpstream extends BatchUpstream {
  /** Newest first. */
  batches: UpstreamBatch[];
  /** By id. */
  results: Map<string, string>;
  isDown: boolean;
}

/** A batch meter on the embedded stores in memory, with a clock that is moved by hand. */
export async function openBatchMeter() {
  const base = await openMeter({ creditUsd: 1_000, creditDays: 60 });
  const { timers } = base.fixture;
  const database = openDatabase({ path: ':memory:', parts: [STORED_SCHEMA] });
  const stored = createSqliteStored(database);
  const limits = { callTotalMs: HOUR_MS, batchPollMs: 10 * 60_000 };
  const principal = makePrincipal();
  const directory: Pick<Directory, 'findAccount'> = { findAccount: async (): Promise<Account> => principal.account };
  const batches = createBatchMeter({
    ...{ ...base.shared, priceBook: base.priceBook, settleQueue: base.settleQueue, stored, directory, limits },
    policies: DEFAULT_CALL_POLICIES,
    openCosts: createOpenCostMemory(),
  });
  const upstream = createFakeUpstream();
  const { ledger } = base.fixture;
  return {
    ...base,
    batches,
    stored,
    upstream,
    principal,
    ledger,
    timers,
    /** Reads, holds for and records a batch: models by custom id. */
    place: (models: { [customId: string]: string }) => place(batches, principal, models),
    /** Looks at everything that is due, after so long. */
    async lookAfter(ms: number) {
      timers.advance(ms);
      while (await batches.lookAtDue(upstream));
      await base.settleQueue.settled();
    },
    journal: () => ledger.readJournal(ACCOUNT_ID, { afterSequence: 0, limit: 1_000 }),
    async held() {
      return (await ledger.readBalance(ACCOUNT_ID))?.heldNanoUsd;
    },
    async charged() {
      return (await ledger.readBalance(ACCOUNT_ID))?.chargedNanoUsd;
    },
    async [Symbol.asyncDispose]() {
      await base[Symbol.asyncDispose]();
      database.close();
    },
  };
}

function createFakeUpstream(): FakeUpstream {
  const fake: FakeUpstream = {
    batches: [],
    results: new Map(),
    isDown: false,
    async find(id) {
      if (fake.isDown) throw new Error('down');
      return fake.batches.find((batch) => batch.id === id);
    },
    async *list() {
      if (fake.isDown) throw new Error('down');
      yield* fake.batches;
    },
    async readResults(id, onChunk) {
      const text = fake.results.get(id);
      if (text !== undefined) onChunk(Buffer.from(text));
      return text !== undefined;
    },
  };
  return fake;
}

async function place(
  batches: BatchMeter,
  principal: ReturnType<typeof makePrincipal>,
  models: { [customId: string]: string },
) {
  const admission = batches.admit(principal, { longOutput: false });
  for (const [index, [customId, model]] of Object.entries(models).entries()) {
    const refusal = admission.add({ customId, request: makeRequest({ model, maxTokens: 500 }) }, index);
    if (refusal !== undefined) throw new Error(refusal.kind);
  }
  const placed = await batches.place(principal, 'req_1', admission.sum());
  if (!placed.placed) throw new Error(placed.refusal.kind);
  return placed.record;
}

/** A line of results: a success of this usage, or of none; or another end. */
export function resultLine(customId: string, message?: { model: string; usage?: object; text?: string }): string {
  const result =
    message === undefined
      ? { type: 'expired' }
      : {
          type: 'succeeded',
          message: {
            id: 'msg_1',
            model: message.model,
            content: [{ type: 'text', text: message.text ?? 'a\nb {"x":1}' }],
            stop_reason: 'end_turn',
            ...(message.usage === undefined ? {} : { usage: message.usage }),
          },
        };
  return `${JSON.stringify({ custom_id: customId, result })}\n`;
}

export const usageOf = (input: number, output: number): object => ({
  input_tokens: input,
  output_tokens: output,
  service_tier: 'batch',
});
