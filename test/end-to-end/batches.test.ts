import Anthropic from '@anthropic-ai/sdk';
import { expect, test } from 'vitest';
import type { Caller } from '../support/admin-calls.ts';
import { describeOnEachTollgate } from '../support/each-store.ts';
import { failing } from '../support/simulated-api.ts';
import { until } from '../support/until.ts';

const item = (customId: string, params: object = {}) => ({
  custom_id: customId,
  params: {
    model: 'claude-haiku-4-5',
    max_tokens: 50,
    messages: [{ role: 'user' as const, content: `Say ${customId}` }],
    ...params,
  },
});

describeOnEachTollgate(
  'Message Batches, with the SDK',
  (tollgate) => {
    const clientOf = ({ secret }: Caller) =>
      new Anthropic({ apiKey: secret, baseURL: tollgate().baseUrl, maxRetries: 0 }).messages.batches;
    const balanceOf = async ({ accountId }: Caller) => (await tollgate().admin.readAccount(accountId)).balance;
    const heldOf = async (caller: Caller) => (await balanceOf(caller)).held_usd;
    const journalOf = async ({ accountId }: Caller) => tollgate().admin.readJournal(accountId);
    const endsOf = async (caller: Caller) =>
      (await journalOf(caller)).filter(({ operation }) => ['settle', 'late', 'release'].includes(operation));
    /** The results of the poller are not asked for by anybody. */
    const untilCharged = (caller: Caller) =>
      until(async () => (await heldOf(caller)) === '0.00', { what: 'nothing is held', timeoutMs: 20_000 });

    test('creates, shows and reads a batch of mixed results, and charges what the API bills, once', async () => {
      const caller = await tollgate().createCaller();
      const batches = clientOf(caller);
      const creation = batches.create({
        requests: [
          item('a'),
          item('b', { model: 'claude-sonnet-4-6', max_tokens: 900 }),
          item('c'),
          item('d'),
          item('e'),
          item('f', { model: 'claude-sonnet-4-6', inference_geo: 'us' }),
        ],
      } as never);
      const { data: batch, response } = await creation.withResponse();
      expect(batch).toMatchObject({ processing_status: 'in_progress', results_url: null });
      expect(response.headers.get('tollgate-balance-usd')).toBe((await balanceOf(caller)).available_usd);
      expect(await heldOf(caller)).not.toBe('0.00');
      expect((await journalOf(caller)).filter(({ operation }) => operation === 'hold')).toHaveLength(2);
      expect(await batches.retrieve(batch.id)).toEqual(batch);

      const fates = { c: 'errored', d: 'canceled', e: 'expired' } as const;
      tollgate().api.batches.end((customId) => fates[customId as 'c'], batch.id);
      const ended = await batches.retrieve(batch.id);
      expect(ended.request_counts).toEqual({ processing: 0, succeeded: 3, errored: 1, canceled: 1, expired: 1 });
      expect(ended.results_url).toBe(`${tollgate().baseUrl}/v1/messages/batches/${batch.id}/results`);
      const types = new Map<string, string>();
      for await (const { custom_id, result } of await batches.results(batch.id)) types.set(custom_id, result.type);
      expect(Object.fromEntries(types)).toEqual({ a: 'succeeded', b: 'succeeded', f: 'succeeded', ...fates });
      await untilCharged(caller);
      for await (const _ of await batches.results(batch.id));
      expect((await tollgate().expectSettled()).charged).toBeGreaterThan(0n);

      const settles = await endsOf(caller);
      expect(settles.map(({ operation }) => operation)).toEqual(['settle', 'settle']);
      expect(settles.map(({ details }) => details?.requested_model).toSorted()).toEqual([
        'claude-haiku-4-5-20251001',
        'claude-sonnet-4-6',
      ]);
      for (const { details } of settles) {
        expect(details).toMatchObject({
          batch_id: batch.id,
          key_id: caller.keyId,
          outcome: 'batch',
          basis: 'reported',
          batch_items: { succeeded: 3, errored: 1, canceled: 1, expired: 1, other: 0 },
        });
      }
    });

    test('charges a batch whose results nobody fetches, and one that was canceled', async () => {
      const caller = await tollgate().createCaller();
      const batches = clientOf(caller);
      const [left, canceled] = [
        await batches.create({ requests: [item('a'), item('b')] }),
        await batches.create({ requests: [item('a'), item('b')] }),
      ];
      expect((await batches.cancel(canceled.id)).processing_status).toBe('canceling');
      tollgate().api.batches.end((customId) => (customId === 'a' ? 'succeeded' : undefined), canceled.id);
      tollgate().api.batches.end(undefined, left.id);
      await untilCharged(caller);
      expect((await tollgate().expectSettled()).charged).toBeGreaterThan(0n);
      const counts = (await endsOf(caller)).map(({ details }) => details?.batch_items);
      expect(counts).toContainEqual({ succeeded: 1, errored: 0, canceled: 1, expired: 0, other: 0 });
      expect(counts).toContainEqual({ succeeded: 2, errored: 0, canceled: 0, expired: 0, other: 0 });
    });

    test('deletes a batch once it has ended, and charges it first', async () => {
      const caller = await tollgate().createCaller();
      const batches = clientOf(caller);
      const batch = await batches.create({ requests: [item('a')] });
      await expect(batches.delete(batch.id)).rejects.toMatchObject({ status: 400 });
      tollgate().api.batches.end(undefined, batch.id);
      expect(await batches.delete(batch.id)).toEqual({ id: batch.id, type: 'message_batch_deleted' });
      await expect(batches.retrieve(batch.id)).rejects.toMatchObject({ status: 404 });
      expect((await batches.list()).data).toEqual([]);
      expect((await tollgate().expectSettled()).charged).toBeGreaterThan(0n);
    });

    test("keeps an account's batches from every other, whatever is tried", async () => {
      const [one, other] = [await tollgate().createCaller(), await tollgate().createCaller()];
      const batch = await clientOf(one).create({ requests: [item('a')] });
      const theirs = clientOf(other);
      const notFound = { status: 404, error: { error: { type: 'not_found_error' } } };
      const named = async () =>
        tollgate().api.requests.filter(({ path, headers }) => path.includes(batch.id) && 'x-of-the-other' in headers);
      const marked = { headers: { 'x-of-the-other': '1' } };
      await expect(theirs.retrieve(batch.id, {}, marked)).rejects.toMatchObject(notFound);
      await expect(theirs.cancel(batch.id, {}, marked)).rejects.toMatchObject(notFound);
      await expect(theirs.delete(batch.id, {}, marked)).rejects.toMatchObject(notFound);
      const path = `/v1/messages/batches/${batch.id}/results`;
      const results = await tollgate().send(other, undefined, {
        method: 'GET',
        path,
        headers: { 'x-of-the-other': '1' },
      });
      expect(results.status).toBe(404);
      expect((await theirs.list()).data).toEqual([]);
      expect(await named()).toEqual([]);
      await expect(clientOf(one).retrieve('msgbatch_unknown')).rejects.toMatchObject(notFound);
      tollgate().api.batches.end(undefined, batch.id);
      await untilCharged(one);
      await tollgate().expectSettled();
    });

    test('lists an account’s own batches in pages, newest first, each with our own address', async () => {
      const [one, other] = [await tollgate().createCaller(), await tollgate().createCaller()];
      const ids: string[] = [];
      for (const name of ['a', 'b', 'c']) {
        await clientOf(other).create({ requests: [item(name)] });
        ids.push((await clientOf(one).create({ requests: [item(name)] })).id);
      }
      tollgate().api.batches.end();
      const listed: [string, string | null][] = [];
      for await (const batch of clientOf(one).list({ limit: 2 })) listed.push([batch.id, batch.results_url]);
      const urlOf = (id: string) => `${tollgate().baseUrl}/v1/messages/batches/${id}/results`;
      expect(listed).toEqual(ids.toReversed().map((id) => [id, urlOf(id)]));
      const before = await clientOf(one).list({ limit: 5, before_id: ids[1]! });
      expect([before.first_id, before.last_id, before.has_more]).toEqual([ids[2], ids[2], false]);
      await expect(clientOf(one).list({ after_id: 'msgbatch_unknown' })).rejects.toMatchObject({ status: 400 });
      await untilCharged(one);
      await untilCharged(other);
      await tollgate().expectSettled();
    });

    test('sends nothing of a batch that credit or a quota has no room for, and holds nothing', async () => {
      const poor = await tollgate().createCaller({ creditUsd: '0.001' });
      const limited = await tollgate().createCaller();
      const quota = { scope: { type: 'account' }, window: 'day', limit_usd: '0.0005' };
      await tollgate().admin.call('POST', `/accounts/${limited.accountId}/quotas`, quota);
      const asked = tollgate().api.batches.ids().length;
      // The first model finds room, the second does not.
      const requests = [item('a'), item('b', { model: 'claude-opus-4-6', max_tokens: 4_000 })];
      await expect(clientOf(poor).create({ requests })).rejects.toMatchObject({ status: 402 });
      await expect(clientOf(limited).create({ requests })).rejects.toMatchObject({ status: 429 });
      expect(tollgate().api.batches.ids()).toHaveLength(asked);
      await untilCharged(poor);
      await untilCharged(limited);
      expect((await endsOf(poor)).map(({ operation }) => operation)).toEqual(['release', 'release']);
      await tollgate().expectSettled();
    });

    test('is as many requests as it has in a quota of a day, and one per model by the minute', async () => {
      const caller = await tollgate().createCaller();
      const limit = (window: string, limit_requests: number) =>
        tollgate().admin.call('POST', `/accounts/${caller.accountId}/quotas`, {
          ...{ scope: { type: 'account' }, window, limit_requests },
        });
      await limit('day', 4);
      await limit('minute', 3);
      const readUse = async () => {
        const page = await tollgate().admin.call('GET', `/accounts/${caller.accountId}/quotas`);
        const { data } = page as { data: { used_requests: number; held_requests: number }[] };
        return data.map(({ used_requests, held_requests }) => [used_requests, held_requests]);
      };
      const batch = await clientOf(caller).create({ requests: [item('a'), item('b'), item('c')] });
      expect(await readUse()).toEqual([
        [0, 3],
        [0, 1],
      ]);
      const more = clientOf(caller).create({ requests: [item('d'), item('e')] });
      await expect(more).rejects.toThrow(
        /has 1 request left of its limit of 4 requests a day, and this batch has 2 requests\./,
      );
      tollgate().api.batches.end((customId) => (customId === 'b' ? 'errored' : 'succeeded'), batch.id);
      await untilCharged(caller);
      expect((await readUse())[0]).toEqual([2, 0]);
      await tollgate().expectSettled();
    });

    test('refuses by item what cannot be priced or read, and gives back what the API refuses', async () => {
      const caller = await tollgate().createCaller();
      const batches = clientOf(caller);
      const asked = tollgate().api.batches.ids().length;
      const refused = (requests: object[], message: string) =>
        expect(batches.create({ requests } as never)).rejects.toMatchObject({
          error: { error: { message: expect.stringContaining(message) } },
        });
      await refused(
        [item('a'), item('b', { model: 'claude-unknown-9' })],
        'requests.1.params: model: "claude-unknown-9"',
      );
      await refused([item('a'), item('a')], 'requests.1.custom_id');
      await refused([], 'at least 1 item');
      const file = { type: 'document', source: { type: 'file', file_id: 'file_of_another' } };
      const withFile = item('b', { messages: [{ role: 'user', content: [file] }] });
      await refused([item('a'), withFile], 'requests.1.params: File not found');
      expect(tollgate().api.batches.ids()).toHaveLength(asked);

      tollgate().api.enqueue(failing('rate_limit'), failing('overloaded'), failing('invalid_request'));
      await expect(batches.create({ requests: [item('a')] })).rejects.toMatchObject({ status: 429 });
      await expect(batches.create({ requests: [item('a')] })).rejects.toMatchObject({ status: 529 });
      await expect(batches.create({ requests: [item('a')] })).rejects.toMatchObject({ status: 400 });
      await untilCharged(caller);
      expect((await tollgate().expectSettled()).charged).toBe(0n);
    });
  },
  { environment: { LIMIT_BATCH_POLL_MS: '100' } },
);
