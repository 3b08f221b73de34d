import type { FastifyContextConfig } from 'fastify';
import type { AdminApp, AdminParts } from '../../src/admin/admin-parts.ts';
import { createAdminApp } from '../../src/admin/create-admin-app.ts';
import type { AlertAdmin } from '../../src/alerts/start-alerts.ts';
import type { AuditLog } from '../../src/directory/audit-log.ts';
import type { Directory } from '../../src/directory/directory.ts';
import { createPrincipalCache } from '../../src/directory/principal-cache.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { createOpenCalls } from '../../src/metering/open-calls.ts';
import { createHealthNotes } from '../../src/observability/health-notes.ts';
import { recordAnswer } from '../../src/reloads/record-answer.ts';
import { createReportFold } from '../../src/reports/report-fold.ts';
import { ALERTS_SCHEMA } from '../../src/store/sqlite/alerts-schema.ts';
import { AUDIT_SCHEMA } from '../../src/store/sqlite/audit-schema.ts';
import { DIRECTORY_SCHEMA } from '../../src/store/sqlite/directory-schema.ts';
import { LEDGER_SCHEMA } from '../../src/store/sqlite/ledger-schema.ts';
import { type Database, openDatabase } from '../../src/store/sqlite/open-database.ts';
import { REPORTS_SCHEMA } from '../../src/store/sqlite/reports-schema.ts';
import { createSqliteAlerts } from '../../src/store/sqlite/sqlite-alerts.ts';
import { createSqliteAudit } from '../../src/store/sqlite/sqlite-audit.ts';
import { createSqliteDirectory } from '../../src/store/sqlite/sqlite-directory.ts';
import { createSqliteJournalSource } from '../../src/store/sqlite/sqlite-journal-source.ts';
import { createSqliteLedger } from '../../src/store/sqlite/sqlite-ledger.ts';
import { createSqliteReports } from '../../src/store/sqlite/sqlite-reports.ts';
import { createAlertAdmin } from '../alerts/alert-admin.ts';
import { loadRateCard } from '../support/shared-parts.ts';
import { type AnswerContract, createAnswerContract } from './answer-contract.ts';

export const TOKEN = 'tga_test-token-of-the-admin-api';
export const START_MS = Date.parse('2026-11-21T09:30:00.000Z');

// biome-ignore lint/suspicious/noExplicitAny: the answers are held against the OpenAPI document at run time.
export type Json = any;

export interface Answer {
  status: number;
  headers: { readonly [name: string]: string };
  text: string;
  body: Json;
}

export interface AdminUnderTest {
  app: AdminApp;
  /** Every route there is: "GET /admin/v1/accounts/:account_id". */
  routes: readonly string[];
  /** The same with what each says of itself. */
  routeOptions: readonly RouteUnderTest[];
  clock: { nowMs: number };
  directory: Directory;
  ledger: Ledger;
  audit: AuditLog;
  alerts: AlertAdmin;
  database: Database;
  /** What the reconciliations found. */
  reconciled: { account: string; driftNanoUsd: bigint }[];
  /** Sends a call with the token and holds its answer against the OpenAPI document. */
  call(method: string, path: string, body?: unknown, headers?: { [name: string]: string }): Promise<Answer>;
  close(): Promise<void>;
}

export interface RouteUnderTest {
  method: string;
  /** "/admin/v1/accounts/:account_id" */
  url: string;
  config: FastifyContextConfig;
  schema: Json;
}

/** Replaces parts of the stores, to cut a call off in the middle. */
export type Tamper = (stores: { directory: Directory; ledger: Ledger; audit: AuditLog }) => Partial<AdminParts>;

const rateCard = loadRateCard();

/** The admin app on embedded stores in memory, at a clock of its own. */
export async function openAdmin(tamper: Tamper = () => ({})): Promise<AdminUnderTest> {
  const clock = { nowMs: START_MS };
  const database = openDatabase({
    path: ':memory:',
    parts: [LEDGER_SCHEMA, DIRECTORY_SCHEMA, AUDIT_SCHEMA, ALERTS_SCHEMA, REPORTS_SCHEMA],
  });
  const ledger = createSqliteLedger({ database, clock: () => clock.nowMs });
  const directory = createSqliteDirectory(database);
  const audit = createSqliteAudit(database);
  const alerts = createAlertAdmin(createSqliteAlerts(database), () => clock.nowMs);
  const reconciled: AdminUnderTest['reconciled'] = [];
  const journal = createSqliteJournalSource(database);
  const reportStore = createSqliteReports(database);
  const ticks = new Set<() => void>();
  const logger = { warn: () => undefined };
  const quiet = { ...logger, info: () => undefined };
  const metrics = { reloadHappened: () => undefined };
  const app = createAdminApp({
    directory,
    ledger,
    audit,
    alerts: alerts.admin,
    journal,
    reports: {
      fold: createReportFold({ journal, store: reportStore, directory, logger }),
      store: reportStore,
    },
    reloads: {
      canBeAsked: true,
      record: (accountId, reloadId, answer) =>
        recordAnswer(
          { ledger, nowMs: () => clock.nowMs, metrics, logger: quiet, onReloadEvent: async () => undefined },
          accountId,
          reloadId,
          answer,
        ),
    },
    onReconciled: (account, driftNanoUsd) => void reconciled.push({ account, driftNanoUsd }),
    rateCard: () => rateCard,
    adminToken: TOKEN,
    clock: () => clock.nowMs,
    metricsText: async () => ({ contentType: 'text/plain; version=0.0.4', body: 'tollgate_up 1\n' }),
    every: (_intervalMs, run) => {
      ticks.add(run);
      return () => ticks.delete(run);
    },
    openCalls: createOpenCalls(),
    principals: createPrincipalCache({ directory, now: () => clock.nowMs }),
    publicUrl: () => 'http://127.0.0.1:8787',
    health: () => ({
      store: { description: 'embedded, in memory', warnings: [] },
      upstream: { address: 'http://127.0.0.1:1', simulated: true },
      openCalls: 0,
      spool: { entries: 0, oldestAtMs: undefined, full: false },
      notes: createHealthNotes(() => clock.nowMs).read(),
    }),
    readiness: async () => ({ ready: true, checks: { store: 'ok' } }),
    version: '1.2.3',
    ...tamper({ directory, ledger, audit }),
  });
  const routeOptions: RouteUnderTest[] = [];
  app.addHook('onRoute', ({ method, url, config = {}, schema = {} }) => {
    for (const one of [method].flat()) routeOptions.push({ method: one, url, config, schema });
  });
  await app.ready();
  const contract = createAnswerContract(app.swagger());
  return {
    app,
    routes: routeOptions.map(({ method, url }) => `${method} ${url}`),
    routeOptions,
    clock,
    directory,
    ledger,
    audit,
    alerts: alerts.admin,
    database,
    reconciled,
    call: (method, path, body, headers) => call(app, contract, method, path, body, headers),
    close: async () => {
      await app.close();
      await alerts.close();
      database.close();
    },
  };
}

async function call(
  app: AdminApp,
  contract: AnswerContract,
  method: string,
  path: string,
  body: unknown,
  headers: { [name: string]: string } = {},
): Promise<Answer> {
  const response = await app.inject({
    method: method as 'GET',
    url: `/admin/v1${path}`,
    headers: {
      authorization: `Bearer ${TOKEN}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const answer: Answer = {
    status: response.statusCode,
    headers: Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, `${value}`])),
    text: response.body,
    body: `${response.headers['content-type']}`.includes('json') ? response.json() : undefined,
  };
  contract.check(method, `/admin/v1${path}`, answer);
  return answer;
}

/** An account to test with. */
export async function openAccount(admin: AdminUnderTest, body: object = {}): Promise<Json> {
  const answer = await admin.call('POST', '/accounts', { name: 'Acme', ...body });
  if (answer.status !== 201) throw new Error(`no account: ${answer.text}`);
  return answer.body;
}
