import { createAlertBook } from '../../src/alerts/alert-book.ts';
import type { AlertStore } from '../../src/alerts/alert-store.ts';
import { createNoticeSender } from '../../src/alerts/channels/create-sender.ts';
import { sendNotice } from '../../src/alerts/send-notice.ts';
import type { AlertAdmin } from '../../src/alerts/start-alerts.ts';
import { createRecorder } from './alert-fixtures.ts';

/** What administrators do with alerts, over a store, with senders that send; mail goes to a closed port. */
export function createAlertAdmin(
  store: AlertStore,
  nowMs: () => number,
  smtp = { url: 'smtp://127.0.0.1:1', from: 'tollgate@example.com' },
): { admin: AlertAdmin; close(): Promise<void> } {
  const sender = createNoticeSender({ smtp, nowMs, timeoutMs: 2_000 });
  const { logger, metrics } = createRecorder();
  const admin: AlertAdmin = {
    store,
    book: createAlertBook({ store, builtIn: undefined, nowMs }),
    hasSmtp: true,
    allowsPrivateTargets: false,
    async sendNow(notice, channel) {
      const attempt = { notice, channelId: channel.id, channel, attempt: 0, isLast: true };
      const delivery = await sendNotice({ sender, nowMs, logger, metrics }, attempt);
      await store.addDelivery(delivery);
      return delivery;
    },
  };
  return { admin, close: sender.close };
}
