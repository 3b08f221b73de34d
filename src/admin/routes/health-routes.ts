import { formatUsd } from '../../domain/money.ts';
import type { AdminApp, AdminParts } from '../admin-parts.ts';
import { writeOptionalTime, writeTime } from '../answers/write-time.ts';
import { answers } from '../route-schemas.ts';
import type { HealthReportAnswer } from '../schemas/health-schemas.ts';

const DAY_MS = 86_400_000;

/** How this process, its store and its upstream are, for people; monitoring reads `/metrics`. */
export function addHealthRoutes(app: AdminApp, parts: AdminParts): void {
  const schema = {
    operationId: 'readHealthReport',
    summary: 'Read how the process, its store, its upstream and its prices are',
    tags: ['operations'],
    response: answers(200, 'HealthReport', 'As of now, as this process sees it.'),
  };
  const config = { permission: 'system.read' } as const;
  app.get('/health-report', { schema, config }, async (): Promise<HealthReportAnswer> => {
    const nowMs = parts.clock();
    const { ready, checks } = await parts.readiness();
    const { store, upstream, openCalls, spool, notes } = parts.health();
    const { asOf, version, models } = parts.rateCard();
    return {
      at: writeTime(nowMs),
      version: parts.version,
      started_at: writeTime(notes.startedAtMs),
      ready,
      checks: { ...checks },
      store: { description: store.description, warnings: [...store.warnings] },
      upstream: {
        ...upstream,
        last_error: notes.upstream?.reason ?? null,
        last_error_at: writeOptionalTime(notes.upstream?.atMs),
      },
      calls: { open: openCalls },
      spool: { waiting: spool.entries, oldest_at: writeOptionalTime(spool.oldestAtMs), full: spool.full },
      rate_card: {
        version,
        as_of: asOf,
        age_days: Math.max(0, Math.floor((nowMs - Date.parse(asOf)) / DAY_MS)),
        models: models.length,
      },
      drift: {
        checked_accounts: notes.drift.checked,
        checked_at: writeOptionalTime(notes.drift.checkedAtMs),
        differing: notes.drift.differing.map(({ accountId, driftNanoUsd, atMs }) => ({
          account_id: accountId,
          drift_usd: formatUsd(driftNanoUsd),
          found_at: writeTime(atMs),
        })),
      },
    };
  });
}
