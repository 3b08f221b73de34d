import type { ClientContext, Result } from 'ioredis';
import type { RedisClient } from './connect-redis.ts';
import { loadScript } from './load-script.ts';

/** Every script by the name it has as a command of the client, with its file under `scripts/`. */
const SCRIPTS = {
  tollgateAddDelivery: 'alerts/add-delivery',
  tollgateAddNotice: 'alerts/add-notice',
  tollgateChangeAlerts: 'alerts/change-alerts',
  tollgateClaimNotices: 'alerts/claim-notices',
  tollgateCompleteNotice: 'alerts/complete-notice',
  tollgateListAlertRecords: 'alerts/list-alert-records',
  tollgateListDeliveries: 'alerts/list-deliveries',
  tollgatePostponeNotice: 'alerts/postpone-notice',
  tollgatePutAlertRecord: 'alerts/put-alert-record',
  tollgateBeginAudit: 'directory/begin-audit',
  tollgateClaimIdempotencyKey: 'directory/claim-idempotency-key',
  tollgateCompleteIdempotencyKey: 'directory/complete-idempotency-key',
  tollgateCreateQuota: 'directory/create-quota',
  tollgateCreateRecord: 'directory/create-record',
  tollgateCreateToken: 'directory/create-token',
  tollgateDeleteQuota: 'directory/delete-quota',
  tollgateDeleteRecord: 'directory/delete-record',
  tollgateFindPrincipal: 'directory/find-principal',
  tollgateFindTokenBearer: 'directory/find-token-bearer',
  tollgateFinishAudit: 'directory/finish-audit',
  tollgateListRecords: 'directory/list-records',
  tollgateReplaceRecord: 'directory/replace-record',
  tollgateAnswerReload: 'ledger/answer-reload',
  tollgateClaimReload: 'ledger/claim-reload',
  tollgateCloseAccount: 'ledger/close-account',
  tollgateExtend: 'ledger/extend',
  tollgateFindDue: 'ledger/find-due',
  tollgateFindDueReloads: 'ledger/find-due-reloads',
  tollgateGrant: 'ledger/grant',
  tollgateHold: 'ledger/hold',
  tollgateClaimExport: 'ledger/claim-export',
  tollgateMarkExported: 'ledger/mark-exported',
  tollgateTrimJournal: 'ledger/trim-journal',
  tollgateOpenAccount: 'ledger/open-account',
  tollgateReadBooks: 'ledger/read-books',
  tollgateReadGrants: 'ledger/read-grants',
  tollgateReclaim: 'ledger/reclaim',
  tollgateCorrect: 'ledger/correct',
  tollgateRefund: 'ledger/refund',
  tollgateRelease: 'ledger/release',
  tollgateReleaseExport: 'ledger/release-export',
  tollgateRequestReload: 'ledger/request-reload',
  tollgateRestoreAccount: 'ledger/restore-account',
  tollgateSetReload: 'ledger/set-reload',
  tollgateSetPolicy: 'ledger/set-policy',
  tollgateSettle: 'ledger/settle',
  tollgateTick: 'ledger/tick',
  tollgateTurn: 'ledger/turn',
  tollgateVoidGrant: 'ledger/void-grant',
  tollgatePing: 'ping',
  tollgateForgetSums: 'reports/forget-sums',
  tollgateReadReported: 'reports/read-reported',
  tollgateWriteSums: 'reports/write-sums',
  tollgateAddFile: 'stored/add-file',
  tollgateClaimBatches: 'stored/claim-batches',
  tollgateOpenBatch: 'stored/open-batch',
  tollgatePutBatch: 'stored/put-batch',
  tollgateRemoveBatch: 'stored/remove-batch',
} as const;

export type ScriptName = keyof typeof SCRIPTS;

/** What scripts answer: strings, absent values and lists of them. No numbers: those above 2^53 would be rounded. */
export type ScriptReply = string | null | ScriptReply[];

type ScriptCommands<Context extends ClientContext> = {
  [Name in ScriptName]: (numberOfKeys: number, ...keysAndArguments: string[]) => Result<ScriptReply, Context>;
};

declare module 'ioredis' {
  interface RedisCommander<Context> extends ScriptCommands<Context> {}
}

/**
 * Makes every script a command of the client. The client sends a script by its hash, and whole where the server does
 * not know it, so it travels with this version of the program.
 */
export function defineScripts(client: RedisClient): void {
  for (const [command, file] of Object.entries(SCRIPTS)) client.defineCommand(command, { lua: loadScript(file) });
}
