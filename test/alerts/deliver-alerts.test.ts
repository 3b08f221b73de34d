import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AlertChannel, createBuiltInChannel } from '../../src/alerts/alert-channel.ts';
import { type AlertStore, AlertStoreUnavailable, type Notice } from '../../src/alerts/alert-store.ts';
import { createNoticeSender, type NoticeSender } from '../../src/alerts/channels/create-sender.ts';
import {
  ATTEMPTS_AT_MOST,
  CLAIM_LEASE_MS,
  createAlertDeliveries,
  retryPauseMs,
} from '../../src/alerts/deliver-alerts.ts';
import type { Database } from '../../src/store/sqlite/open-database.ts';
import { createRecorder, openMemoryAlerts } from './alert-fixtures.ts';
import { type Received, startReceiver } from './webhook-receiver.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const PAYLOAD = JSON.stringify({ type: 'balance.low', data: { account: { name: 'Zoë ☃' } } });

describe('alert delivery', () => {
  let store: AlertStore;
  let database: Database;
  let recorder: ReturnType<typeof createRecorder>;
  let nowMs = Date.now();
  const open: { close(): Promise<void> }[] = [];
  beforeEach(() => {
    ({ store, database } = openMemoryAlerts());
    recorder = createRecorder();
    // The library judges timestamps by the real clock.
    nowMs = Date.now();
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((each) => each.close()));
    database.close();
  });

  const receiver = async (answer?: Parameters<typeof startReceiver>[0]) => {
    const started = await startReceiver(answer);
    open.push({ close: started.stop });
    return started;
  };
  const senderTo = (url: string, timeoutMs = 5_000) => {
    const sender = createNoticeSender({ smtp: undefined, nowMs: () => nowMs, timeoutMs });
    open.push(sender);
    const channel = createBuiltInChannel({ url, secret: SECRET });
    return { channel, send: sender.send, post: (notice: Notice) => sender.send(channel, notice) };
  };
  const delivery = (
    sender: Pick<NoticeSender, 'send'> & { channel: AlertChannel },
    from: Parameters<typeof createAlertDeliveries>[0]['store'] = store,
  ) =>
    createAlertDeliveries({
      store: from,
      book: { findChannel: async (id) => (id === sender.channel.id ? sender.channel : undefined) },
      sender,
      nowMs: () => nowMs,
      logger: recorder.logger,
      metrics: recorder.metrics,
      random: () => 0.5,
    });
  const putNotice = (id = 'alert_1', accountId = 'acct_a') =>
    store.changeAlerts({
      key: accountId,
      revision: '',
      states: [{ level: '1', state: 'fired', firedAtMs: nowMs }],
      notices: [{ id, payload: PAYLOAD }],
      nowMs,
    });
  const verify = ({ headers, body }: Received) => new Webhook(SECRET).verify(body, headers as Record<string, string>);

  test('posts what the library of the standard verifies', async () => {
    const { url, received } = await receiver();
    await putNotice();
    await delivery(senderTo(url)).deliverDue();
    expect(received).toHaveLength(1);
    expect(verify(received[0]!)).toEqual(JSON.parse(PAYLOAD));
    expect(received[0]?.body).toBe(PAYLOAD);
    expect(received[0]?.headers).toMatchObject({ 'webhook-id': 'alert_1', 'content-type': 'application/json' });
    expect(recorder.sent).toEqual(['webhook delivered']);
    await delivery(senderTo(url)).deliverDue();
    expect(received).toHaveLength(1);
  });

  test('a signature does not fit another body, secret or id', async () => {
    const { url, received } = await receiver();
    await putNotice();
    await delivery(senderTo(url)).deliverDue();
    const [{ headers, body }] = received as [Received];
    const as = headers as Record<string, string>;
    expect(() => new Webhook(SECRET).verify(`${body} `, as)).toThrow('No matching signature');
    expect(() => new Webhook(SECRET).verify(body, { ...as, 'webhook-id': 'other' })).toThrow('No matching signature');
    const other = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;
    expect(() => new Webhook(other).verify(body, as)).toThrow('No matching signature');
  });

  test('a failure is tried again after a growing pause, under the same id', async () => {
    const { url, received } = await receiver((response, count) => response.writeHead(count < 3 ? 500 : 200).end('x'));
    await putNotice();
    const alerts = delivery(senderTo(url));
    await alerts.deliverDue();
    nowMs += 9_999;
    await alerts.deliverDue();
    expect(received).toHaveLength(1);
    nowMs += 1;
    await alerts.deliverDue();
    expect(received).toHaveLength(2);
    nowMs += 29_999;
    await alerts.deliverDue();
    expect(received).toHaveLength(2);
    nowMs += 1;
    await alerts.deliverDue();
    expect(received.map(({ headers }) => headers['webhook-id'])).toEqual(['alert_1', 'alert_1', 'alert_1']);
    for (const each of received) expect(verify(each)).toEqual(JSON.parse(PAYLOAD));
    expect(recorder.sent).toEqual(['webhook failed', 'webhook failed', 'webhook delivered']);
    nowMs += 1e9;
    await alerts.deliverDue();
    expect(received).toHaveLength(3);
  });

  test('is given up after its last attempt, and kept', async () => {
    const { url, received } = await receiver((response) => response.writeHead(503).end());
    await putNotice();
    const alerts = delivery(senderTo(url));
    for (let attempt = 0; attempt < ATTEMPTS_AT_MOST + 3; attempt += 1) {
      await alerts.deliverDue();
      nowMs += 5 * 3_600_000;
    }
    expect(received).toHaveLength(ATTEMPTS_AT_MOST);
    expect(recorder.sent.at(-1)).toBe('webhook abandoned');
    expect(recorder.log.at(-1)).toMatchObject({ level: 'error', fields: { problem: 'status 503' } });
    const log = await store.listDeliveries({ limit: 100 });
    expect(log).toHaveLength(ATTEMPTS_AT_MOST);
    expect(log[0]).toMatchObject({ result: 'abandoned', status: 503, attempt: ATTEMPTS_AT_MOST, payload: PAYLOAD });
    expect(log.at(-1)).toMatchObject({ result: 'failed', problem: 'status 503', attempt: 1, channelType: 'webhook' });
  });

  test('a receiver that says Gone is not asked again', async () => {
    const { url, received } = await receiver((response) => response.writeHead(410).end());
    await putNotice();
    const alerts = delivery(senderTo(url));
    await alerts.deliverDue();
    nowMs += 1e9;
    await alerts.deliverDue();
    expect(received).toHaveLength(1);
    expect(await store.listDeliveries({ limit: 9 })).toMatchObject([{ result: 'abandoned', status: 410 }]);
  });

  test('a redirect is a failure and is not followed', async () => {
    const target = await receiver();
    const { url } = await receiver((response) => response.writeHead(307, { location: target.url }).end());
    await putNotice();
    await delivery(senderTo(url)).deliverDue();
    expect(target.received).toEqual([]);
    expect(recorder.log).toMatchObject([{ fields: { problem: 'status 307' } }]);
  });

  test('a receiver that is silent or not there is a failure, one that accepts and drips on is not, in bounded time', async () => {
    const silent = await receiver(() => {});
    const endless = await receiver((response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write('x'), 5);
      response.on('close', () => clearInterval(drip));
    });
    const gone = await receiver();
    await gone.stop().finally(() => open.splice(open.length - 1));
    const post = async ({ url }: { url: string }) => {
      const reply = await senderTo(url, 100).post({ id: 'alert_1', payload: PAYLOAD });
      return reply.result;
    };
    expect([await post(silent), await post(gone), await post(endless)]).toEqual(['failed', 'failed', 'delivered']);
  });

  test('a huge answer is not taken in', async () => {
    let written = 0;
    const { url } = await receiver((response) => {
      response.writeHead(200);
      const more = (): void => {
        if (written > 200_000_000 || response.destroyed) return;
        written += 65_536;
        if (response.write(Buffer.alloc(65_536))) setImmediate(more);
        else response.once('drain', more);
      };
      more();
    });
    await senderTo(url).post({ id: 'alert_1', payload: PAYLOAD });
    expect(written).toBeLessThan(20_000_000);
  });

  test('the URL, which may carry a token, is in no log line', async () => {
    const { url, stop } = await receiver();
    await stop().finally(() => open.splice(0));
    await putNotice();
    const alerts = delivery(senderTo(url));
    await alerts.deliverDue();
    expect(recorder.log).toHaveLength(1);
    expect(JSON.stringify(recorder.log)).not.toContain('canary-in-url');
    expect(JSON.stringify(recorder.log)).not.toContain(SECRET);
  });

  test('a process that dies between sending and marking sends again, under the same id', async () => {
    const { url, received } = await receiver();
    await putNotice();
    const dying = { ...store, completeNotice: () => Promise.reject(new AlertStoreUnavailable('died here')) };
    await delivery(senderTo(url), dying).deliverDue();
    expect(received).toHaveLength(1);

    const successor = delivery(senderTo(url));
    nowMs += CLAIM_LEASE_MS - 1;
    await successor.deliverDue();
    expect(received).toHaveLength(1);
    nowMs += 1;
    await successor.deliverDue();
    expect(received.map(({ headers }) => headers['webhook-id'])).toEqual(['alert_1', 'alert_1']);
    nowMs += 1e9;
    await successor.deliverDue();
    expect(received).toHaveLength(2);
  });

  test('a process that dies after claiming loses nothing', async () => {
    const { url, received } = await receiver();
    await putNotice();
    await store.claimDue({ nowMs, leaseMs: CLAIM_LEASE_MS, limit: 1 });
    nowMs += CLAIM_LEASE_MS;
    await delivery(senderTo(url)).deliverDue();
    expect(received).toHaveLength(1);
  });

  test('replicas that deliver at once send each notice once', async () => {
    const { url, received } = await receiver();
    for (let n = 0; n < 40; n += 1) await putNotice(`alert_${n}`, `acct_${n}`);
    await Promise.all([1, 2, 3].map(() => delivery(senderTo(url)).deliverDue()));
    const ids = received.map(({ headers }) => headers['webhook-id']);
    expect(ids).toHaveLength(40);
    expect(new Set(ids).size).toBe(40);
  });

  test('a store that does not answer is counted and throws nothing', async () => {
    const down = { ...store, claimDue: () => Promise.reject(new AlertStoreUnavailable('down')) };
    const channel = createBuiltInChannel({ url: 'http://127.0.0.1:1', secret: SECRET });
    const send = () => Promise.reject(new Error('not to be called'));
    await delivery({ channel, send }, down).deliverDue();
    expect(recorder.faults).toEqual(['alerts']);
  });

  test('a notice of a channel that is gone or off is given up, and says so', async () => {
    const { url, received } = await receiver();
    const sender = senderTo(url);
    const notice = { id: 'alert_1', payload: PAYLOAD };
    const states = [{ level: '1', state: 'fired', firedAtMs: nowMs }] as const;
    const notices = [notice, { ...notice, channelId: 'channel_gone' }];
    await store.changeAlerts({ key: 'acct_a', revision: '', states, notices, nowMs });
    await delivery({ ...sender, channel: { ...sender.channel, enabled: false } }).deliverDue();
    const problems = (await store.listDeliveries({ limit: 9 })).map(({ result, problem }) => [result, problem]);
    expect(problems.sort()).toEqual([
      ['abandoned', 'the channel is gone'],
      ['abandoned', 'the channel is off'],
    ]);
    expect(received).toEqual([]);
  });

  test('what is put into the outbox while it is being emptied is sent without waiting', async () => {
    let more = true;
    const { url, received } = await receiver((response) => response.writeHead(204).end());
    const sender = senderTo(url);
    const alerts = delivery({
      ...sender,
      send: async (channel, notice) => {
        if (more) {
          more = false;
          await putNotice('alert_2', 'acct_b');
          void alerts.deliverDue();
        }
        return sender.send(channel, notice);
      },
    });
    await putNotice();
    await alerts.deliverDue();
    await alerts.stop();
    expect(received).toHaveLength(2);
  });

  test('a secret that cannot sign is a failure and no end of the delivery', async () => {
    const sender = createNoticeSender({ smtp: undefined, nowMs: () => 0 });
    open.push(sender);
    const channel = createBuiltInChannel({ url: 'http://127.0.0.1:1', secret: 'whsec_' });
    expect(await sender.send(channel, { id: 'a', payload: PAYLOAD })).toMatchObject({ result: 'failed' });
  });
});

test('pauses grow from 10 s to 4 h, a fifth more or less', () => {
  expect([1, 2, 3, 4].map((attempt) => retryPauseMs(attempt, 0.5))).toEqual([10_000, 30_000, 90_000, 270_000]);
  expect(retryPauseMs(50, 0.5)).toBe(4 * 3_600_000);
  expect(retryPauseMs(1, 0)).toBe(8_000);
  expect(retryPauseMs(1, 0.999_999)).toBe(12_000);
});
