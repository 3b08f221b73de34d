import type { AccountBooks } from './account-books.ts';
import type { JournalEntry } from './credit-types.ts';
import {
  noteDecline,
  notePaid,
  noteRequest,
  type ReloadMode,
  type ReloadTerms,
  readReloadNumber,
  turnReload,
} from './reload-state.ts';

/** What an entry changes of auto-reload; without effect for all others. */
export function applyReloadEntry({ accountId, reload }: AccountBooks, entry: JournalEntry): void {
  const { operation, atMs, amountNanoUsd, terms = {} } = entry;
  if (operation === 'reload_policy') turnReload(reload, terms.enabled === true, readTerms(terms));
  if (operation === 'reload_request') noteRequest(reload, amountNanoUsd, Number(terms.monthEndsAtMs), atMs);
  if (operation === 'reload_decline') noteDecline(reload, atMs);
  if (operation === 'grant' && terms.reloadId !== undefined) {
    notePaid(reload, readReloadNumber(accountId, String(terms.reloadId)) ?? 0, amountNanoUsd);
  }
}

function readTerms(terms: NonNullable<JournalEntry['terms']>): ReloadTerms {
  const amount = (name: string): bigint => BigInt(String(terms[name]));
  return {
    thresholdNanoUsd: amount('thresholdNanoUsd'),
    mode: terms.mode as ReloadMode,
    amountNanoUsd: amount('amountNanoUsd'),
    monthlyCapNanoUsd: amount('monthlyCapNanoUsd'),
    hourlyCount: Number(terms.hourlyCount),
  };
}
