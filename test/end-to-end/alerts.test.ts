// Goal: people are told when a balance falls and when it is back, on each store, by every channel, however many
// processes there are and whoever of them dies.
// Method: the real program, real calls that spend credit down, real receivers for each type of channel.
import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { startMailbox } from '../alerts/mailbox.ts';
import { startReceiver } from '../alerts/webhook-receiver.ts';
import type { Caller } from '../support/admin-calls.ts';
import { describeOnEachStore } from '../support/each-store.ts';
import { SMALL_REQUEST } from '../support/proxy-under-test.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { type RunningTollgate, startTollgate } from '../support/running-tollgate.ts';
import { until } from '../support/until.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

interface Channel {
  id: string;
  secret: string | null;
}
interface Delivery {
  id: string;
  notice_id: string;
  type: string;
  channel_id: string;
  result: string;
  attempt: number;
}

const typesOf = (received: readonly { body: string }[]): string[] =>
  received.map(({ body }) => (JSON.parse(body) as { type: string }).type);

describeOnEachStore('alerts', (store) => {
  test('spent down it is told once on every channel, topped up it is told to be over', async () => {
    const [builtIn, hook, slack, teams] = await Promise.all([1, 2, 3, 4].map(() => startReceiver()));
    const mailbox = await startMailbox();
    if (builtIn === undefined || hook === undefined || slack === undefined || teams === undefined) throw new Error();
    await using tollgate = await startTollgate({
      ...store.options(),
      environment: {
        ALERT_WEBHOOK_URL: builtIn.url,
        ALERT_WEBHOOK_SECRET: SECRET,
        SMTP_URL: mailbox.url,
        SMTP_FROM: 'Tollgate <tollgate@example.com>',
      },
    });
    try {
      const { call } = tollgate.admin;
      const caller = await tollgate.createCaller({ creditUsd: '1' });
      const common = { account_id: caller.accountId, default: true };
      const webhook = await call<Channel>('POST', '/alert-channels', {
        ...{ ...common, name: 'Hook', type: 'webhook', url: hook.url },
      });
      await call('POST', '/alert-channels', { ...common, name: 'Slack', type: 'slack', url: slack.url });
      await call('POST', '/alert-channels', { ...common, name: 'Teams', type: 'teams', url: teams.url });
      await call('POST', '/alert-channels', { ...common, name: 'Mail', type: 'email', to: ['ada@example.com'] });
      const test = await call<Delivery>('POST', `/alert-channels/${webhook.id}/test`);
      expect(test).toMatchObject({ result: 'delivered', attempt: 0, type: 'test' });

      // Held for the call, the credit counts as there: what the call costs takes the balance below.
      await call('POST', `/accounts/${caller.accountId}/alerts`, { kind: 'balance_low', amount_usd: '0.9999' });
      await spend(tollgate, caller, 3);
      await until(() => mailbox.mails.length >= 1, { what: 'a mail has come' });
      await until(() => hook.received.length >= 2 && slack.received.length >= 1 && teams.received.length >= 1);
      await until(() => builtIn.received.length >= 1);
      await call('POST', `/accounts/${caller.accountId}/grants`, { amount_usd: '10', kind: 'paid' });
      await until(() => builtIn.received.length >= 2 && hook.received.length >= 3 && mailbox.mails.length >= 2);

      expect(typesOf(builtIn.received)).toEqual(['balance.low', 'balance.low.recovered']);
      expect(typesOf(hook.received)).toEqual(['test', 'balance.low', 'balance.low.recovered']);
      for (const { body, headers } of hook.received) {
        new Webhook(webhook.secret ?? '').verify(body, headers as Record<string, string>);
      }
      for (const { body, headers } of builtIn.received) {
        new Webhook(SECRET).verify(body, headers as Record<string, string>);
      }
      expect(JSON.parse(slack.received[0]?.body ?? '').text).toBe('*Balance low: Acme*');
      expect(JSON.parse(teams.received[0]?.body ?? '').attachments[0].content.type).toBe('AdaptiveCard');
      expect(mailbox.mails[0]?.text).toContain('Subject: [Tollgate] Balance low: Acme');

      const log = await call<{ data: Delivery[] }>('GET', `/alert-deliveries?account_id=${caller.accountId}`);
      expect(log.data.filter(({ result }) => result !== 'delivered')).toEqual([]);
      const again = log.data.find(({ type, channel_id: id }) => type === 'balance.low' && id === webhook.id);
      await call('POST', `/alert-deliveries/${again?.id}/replay`);
      expect(hook.received.at(-1)?.headers['webhook-id']).toBe(again?.notice_id);
      const text = JSON.stringify([tollgate.log(), log]);
      for (const secret of ['canary-in-url', webhook.secret ?? '-', SECRET]) expect(text).not.toContain(secret);
    } finally {
      await Promise.all([builtIn, hook, slack, teams, mailbox].map((each) => each.stop()));
    }
  });
});

// Once, for it takes a minute; by the clock it is tested on both stores.
test('a process that dies between sending and noting it sends again under the same id', async () => {
  const redis = await startRedisServer();
  let release = (): void => undefined;
  const receiver = await startReceiver((response, count) => {
    // The first attempt is heard and never answered.
    if (count > 1) response.writeHead(204).end();
    else release = () => response.destroy();
  });
  const environment = { ALERT_WEBHOOK_URL: receiver.url, ALERT_WEBHOOK_SECRET: SECRET };
  await using tollgate = await startTollgate({ redisUrl: redis.url, environment });
  try {
    const caller = await tollgate.createCaller({ creditUsd: '1', account: { low_balance_usd: ['0.9999'] } });
    await spend(tollgate, caller, 1);
    await until(() => receiver.received.length >= 1, { what: 'the notice has come' });
    await tollgate.kill();
    release();
    await tollgate.start();
    // The claim of the dead process ends after a minute.
    await until(() => receiver.received.length >= 2, { what: 'the notice has come again', timeoutMs: 90_000 });
    const [first, second] = receiver.received;
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    expect(second?.body).toBe(first?.body);
  } finally {
    await receiver.stop();
    await redis.stop();
  }
}, 180_000);

async function spend(tollgate: RunningTollgate, caller: Caller, calls: number): Promise<void> {
  for (let n = 0; n < calls; n += 1) {
    const answer = await tollgate.send(caller, SMALL_REQUEST);
    await answer.arrayBuffer();
    expect(answer.status).toBe(200);
  }
}
