import { createServer as createTlsServer } from 'node:https';
import type { SMTPServerOptions } from 'smtp-server';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, test } from 'vitest';
import type { AlertChannel, ChannelTarget } from '../../src/alerts/alert-channel.ts';
import { createNoticeSender } from '../../src/alerts/channels/create-sender.ts';
import { describeNotice } from '../../src/alerts/channels/describe-notice.ts';
import { isPublicAddress } from '../../src/alerts/channels/is-public-address.ts';
import { startMailbox } from './mailbox.ts';
import { startReceiver } from './webhook-receiver.ts';

const NAME = 'Acme <!channel> [click](https://evil.example)';
const PAYLOAD = JSON.stringify({
  type: 'balance.low',
  timestamp: '2026-11-21T12:00:00.000Z',
  data: {
    account: { id: 'acct_a', name: NAME },
    level_usd: '5.00',
    balance_usd: '4.25',
    runway_seconds: null,
    fired_at: '2026-11-21T12:00:00.000Z',
    alert: { id: 'alert_low_balance', kind: 'balance_low' },
  },
});
const NOTICE = { id: 'alert_acct_a_balance_low_5_1', payload: PAYLOAD };

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()));
});

const sender = (smtp?: { url: string; from: string }) => {
  const made = createNoticeSender({ smtp, nowMs: Date.now, timeoutMs: 3_000 });
  open.push(made.close);
  return made;
};
const receiver = async (answer?: Parameters<typeof startReceiver>[0]) => {
  const started = await startReceiver(answer);
  open.push(started.stop);
  return started;
};
const channelTo = (target: ChannelTarget, publicOnly = false): Pick<AlertChannel, 'target' | 'publicOnly'> => ({
  target,
  publicOnly,
});

describe('a webhook', () => {
  test('is signed by the secret of its channel', async () => {
    const { url, received } = await receiver();
    const secret = `whsec_${Buffer.alloc(32, 3).toString('base64')}`;
    expect(await sender().send(channelTo({ type: 'webhook', url, secret }), NOTICE)).toEqual({
      result: 'delivered',
      status: 204,
    });
    const { body, headers } = received[0] ?? { body: '', headers: {} };
    expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toEqual(JSON.parse(PAYLOAD));
  });
});

describe('Slack', () => {
  test('gets a line and fields, in which no name can call anybody', async () => {
    const { url, received } = await receiver((response) => response.writeHead(200).end('ok'));
    expect(await sender().send(channelTo({ type: 'slack', url }), NOTICE)).toMatchObject({ result: 'delivered' });
    const message = JSON.parse(received[0]?.body ?? '');
    expect(message.text).toBe('*Balance low: Acme &lt;!channel&gt; [click](https://evil.example)*');
    expect(message.attachments[0].color).toBe('danger');
    expect(message.attachments[0].fields).toContainEqual({ title: 'Balance', value: '$4.25', short: true });
    expect(received[0]?.body).not.toContain('<!');
    expect(received[0]?.headers['content-type']).toBe('application/json');
  });

  test('that refuses is told by its status', async () => {
    const { url } = await receiver((response) => response.writeHead(404).end('no_service'));
    expect(await sender().send(channelTo({ type: 'slack', url }), NOTICE)).toEqual({
      result: 'failed',
      status: 404,
      problem: 'status 404',
    });
  });
});

describe('Teams', () => {
  test('gets an adaptive card, in which no name can be a link', async () => {
    const { url, received } = await receiver((response) => response.writeHead(202).end());
    expect(await sender().send(channelTo({ type: 'teams', url }), NOTICE)).toMatchObject({ result: 'delivered' });
    const message = JSON.parse(received[0]?.body ?? '');
    expect(message).toMatchObject({
      type: 'message',
      attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', content: { type: 'AdaptiveCard' } }],
    });
    const [title, facts] = message.attachments[0].content.body;
    expect(title.text).toBe('Balance low: Acme <!channel\\> \\[click\\]\\(https://evil.example\\)');
    expect(facts.facts).toContainEqual({ title: 'Level', value: '$5.00' });
  });
});

describe('e-mail', () => {
  const mailbox = async (options?: SMTPServerOptions) => {
    const started = await startMailbox(options);
    open.push(started.stop);
    return started;
  };
  const to = ['ada@example.com', 'bob@example.com'];
  const from = 'Tollgate <tollgate@example.com>';

  test('arrives at a mail server as plain text, under one message id over all attempts', async () => {
    const { url, mails } = await mailbox();
    const mailer = sender({ url, from });
    expect(await mailer.send(channelTo({ type: 'email', to }), NOTICE)).toEqual({ result: 'delivered', status: 250 });
    expect(await mailer.send(channelTo({ type: 'email', to }), NOTICE)).toMatchObject({ result: 'delivered' });
    expect(mails).toHaveLength(2);
    const [first] = mails;
    expect(first?.to).toEqual(to);
    expect(first?.text).toContain(`From: ${from}`);
    expect(first?.text).toMatch(/^Subject: \[Tollgate\] Balance low: Acme /m);
    expect(first?.text).toContain('\r\nBalance: $4.25\r\n');
    for (const { text } of mails) expect(text).toContain('Message-ID: <alert_acct_a_balance_low_5_1@tollgate>');
  });

  test('a name cannot add a header', async () => {
    const { url, mails } = await mailbox();
    const payload = PAYLOAD.replace('Acme ', 'Acme\\r\\nBcc: eve@example.com ');
    await sender({ url, from }).send(channelTo({ type: 'email', to: ['ada@example.com'] }), { ...NOTICE, payload });
    expect(mails[0]?.to).toEqual(['ada@example.com']);
    expect(mails[0]?.text.split('\r\n\r\n')[0]).not.toMatch(/^Bcc:/m);
  });

  test('a mailbox that is not there is for good, a server that is not there is not', async () => {
    const { url } = await mailbox({
      onRcptTo: (_address, _session, done) => done(Object.assign(new Error('no such user'), { responseCode: 550 })),
    });
    const channel = channelTo({ type: 'email', to: ['nobody@example.com'] });
    expect(await sender({ url, from }).send(channel, NOTICE)).toEqual({
      result: 'rejected',
      status: 550,
      problem: 'EENVELOPE, status 550',
    });
    const gone = await sender({ url: 'smtp://127.0.0.1:1', from }).send(channel, NOTICE);
    expect(gone).toMatchObject({ result: 'failed' });
    expect(await sender().send(channel, NOTICE)).toEqual({ result: 'failed', problem: 'SMTP_URL is not set' });
  });

  test('a log-in that is refused is not for good, and is not repeated in the problem', async () => {
    const { url } = await mailbox({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: (_auth, _session, done) => done(new Error('no')),
    });
    const withPassword = url.replace('//', '//user:canary-password@');
    const reply = await sender({ url: withPassword, from }).send(channelTo({ type: 'email', to }), NOTICE);
    expect(reply).toMatchObject({ result: 'failed' });
    expect(JSON.stringify(reply)).not.toContain('canary');
  });
});

describe('what an account names itself', () => {
  test.each([
    'http://127.0.0.1:9/',
    'https://10.1.2.3/',
    'http://[::1]:9/',
    'http://[::ffff:127.0.0.1]/',
    'http://localhost:9/',
  ])('%s is not connected to', async (url) => {
    const reply = await sender().send(channelTo({ type: 'slack', url }, true), NOTICE);
    expect(reply).toEqual({ result: 'failed', problem: 'TARGET_NOT_PUBLIC' });
  });

  test('the same is reached by a channel of the installation', async () => {
    const { url, received } = await receiver();
    const named = url.replace('127.0.0.1', 'localhost');
    await sender().send(channelTo({ type: 'slack', url: named }), NOTICE);
    expect(received).toHaveLength(1);
    await sender().send(channelTo({ type: 'slack', url: named }, true), NOTICE);
    expect(received).toHaveLength(1);
  });

  test('a certificate that nobody vouches for is refused', async () => {
    const server = createTlsServer({});
    server.listen(0, '127.0.0.1');
    open.push(async () => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const reply = await sender().send(channelTo({ type: 'slack', url: `https://127.0.0.1:${port}/` }), NOTICE);
    expect(reply.result).toBe('failed');
  });
});

test.each<[string, boolean]>([
  ['8.8.8.8', true],
  ['1.1.1.1', true],
  ['2606:4700:4700::1111', true],
  ['0.0.0.0', false],
  ['10.0.0.1', false],
  ['100.64.0.1', false],
  ['127.0.0.1', false],
  ['169.254.169.254', false],
  ['172.16.0.1', false],
  ['172.32.0.1', true],
  ['192.168.1.1', false],
  ['224.0.0.1', false],
  ['255.255.255.255', false],
  ['::', false],
  ['::1', false],
  ['::ffff:8.8.8.8', false],
  ['64:ff9b::7f00:1', false],
  ['fe80::1', false],
  ['fd00::1', false],
  ['2002:7f00:1::', false],
  ['2001:db8::1', false],
  ['localhost', false],
  ['', false],
])('%s is public: %s', (address, isPublic) => {
  expect(isPublicAddress(address)).toBe(isPublic);
});

test('any notice is described, those of other parts of the program among them', () => {
  expect(describeNotice(JSON.stringify({ type: 'reload.declined', data: { attempts: 3, nothing: null } }))).toEqual({
    title: 'reload.declined',
    facts: [['Attempts', '3']],
    isOver: false,
  });
  const over = describeNotice(JSON.stringify({ type: 'quota.used.recovered', data: { share: 0.95, grants: [1, 2] } }));
  expect(over).toEqual({
    title: 'Over: Quota used',
    facts: [
      ['Share', '95 %'],
      ['Grants', '2'],
    ],
    isOver: true,
  });
});
