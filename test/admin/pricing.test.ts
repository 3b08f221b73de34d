import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AdminUnderTest, openAccount, openAdmin } from './admin-under-test.ts';

let admin: AdminUnderTest;
beforeAll(async () => {
  admin = await openAdmin();
});
afterAll(() => admin.close());

const OVERRIDE = {
  model: 'claude-opus-5',
  effective_from: '2026-12-01T00:00:00.000Z',
  input_usd_per_mtok: '4.5',
  cache_write_5m_usd_per_mtok: '5',
  cache_write_1h_usd_per_mtok: '8',
  cache_read_usd_per_mtok: '0.25',
  output_usd_per_mtok: '20',
};

describe('the pricing of an account', () => {
  it('is none unless stated', async () => {
    const account = await openAccount(admin);
    expect(account.pricing).toEqual({ multiplier: null, overrides: [] });
  });

  it('is given at the opening, shown, and found in the directory', async () => {
    const pricing = { multiplier: '1.25', overrides: [OVERRIDE] };
    const account = await openAccount(admin, { pricing });
    expect(account.pricing).toEqual(pricing);
    expect((await admin.call('GET', `/accounts/${account.id}`)).body.pricing).toEqual(pricing);
    expect(await admin.directory.findAccount(account.id)).toMatchObject({
      priceMultiplier: '1.25',
      priceOverrides: [{ model: 'claude-opus-5', effectiveFromMs: Date.parse('2026-12-01'), input: '4.5' }],
    });
  });

  it('is changed in parts: what is left out stays, null and an empty list remove', async () => {
    const { id } = await openAccount(admin);
    const patch = async (pricing: object) => (await admin.call('PATCH', `/accounts/${id}`, { pricing })).body.pricing;
    const plain = { model: 'claude-opus-5', input_usd_per_mtok: '4' };
    expect(await patch({ multiplier: '0.9' })).toEqual({ multiplier: '0.9', overrides: [] });
    expect(await patch({ overrides: [plain] })).toEqual({ multiplier: '0.9', overrides: [plain] });
    expect((await admin.call('PATCH', `/accounts/${id}`, { name: 'New' })).body.pricing.multiplier).toBe('0.9');
    expect(await patch({ multiplier: null })).toEqual({ multiplier: null, overrides: [plain] });
    expect(await patch({ overrides: [] })).toEqual({ multiplier: null, overrides: [] });
    expect(await admin.directory.findAccount(id)).not.toHaveProperty('priceOverrides');
  });

  it('takes back what it has shown', async () => {
    const account = await openAccount(admin, { pricing: { multiplier: '2', overrides: [OVERRIDE] } });
    const again = await admin.call('PATCH', `/accounts/${account.id}`, { pricing: account.pricing });
    expect(again.body.pricing).toEqual(account.pricing);
  });

  it.each([
    [{}, 'pricing'],
    [{ multiplier: '0' }, 'pricing.multiplier'],
    [{ multiplier: 1.25 }, 'pricing.multiplier'],
    [{ multiplier: '1.00001' }, 'pricing.multiplier'],
    [{ factor: '2' }, 'pricing.factor'],
    [{ overrides: [{ model: 'claude-opus-5' }] }, 'pricing.overrides[0].input_usd_per_mtok'],
    [{ overrides: [{ model: 'claude-next', input_usd_per_mtok: '1' }] }, 'pricing.overrides[0].model'],
    [{ overrides: [{ model: 'claude-opus', input_usd_per_mtok: '1' }] }, 'pricing.overrides[0].model'],
    [{ overrides: [{ ...OVERRIDE, output_usd_per_mtok: '0' }] }, 'pricing.overrides[0].output_usd_per_mtok'],
    [{ overrides: [{ ...OVERRIDE, effective_from: 'tomorrow' }] }, 'pricing.overrides[0].effective_from'],
    [{ overrides: [OVERRIDE, OVERRIDE] }, 'pricing.overrides[1].effective_from'],
  ])('refuses %j and names %s', async (pricing, field) => {
    const { id } = await openAccount(admin);
    for (const [method, path, body] of [
      ['PATCH', `/accounts/${id}`, { pricing }],
      ['POST', '/accounts', { name: 'Acme', pricing }],
    ] as const) {
      const answer = await admin.call(method, path, body);
      expect(answer.status).toBe(400);
      expect(answer.body.errors.map((error: { field: string }) => error.field)).toContain(field);
    }
    expect((await admin.call('GET', `/accounts/${id}`)).body.pricing).toEqual({ multiplier: null, overrides: [] });
  });

  it('leaves the policy as it was where it is refused', async () => {
    const { id } = await openAccount(admin);
    const answer = await admin.call('PATCH', `/accounts/${id}`, {
      status: 'frozen',
      pricing: { overrides: [{ model: 'nope', input_usd_per_mtok: '1' }] },
    });
    expect(answer.status).toBe(400);
    expect((await admin.call('GET', `/accounts/${id}`)).body.status).toBe('open');
  });
});
