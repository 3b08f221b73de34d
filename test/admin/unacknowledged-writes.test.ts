// A write that was made and is not known to outlast a fail-over: answered 503, and made once by the same call again.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createId } from '../../src/directory/create-id.ts';
import { type Ledger, LedgerUnacknowledged } from '../../src/ledger/ledger.ts';
import { type AdminUnderTest, openAccount, openAdmin } from './admin-under-test.ts';

let admin: AdminUnderTest;
let accountId: string;
let grantId: string;
/** Writes still to be made without being acknowledged. */
let unsafeWrites: number;
beforeEach(async () => {
  unsafeWrites = 0;
  admin = await openAdmin(({ ledger }) => ({ ledger: neverSure(ledger) }));
  accountId = (await openAccount(admin)).id;
  grantId = (await admin.call('POST', `/accounts/${accountId}/grants`, { amount_usd: '5', kind: 'paid' })).body.id;
  await spend(1_000_000_000n);
});
afterEach(() => admin.close());

/** The ledger whose administrative writes take effect and, as long as there are unsafe ones, fail all the same. */
function neverSure(ledger: Ledger): Ledger {
  const unsure =
    <Command, Reply>(write: (command: Command) => Promise<Reply>) =>
    async (command: Command): Promise<Reply> => {
      const reply = await write(command);
      if (unsafeWrites === 0) return reply;
      unsafeWrites -= 1;
      throw new LedgerUnacknowledged('no replica has it');
    };
  return {
    ...ledger,
    openAccount: unsure(ledger.openAccount),
    setPolicy: unsure(ledger.setPolicy),
    closeAccount: unsure(ledger.closeAccount),
    grant: unsure(ledger.grant),
    voidGrant: unsure(ledger.voidGrant),
    refund: unsure(ledger.refund),
    correct: unsure(ledger.correct),
  };
}

const HOLD_ID = createId('hold', Date.parse('2026-11-21T09:30:00.000Z'));

async function spend(amountNanoUsd: bigint): Promise<void> {
  const call = { accountId, holdId: HOLD_ID, amountNanoUsd, tokens: 0n, modelLabels: [], cells: [] };
  await admin.ledger.hold({ ...call, minNanoUsd: 0n, leaseMs: 60_000 });
  await admin.ledger.settle({ ...call, details: {} });
}

const operations = async () =>
  (await admin.ledger.readJournal(accountId, { afterSequence: 0, limit: 100 })).map(({ operation }) => operation);

describe('a write that is not acknowledged', () => {
  test.each([
    { name: 'grant', method: 'POST', path: () => '/grants', body: { amount_usd: '2', kind: 'paid' } },
    { name: 'void', method: 'POST', path: () => `/grants/${grantId}/void`, body: undefined },
    { name: 'refund', method: 'POST', path: () => '/refunds', body: { hold_id: HOLD_ID } },
    { name: 'correction', method: 'POST', path: () => '/corrections', body: { hold_id: HOLD_ID, charge_usd: '0.5' } },
    { name: 'policy', method: 'PATCH', path: () => '', body: { status: 'frozen' } },
    { name: 'close', method: 'POST', path: () => '/close', body: undefined },
  ])('a $name: 503 however often, until it is safe, and one entry in the journal', async (write) => {
    const before = await operations();
    const send = () =>
      admin.call(write.method, `/accounts/${accountId}${write.path()}`, write.body, { 'idempotency-key': 'ticket-7' });
    unsafeWrites = 2;
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const refused = await send();
      expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1']);
      expect(refused.body.detail).toMatch(/begun and goes on when it is sent again.*same Idempotency-Key/);
      expect(await operations()).toHaveLength(before.length + 1);
    }
    const done = await send();
    expect(done.status).toBeLessThan(300);
    expect(done.headers['idempotent-replayed']).toBeUndefined();
    expect((await send()).headers['idempotent-replayed']).toBe('true');
    expect(await operations()).toHaveLength(before.length + 1);
  });

  test('an account: the one that was opened is the one that is answered', async () => {
    unsafeWrites = 1;
    const send = () => admin.call('POST', '/accounts', { name: 'Beta' }, { 'idempotency-key': 'ticket-8' });
    expect((await send()).status).toBe(503);
    const made = await send();
    expect(made.status).toBe(201);
    expect(await admin.ledger.readJournal(made.body.id, { afterSequence: 0, limit: 9 })).toHaveLength(1);
    expect((await admin.call('GET', '/accounts')).body.data).toHaveLength(2);
  });

  test('without a key is not to be sent again unseen', async () => {
    unsafeWrites = 1;
    const refused = await admin.call('POST', `/accounts/${accountId}/grants`, { amount_usd: '2', kind: 'paid' });
    expect(refused.status).toBe(503);
    expect(refused.body.detail).toMatch(/no Idempotency-Key: look whether it is there/);
  });
});
