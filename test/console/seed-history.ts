import { join } from 'node:path';
import { createId } from '../../src/directory/create-id.ts';
import { createKeySecret } from '../../src/directory/key-secret.ts';
import { NANO_PER_USD } from '../../src/domain/money.ts';
import { priceCall } from '../../src/domain/price-call.ts';
import { modelLabels, type RateCard } from '../../src/domain/rate-card.ts';
import { describeLine, sumByClass } from '../../src/metering/describe-call.ts';
import { describeReportFacts } from '../../src/metering/describe-report-facts.ts';
import { createReportFold } from '../../src/reports/report-fold.ts';
import type { Store } from '../../src/store/open-store.ts';
import { DIRECTORY_SCHEMA } from '../../src/store/sqlite/directory-schema.ts';
import { LEDGER_SCHEMA } from '../../src/store/sqlite/ledger-schema.ts';
import { openDatabase } from '../../src/store/sqlite/open-database.ts';
import { REPORTS_SCHEMA } from '../../src/store/sqlite/reports-schema.ts';
import { createSqliteDirectory } from '../../src/store/sqlite/sqlite-directory.ts';
import { createSqliteJournalSource } from '../../src/store/sqlite/sqlite-journal-source.ts';
import { createSqliteLedger } from '../../src/store/sqlite/sqlite-ledger.ts';
import { createSqliteReports } from '../../src/store/sqlite/sqlite-reports.ts';
import { loadRateCard } from '../support/shared-parts.ts';

export interface HistoryOptions {
  dataFolder: string;
  name: string;
  teams: readonly string[];
  keys: number;
  /** Calls over the whole time; more of them towards its end. */
  calls: number;
  days: number;
  creditUsd: bigint;
}

/** An account that has been in use for a while. */
export interface History {
  accountId: string;
  teamIds: string[];
  keys: { id: string; secret: string; teamId: string | undefined }[];
  chargedNanoUsd: bigint;
}

type SeededStore = Pick<Store, 'ledger' | 'directory' | 'journal' | 'reports'>;

const MODELS = ['claude-sonnet-5', 'claude-opus-4-8', 'claude-haiku-4-5', 'claude-opus-5'];
const DAY_MS = 86_400_000;

/**
 * Writes an account's past into an embedded store that nobody has open, through the store's own directory and ledger at
 * a clock of its own, so that its books, journal and sums are as calls of that time would have left them.
 */
export async function seedHistory(options: HistoryOptions): Promise<History> {
  const endMs = Date.now();
  const clock = { nowMs: endMs - options.days * DAY_MS };
  const database = openDatabase({
    path: join(options.dataFolder, 'tollgate.sqlite'),
    parts: [LEDGER_SCHEMA, DIRECTORY_SCHEMA, REPORTS_SCHEMA],
  });
  // Nothing is lost if this machine dies meanwhile: the test begins anew.
  database.connection.exec('PRAGMA synchronous = OFF');
  const store = {
    ledger: createSqliteLedger({ database, clock: () => clock.nowMs }),
    directory: createSqliteDirectory(database),
    journal: createSqliteJournalSource(database),
    reports: createSqliteReports(database),
  };
  try {
    const history = await makePeople(store, options, clock.nowMs);
    const card = loadRateCard();
    const random = createRandom(7);
    for (let index = 0; index < options.calls; index += 1) {
      // The square root leaves more calls for the end than for the beginning.
      const share = Math.sqrt((index + 1) / options.calls);
      clock.nowMs = Math.floor(endMs - options.days * DAY_MS + share * options.days * DAY_MS) - 60_000;
      history.chargedNanoUsd += await makeCall(store, card, history, { index, random, nowMs: clock.nowMs });
    }
    clock.nowMs = endMs;
    await foldReports(store, history.accountId);
    return history;
  } finally {
    database.close();
  }
}

async function makePeople(store: SeededStore, options: HistoryOptions, nowMs: number): Promise<History> {
  const { directory, ledger } = store;
  const accountId = createId('acct', nowMs);
  await ledger.openAccount({ accountId, mode: 'prepaid', creditLimitNanoUsd: 0n });
  await directory.createAccount({
    id: accountId,
    name: options.name,
    timezone: 'Europe/Berlin',
    mode: 'prepaid',
    creditLimitNanoUsd: 0n,
    onDisconnect: 'drain',
    onExhausted: 'cut',
    lowBalanceNanoUsd: [20n * NANO_PER_USD],
    createdAtMs: nowMs,
  });
  const grant = { accountId, priority: 50, effectiveAtMs: nowMs };
  const nowDaysMs = nowMs + options.days * DAY_MS;
  await ledger.grant({
    ...grant,
    grantId: createId('grant', nowMs),
    amountNanoUsd: options.creditUsd * NANO_PER_USD,
    kind: 'paid',
    expiresAtMs: nowDaysMs + 210 * DAY_MS,
  });
  await ledger.grant({
    ...grant,
    grantId: createId('grant', nowMs),
    amountNanoUsd: 25n * NANO_PER_USD,
    kind: 'promotional',
    priority: 60,
    expiresAtMs: nowDaysMs + 9 * DAY_MS,
  });
  const teamIds: string[] = [];
  for (const name of options.teams) {
    const id = createId('team', nowMs);
    teamIds.push(id);
    await directory.createTeam({ id, accountId, name, createdAtMs: nowMs });
  }
  const keys: History['keys'] = [];
  for (let index = 0; index < options.keys; index += 1) {
    const id = createId('key', nowMs + index);
    const { secret, secretHash, hint } = createKeySecret();
    // Every seventh belongs to no team.
    const teamId = index % 7 === 6 ? undefined : teamIds[index % teamIds.length];
    keys.push({ id, secret, teamId });
    const name = `${NAMES[index % NAMES.length]}${index < NAMES.length ? '' : `-${index}`}`;
    await directory.createKey({
      ...{ id, accountId, name, secretHash, hint, createdAtMs: nowMs },
      ...(teamId === undefined ? {} : { teamId }),
    });
  }
  return { accountId, teamIds, keys, chargedNanoUsd: 0n };
}

const NAMES = [
  'ci-runner',
  'support-bot',
  'ada-laptop',
  'nightly-evals',
  'docs-writer',
  'grace-laptop',
  'search-index',
];

interface Moment {
  index: number;
  random: () => number;
  nowMs: number;
}

async function makeCall(store: SeededStore, card: RateCard, history: History, moment: Moment): Promise<bigint> {
  const { accountId, keys } = history;
  const { index, random, nowMs } = moment;
  const model = card.byName.get(MODELS[Math.floor(random() ** 2 * MODELS.length)] ?? '') ?? card.models[0];
  // The first keys are the busiest; each is used now and then.
  const key =
    keys[index % 3 === 0 ? Math.floor(random() * keys.length) : Math.floor(random() ** 3 * Math.min(40, keys.length))];
  if (model === undefined || key === undefined) throw new Error('there is no model, or no key');
  const tokens = {
    input: 200 + Math.floor(random() * 3_000),
    cacheWrite5m: Math.floor(random() * 2_500),
    cacheWrite1h: 0,
    cacheRead: Math.floor(random() * 24_000),
    output: 100 + Math.floor(random() * 2_400),
  };
  const usage = {
    model: model.id,
    passes: [{ model: model.id, kind: 'message', tokens }],
    webSearches: 0,
    ...{ serviceTier: 'standard', inferenceGeo: undefined, speed: undefined },
  };
  const priced = priceCall(card, usage, nowMs);
  if (!priced.priced) throw new Error(`no prices for ${model.id}`);
  const { amountNanoUsd, lines, rateCardVersion } = priced.receipt;
  const { cache_savings_usd: saved } = describeReportFacts({}, priced.receipt);
  const savings = saved === undefined ? {} : { cache_savings_usd: saved };
  const hold = {
    ...{ accountId, holdId: createId('hold', nowMs), tokens: 30_000n, modelLabels: modelLabels(model), cells: [] },
  };
  const held = await store.ledger.hold({ ...hold, amountNanoUsd: amountNanoUsd * 2n, leaseMs: 120_000 });
  if (held.result !== 'held') throw new Error(`the hold was answered ${held.result}`);
  const settled = await store.ledger.settle({
    ...hold,
    amountNanoUsd,
    details: {
      request_id: createId('req', nowMs),
      key_id: key.id,
      ...(key.teamId === undefined ? {} : { team_id: key.teamId }),
      requested_model: model.id,
      ...{ outcome: 'complete', status: 200, basis: 'reported', model: model.id, rate_card_version: rateCardVersion },
      tokens: sumByClass(lines),
      receipt: lines.map(describeLine),
      ...savings,
    },
  });
  if (settled.result !== 'settled') throw new Error(`the settle was answered ${settled.result}`);
  return amountNanoUsd;
}

async function foldReports(store: SeededStore, accountId: string): Promise<void> {
  const { journal, reports, directory } = store;
  const fold = createReportFold({ journal, store: reports, directory, logger: { warn: () => undefined } });
  await fold.foldAccount(accountId);
}

/** The same figures in each run (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
