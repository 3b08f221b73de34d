import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { AlertAdmin } from '../alerts/start-alerts.ts';
import type { AuditLog } from '../directory/audit-log.ts';
import type { Directory } from '../directory/directory.ts';
import type { PrincipalCache } from '../directory/principal-cache.ts';
import type { RateCard } from '../domain/rate-card.ts';
import type { JournalSource } from '../ledger/journal-source.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { OpenCalls } from '../metering/open-calls.ts';
import type { HealthNotesView } from '../observability/health-notes.ts';
import type { Reloads } from '../reloads/start-reloads.ts';
import type { ReportFold } from '../reports/report-fold.ts';
import type { ReportStore } from '../reports/report-store.ts';

/** What the admin listener is made of. */
export interface AdminParts {
  directory: Directory;
  ledger: Ledger;
  audit: AuditLog;
  alerts: AlertAdmin;
  /** Where the snapshots are that stand for trimmed entries. */
  journal: Pick<JournalSource, 'readSnapshot'>;
  /** Sums over the journal, and what brings them up to it. */
  reports: { fold: ReportFold; store: ReportStore };
  /** Whether somebody can be asked to pay for reloads, and what takes their answers. */
  reloads: Pick<Reloads, 'canBeAsked' | 'record'>;
  /** Told of each reconciliation: by how much the account's amounts differ. */
  onReconciled(accountId: string, driftNanoUsd: bigint, agrees: boolean): void;
  /** The card in force: what quotas may name models by. */
  rateCard: () => RateCard;
  /** The bearer token of `/admin/v1`. Never empty. */
  adminToken: string;
  /** Milliseconds since the epoch. */
  clock: () => number;
  /** Runs again and again. @returns the way to stop it. */
  every(intervalMs: number, run: () => void): () => void;
  /** The Prometheus exposition, in the format that the `accept` header asks for. */
  metricsText(accept: string | undefined): Promise<{ contentType: string; body: string }>;
  readiness(): Promise<Readiness>;
  /** Calls of this process between their admission and their end. */
  openCalls: Pick<OpenCalls, 'list'>;
  /** Whose an API key is: its holder may sign in to the console with it. */
  principals: Pick<PrincipalCache, 'find'>;
  health(): HealthFacts;
  /** Where clients reach the public listener, for the settings that the console shows. */
  publicUrl: () => string;
  /** The product's version, shown in the OpenAPI document. */
  version: string;
  /** Absent: nothing is logged. */
  logger?: FastifyBaseLogger;
}

/** How the process stands, besides its readiness. */
export interface HealthFacts {
  store: { description: string; warnings: readonly string[] };
  upstream: { address: string; simulated: boolean };
  openCalls: number;
  spool: { entries: number; oldestAtMs: number | undefined; full: boolean };
  notes: HealthNotesView;
}

/** Whether traffic may be sent here, and what each part says: `ok` or a short reason. */
export interface Readiness {
  ready: boolean;
  checks: { readonly [name: string]: string };
}

export type AdminApp = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;
