import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LedgerUnavailable } from '../../src/ledger/ledger.ts';
import { type AdminUnderTest, openAccount, openAdmin, START_MS } from './admin-under-test.ts';

const NOTHING = {
  granted_usd: '0.00',
  available_usd: '0.00',
  pending_usd: '0.00',
  held_usd: '0.00',
  spent_usd: '0.00',
  expired_usd: '0.00',
  voided_usd: '0.00',
  debt_usd: '0.00',
  charged_usd: '0.00',
};

let admin: AdminUnderTest;
beforeEach(async () => {
  admin = await openAdmin();
});
afterEach(() => admin.close());

describe('creating an account', () => {
  test('fills in what is not said', async () => {
    const answer = await admin.call('POST', '/accounts', { name: 'Acme' });
    expect(answer.status).toBe(201);
    expect(answer.headers.location).toBe(`/admin/v1/accounts/${answer.body.id}`);
    expect(answer.body).toEqual({
      id: expect.stringMatching(/^acct_[0-9A-Z]{26}$/),
      name: 'Acme',
      status: 'open',
      timezone: 'UTC',
      mode: 'prepaid',
      credit_limit_usd: '0.00',
      on_disconnect: 'drain',
      on_exhausted: 'cut',
      low_balance_usd: [],
      pricing: { multiplier: null, overrides: [] },
      balance: NOTHING,
      closed_at: null,
      created_at: '2026-11-21T09:30:00.000Z',
    });
  });

  test('keeps what is said, alert levels highest first and once', async () => {
    const account = await openAccount(admin, {
      name: 'Größe & Söhne 東京',
      timezone: 'Europe/Berlin',
      mode: 'postpaid',
      credit_limit_usd: '9007199.254740991',
      on_disconnect: 'cancel',
      on_exhausted: 'finish',
      low_balance_usd: ['5', '20.50', '5.00', '0.000000001'],
    });
    expect(account).toMatchObject({
      name: 'Größe & Söhne 東京',
      timezone: 'Europe/Berlin',
      mode: 'postpaid',
      credit_limit_usd: '9007199.254740991',
      on_disconnect: 'cancel',
      on_exhausted: 'finish',
      low_balance_usd: ['20.50', '5.00', '0.000000001'],
    });
    expect((await admin.call('GET', `/accounts/${account.id}`)).body).toEqual(account);
  });

  test('opens no books for a prepaid account with a credit limit', async () => {
    const answer = await admin.call('POST', '/accounts', { name: 'Acme', credit_limit_usd: '10' });
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toEqual([{ field: 'credit_limit_usd', message: 'is for postpaid accounts only' }]);
    expect((await admin.call('GET', '/accounts')).body.data).toEqual([]);
  });
});

describe('listing accounts', () => {
  test('pages through all of them once, in order of creation', async () => {
    const ids: string[] = [];
    for (const name of ['A', 'B', 'C', 'D', 'E']) {
      admin.clock.nowMs += 1;
      ids.push((await openAccount(admin, { name })).id);
    }
    const seen: string[] = [];
    let query = '?limit=2';
    for (let page = 0; page < 3; page += 1) {
      const { body } = await admin.call('GET', `/accounts${query}`);
      seen.push(...body.data.map((account: { id: string }) => account.id));
      expect(body.has_more).toBe(page < 2);
      expect('next_after' in body).toBe(page < 2);
      query = `?limit=2&after=${body.next_after}`;
    }
    expect(seen).toEqual(ids);
  });

  test.each(['limit=0', 'limit=201', 'limit=1.5', 'limit=x', 'limit=1&limit=2', 'limit=', 'order=asc', 'after='])(
    'refuses ?%s',
    async (query) => {
      const answer = await admin.call('GET', `/accounts?${query}`);
      expect(answer.status).toBe(400);
      expect(answer.body.errors[0].field).toBe(query.split('=')[0]);
    },
  );
});

describe('changing an account', () => {
  test('changes what is named and nothing else', async () => {
    const account = await openAccount(admin);
    const answer = await admin.call('PATCH', `/accounts/${account.id}`, { name: 'Acme 2', timezone: 'Asia/Tokyo' });
    expect(answer.body).toEqual({ ...account, name: 'Acme 2', timezone: 'Asia/Tokyo' });
    expect((await admin.ledger.readJournal(account.id, { afterSequence: 0, limit: 10 })).length).toBe(1);
  });

  test('freezes and opens again, in the ledger', async () => {
    const { id } = await openAccount(admin);
    expect((await admin.call('PATCH', `/accounts/${id}`, { status: 'frozen' })).body.status).toBe('frozen');
    expect((await admin.ledger.readBalance(id))?.status).toBe('frozen');
    expect((await admin.call('PATCH', `/accounts/${id}`, { status: 'open' })).body.status).toBe('open');
  });

  test('a return to prepaid takes the credit limit away in both stores', async () => {
    const { id } = await openAccount(admin, { mode: 'postpaid', credit_limit_usd: '100' });
    const limited = await admin.call('PATCH', `/accounts/${id}`, { credit_limit_usd: '50.5' });
    expect(limited.body).toMatchObject({ mode: 'postpaid', credit_limit_usd: '50.50' });
    const prepaid = await admin.call('PATCH', `/accounts/${id}`, { mode: 'prepaid' });
    expect(prepaid.body).toMatchObject({ mode: 'prepaid', credit_limit_usd: '0.00' });
    expect((await admin.ledger.readBalance(id))?.creditLimitNanoUsd).toBe(0n);
    expect((await admin.directory.findAccount(id))?.creditLimitNanoUsd).toBe(0n);
    const refused = await admin.call('PATCH', `/accounts/${id}`, { name: 'X', credit_limit_usd: '1' });
    expect(refused.body.errors).toEqual([{ field: 'credit_limit_usd', message: 'is for postpaid accounts only' }]);
    expect((await admin.call('GET', `/accounts/${id}`)).body.name).toBe('Acme');
  });

  test('an empty change and an unknown account are refused', async () => {
    const { id } = await openAccount(admin);
    const empty = await admin.call('PATCH', `/accounts/${id}`, {});
    expect(empty.body.errors).toEqual([{ field: '', message: 'must change at least one field' }]);
    expect((await admin.call('PATCH', '/accounts/acct_none', { name: 'X' })).status).toBe(404);
  });
});

describe('an account without books', () => {
  test('is shown as such beside the others, and refused what would write to it', async () => {
    const { id } = await openAccount(admin, { mode: 'postpaid', credit_limit_usd: '7' });
    const sound = await openAccount(admin);
    admin.database.connection.exec(
      `DELETE FROM journal WHERE account_id = '${id}'; DELETE FROM books WHERE account_id = '${id}'`,
    );
    const shown = { status: 'without_books', balance: null, mode: 'postpaid', credit_limit_usd: '7.00' };
    const list = await admin.call('GET', '/accounts');
    expect(list.status).toBe(200);
    expect(list.body.data).toEqual([expect.objectContaining({ id, ...shown }), sound]);
    expect((await admin.call('GET', `/accounts/${id}`)).body).toMatchObject(shown);
    const found = await admin.call('GET', `/accounts/${id}/reconciliation`);
    expect(found.body).toMatchObject({ ok: false, differences: [{ what: 'books', store: null }] });
    const refused = [
      await admin.call('PATCH', `/accounts/${id}`, { name: 'X' }),
      await admin.call('POST', `/accounts/${id}/grants`, { amount_usd: '1', kind: 'paid' }),
      await admin.call('POST', `/accounts/${id}/close`),
    ];
    for (const answer of refused) {
      expect([answer.status, answer.body.type]).toEqual([409, 'urn:tollgate:problem:account-without-books']);
      expect(answer.body.detail).toContain('tollgate restore');
    }
    expect((await admin.directory.findAccount(id))?.closedAtMs).toBeUndefined();
    expect(await admin.ledger.readBalance(id)).toBeUndefined();
  });
});

describe('closing an account', () => {
  test('expires its credit, and doing it again changes nothing', async () => {
    const { id } = await openAccount(admin);
    await admin.call('POST', `/accounts/${id}/grants`, { amount_usd: '10', kind: 'paid' });
    const closed = await admin.call('POST', `/accounts/${id}/close`);
    expect(closed.body).toMatchObject({
      status: 'closed',
      closed_at: '2026-11-21T09:30:00.000Z',
      balance: { available_usd: '0.00', expired_usd: '10.00' },
    });
    admin.clock.nowMs += 60_000;
    expect((await admin.call('POST', `/accounts/${id}/close`, {})).body).toEqual(closed.body);
  });

  test('a closed account takes nothing new and keeps its history', async () => {
    const { id } = await openAccount(admin);
    await admin.call('POST', `/accounts/${id}/close`);
    const refused = [
      await admin.call('PATCH', `/accounts/${id}`, { status: 'open' }),
      await admin.call('POST', `/accounts/${id}/grants`, { amount_usd: '1', kind: 'paid' }),
      await admin.call('POST', `/accounts/${id}/teams`, { name: 'T' }),
      await admin.call('POST', `/accounts/${id}/members`, { name: 'M' }),
      await admin.call('POST', `/accounts/${id}/keys`, { name: 'K' }),
    ];
    for (const answer of refused) {
      expect(answer.status).toBe(409);
      expect(answer.body.type).toBe('urn:tollgate:problem:account-closed');
    }
    expect((await admin.call('GET', `/accounts/${id}/journal`)).body.data.length).toBe(2);
    expect((await admin.call('GET', '/accounts')).body.data[0].status).toBe('closed');
  });

  test('takes no body', async () => {
    const { id } = await openAccount(admin);
    const answer = await admin.call('POST', `/accounts/${id}/close`, { force: true });
    expect(answer.body.errors).toEqual([{ field: 'force', message: 'is not known here' }]);
    expect((await admin.call('GET', `/accounts/${id}`)).body.status).toBe('open');
  });
});

describe('two stores', () => {
  test('a creation cut off after the ledger is finished by its retry: one account, one set of books', async () => {
    let cut = true;
    const broken = await openAdmin(({ directory }) => ({
      directory: {
        ...directory,
        createAccount: async (account) => {
          if (cut) throw Object.assign(new Error('gone'), { code: 'DIRECTORY_UNAVAILABLE' });
          return directory.createAccount(account);
        },
      },
    }));
    const headers = { 'idempotency-key': 'open-acme' };
    const first = await broken.call('POST', '/accounts', { name: 'Acme' }, headers);
    expect(first.status).toBe(503);
    expect(first.headers['retry-after']).toBe('1');
    expect((await broken.call('GET', '/accounts')).body.data).toEqual([]);
    cut = false;
    broken.clock.nowMs += 5_000;
    const second = await broken.call('POST', '/accounts', { name: 'Acme' }, headers);
    expect(second.status).toBe(201);
    expect((await broken.ledger.readJournal(second.body.id, { afterSequence: 0, limit: 10 })).length).toBe(1);
    expect((await broken.call('GET', '/accounts')).body.data).toEqual([second.body]);
    await broken.close();
  });

  test('a close cut off between the stores is finished by closing again', async () => {
    let cut = true;
    const broken = await openAdmin(({ directory }) => ({
      directory: {
        ...directory,
        updateAccount: async (id, change) => {
          if (cut) throw Object.assign(new Error('gone'), { code: 'DIRECTORY_UNAVAILABLE' });
          return directory.updateAccount(id, change);
        },
      },
    }));
    const { id } = await openAccount(broken);
    expect((await broken.call('POST', `/accounts/${id}/close`)).status).toBe(503);
    const between = await broken.call('GET', `/accounts/${id}`);
    expect(between.body).toMatchObject({ status: 'closed', closed_at: null });
    cut = false;
    expect((await broken.call('POST', `/accounts/${id}/close`)).body.closed_at).not.toBeNull();
    await broken.close();
  });

  test('a ledger that does not answer is 503, and the directory is not written', async () => {
    const broken = await openAdmin(({ ledger }) => ({
      ledger: {
        ...ledger,
        openAccount: async () => {
          throw new LedgerUnavailable('no answer');
        },
      },
    }));
    const answer = await broken.call('POST', '/accounts', { name: 'Acme' });
    expect(answer.status).toBe(503);
    expect(answer.body.type).toBe('urn:tollgate:problem:store-unavailable');
    expect(await broken.directory.listAccounts({ limit: 10 })).toEqual([]);
    await broken.close();
  });

  test('a fault says not a word about the inside', async () => {
    const broken = await openAdmin(({ ledger }) => ({
      ledger: {
        ...ledger,
        readBalance: async () => {
          throw new Error('the inside');
        },
      },
    }));
    await broken.directory.createAccount({
      ...{ id: 'acct_a', name: 'A', timezone: 'UTC', mode: 'prepaid', creditLimitNanoUsd: 0n, createdAtMs: START_MS },
      ...{ onDisconnect: 'drain', onExhausted: 'refuse', lowBalanceNanoUsd: [] },
    });
    const fault = await broken.call('GET', '/accounts/acct_a');
    expect(fault.status).toBe(500);
    expect(fault.body.detail).toMatch(/^The log has more under request req_[0-9A-Z]{26}\.$/);
    await broken.close();
  });
});
