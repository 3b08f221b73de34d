import Anthropic, { toFile } from '@anthropic-ai/sdk';
import { describe, expect, test } from 'vitest';
import { startSimulatedApi, UPSTREAM_KEY } from '../support/simulated-api.ts';

const params = { model: 'claude-haiku-4-5', max_tokens: 50, messages: [{ role: 'user' as const, content: 'Hello' }] };
const item = (customId: string, changes: object = {}) => ({ custom_id: customId, params: { ...params, ...changes } });

const clientOf = (baseURL: string) => new Anthropic({ apiKey: UPSTREAM_KEY, baseURL, maxRetries: 0 });

describe('batches of the simulated API', () => {
  test('stand still until they are ended, bill what succeeded at half price, and can be read', async () => {
    await using api = await startSimulatedApi();
    const client = clientOf(api.baseUrl);
    const batch = await client.messages.batches.create({
      requests: [item('a'), item('b'), item('c'), item('wrong', { max_tokens: -1 })],
    });
    expect(batch).toMatchObject({ processing_status: 'in_progress', results_url: null });
    expect(batch.request_counts).toMatchObject({ processing: 4, succeeded: 0 });
    expect(api.bill().totalNanoUsd).toBe(0n);

    api.batches.end((id) => (id === 'c' ? 'expired' : 'succeeded'));
    const ended = await client.messages.batches.retrieve(batch.id);
    expect(ended.request_counts).toEqual({ processing: 0, succeeded: 2, errored: 1, canceled: 0, expired: 1 });
    const results = new Map<string, string>();
    for await (const line of await client.messages.batches.results(batch.id)) {
      results.set(line.custom_id, line.result.type);
      if (line.result.type === 'succeeded') expect(line.result.message.usage.service_tier).toBe('batch');
    }
    expect(Object.fromEntries(results)).toEqual({ a: 'succeeded', b: 'succeeded', c: 'expired', wrong: 'errored' });
    const { entries, totalNanoUsd } = api.bill();
    expect(entries.map(({ billed }) => billed)).toEqual([true, true]);
    // Haiku 4.5 at half of 1 and 5 dollars per million.
    const expected = entries.map(({ usage }) => {
      const [pass] = usage?.passes ?? [];
      return ((pass?.input ?? 0n) * 1_000_000n + (pass?.output ?? 0n) * 5_000_000n) / 2n;
    });
    expect(totalNanoUsd).toBe(expected.reduce((sum, pico) => sum + (pico + 999n) / 1_000n, 0n));
  });

  test('are listed newest first in pages, cancelled and deleted', async () => {
    await using api = await startSimulatedApi();
    const client = clientOf(api.baseUrl);
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c']) ids.push((await client.messages.batches.create({ requests: [item(name)] })).id);
    const listed: string[] = [];
    for await (const batch of client.messages.batches.list({ limit: 2 })) listed.push(batch.id);
    expect(listed).toEqual(ids.toReversed());

    const [first = ''] = ids;
    expect((await client.messages.batches.cancel(first)).processing_status).toBe('canceling');
    await expect(client.messages.batches.delete(first)).rejects.toMatchObject({ status: 400 });
    api.batches.end(undefined, first);
    expect((await client.messages.batches.retrieve(first)).request_counts.canceled).toBe(1);
    expect(await client.messages.batches.delete(first)).toEqual({ id: first, type: 'message_batch_deleted' });
    await expect(client.messages.batches.retrieve(first)).rejects.toMatchObject({ status: 404 });
    expect(api.bill().totalNanoUsd).toBe(0n);
  });

  test('refuse items with one name', async () => {
    await using api = await startSimulatedApi();
    const twice = clientOf(api.baseUrl).messages.batches.create({ requests: [item('a'), item('a')] });
    await expect(twice).rejects.toMatchObject({ status: 400 });
    expect(api.batches.ids()).toEqual([]);
  });
});

test('files of the simulated API are uploaded, shown, listed, downloaded and deleted', async () => {
  await using api = await startSimulatedApi();
  const { files } = clientOf(api.baseUrl).beta;
  const bytes = Buffer.from([0, 13, 10, 45, 45, 255, 0]);
  const file = await files.upload({ file: await toFile(bytes, 'odd.bin', { type: 'application/x-odd' }) });
  expect(file).toMatchObject({ filename: 'odd.bin', mime_type: 'application/x-odd', size_bytes: bytes.length });
  expect(await files.retrieveMetadata(file.id)).toEqual(file);
  expect(Buffer.from(await (await files.download(file.id)).arrayBuffer())).toEqual(bytes);
  const listed: string[] = [];
  for await (const each of files.list()) listed.push(each.id);
  expect(listed).toEqual([file.id]);
  await files.delete(file.id);
  await expect(files.retrieveMetadata(file.id)).rejects.toMatchObject({ status: 404 });
  expect(api.counters.files).toBe(6);
});
