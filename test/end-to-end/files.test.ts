import { request } from 'node:http';
import Anthropic, { toFile } from '@anthropic-ai/sdk';
import { expect, test } from 'vitest';
import { describeOnEachTollgate } from '../support/each-store.ts';

const MIB = 1_024 * 1_024;

describeOnEachTollgate('the Files API, with the SDK', (tollgate) => {
  const clientOf = (secret: string) => new Anthropic({ apiKey: secret, baseURL: tollgate().baseUrl, maxRetries: 0 });
  const ask = (fileId: string) => ({
    model: 'claude-haiku-4-5',
    max_tokens: 20,
    messages: [
      {
        role: 'user' as const,
        content: [{ type: 'document' as const, source: { type: 'file' as const, file_id: fileId } }],
      },
    ],
  });

  test('uploads, shows, downloads and deletes, byte for byte and free of charge', async () => {
    const caller = await tollgate().createCaller();
    const { files } = clientOf(caller.secret).beta;
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 31) % 256));
    const file = await files.upload({ file: await toFile(bytes, 'odd.bin', { type: 'application/x-odd' }) });
    expect(file).toMatchObject({ filename: 'odd.bin', size_bytes: bytes.length });
    expect(await files.retrieveMetadata(file.id)).toEqual(file);
    const downloaded = await files.download(file.id);
    expect(downloaded.headers.get('content-type')).toBe('application/x-odd');
    expect(Buffer.from(await downloaded.arrayBuffer()).equals(bytes)).toBe(true);
    expect(await files.delete(file.id)).toEqual({ id: file.id, type: 'file_deleted' });
    await expect(files.retrieveMetadata(file.id)).rejects.toMatchObject({ status: 404 });
    expect(await tollgate().expectSettled()).toEqual({ charged: 0n, billed: 0n });
  });

  test("keeps an account's files from every other, whatever is tried", async () => {
    const [one, other] = [await tollgate().createCaller(), await tollgate().createCaller()];
    const mine = clientOf(one.secret);
    const file = await mine.beta.files.upload({ file: await toFile(Buffer.from('secret'), 'a.txt') });
    const theirs = clientOf(other.secret);
    const asked = tollgate().api.counters.requests;
    const notFound = { status: 404, error: { error: { type: 'not_found_error' } } };
    await expect(theirs.beta.files.retrieveMetadata(file.id)).rejects.toMatchObject(notFound);
    await expect(theirs.beta.files.download(file.id)).rejects.toMatchObject(notFound);
    await expect(theirs.beta.files.delete(file.id)).rejects.toMatchObject(notFound);
    await expect(theirs.messages.create(ask(file.id) as never)).rejects.toMatchObject(notFound);
    const { max_tokens: _, ...counted } = ask(file.id);
    await expect(theirs.messages.countTokens(counted as never)).rejects.toMatchObject(notFound);
    const trailing = `${JSON.stringify(counted)},`;
    expect((await tollgate().send(other, trailing, { path: '/v1/messages/count_tokens' })).status).toBe(400);
    expect((await theirs.beta.files.list()).data).toEqual([]);
    expect((await theirs.beta.files.list({ ids: [file.id] })).data).toEqual([]);
    // Nothing of it came to the upstream, which would have answered.
    expect(tollgate().api.counters.requests).toBe(asked);

    expect((await mine.messages.countTokens(counted as never)).input_tokens).toBeGreaterThan(0);
    const answer = await mine.messages.create(ask(file.id) as never);
    expect(answer.usage.input_tokens).toBeGreaterThan(0);
    expect((await tollgate().expectSettled()).charged).toBeGreaterThan(0n);
  });

  test('lists an account’s own files in pages, newest first, by both versions of the API', async () => {
    const [one, other] = [await tollgate().createCaller(), await tollgate().createCaller()];
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c']) {
      await clientOf(other.secret).beta.files.upload({ file: await toFile(Buffer.from('x'), name) });
      ids.push((await clientOf(one.secret).beta.files.upload({ file: await toFile(Buffer.from('x'), name) })).id);
    }
    const listed: string[] = [];
    for await (const file of clientOf(one.secret).beta.files.list({ limit: 2 })) listed.push(file.id);
    expect(listed).toEqual(ids.toReversed());
    const list = async (query: string) =>
      (await tollgate().send(one, undefined, { method: 'GET', path: `/v1/files${query}` })).json();
    expect(await list(`?limit=1&after_id=${ids[2]}`)).toMatchObject({ data: [{ id: ids[1] }], has_more: true });
    expect(await list(`?limit=5&before_id=${ids[1]}`)).toMatchObject({ first_id: ids[2], has_more: false });
    expect(await list('?limit=0')).toMatchObject({ error: { type: 'invalid_request_error' } });
    expect(await list('?after_id=file_unknown')).toMatchObject({ error: { type: 'invalid_request_error' } });
  });

  test('passes an upload on when it is whole, so that a slow sender holds no connection', async () => {
    const caller = await tollgate().createCaller();
    const sent = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    const before = tollgate().api.counters.requests;
    const boundary = 'x-boundary';
    async function* body() {
      yield Buffer.from(
        `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="big.bin"\r\ncontent-type: text/plain\r\n\r\n`,
      );
      for (let part = 0; part < 20; part += 1) yield Buffer.alloc(MIB, 97);
      reached.resolve();
      await sent.promise;
      yield Buffer.from(`\r\n--${boundary}--\r\n`);
    }
    const upload = tollgate().send(caller, undefined, {
      path: '/v1/files',
      body: body() as never,
      duplex: 'half',
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    } as RequestInit & { path: string });
    await reached.promise;
    expect((await tollgate().send(caller, undefined, { method: 'GET', path: '/v1/models' })).status).toBe(200);
    expect(tollgate().api.counters.requests).toBe(before + 1);
    sent.resolve();
    expect(await (await upload).json()).toMatchObject({ size_bytes: 20 * MIB });
  });

  test('refuses what is announced larger than the API takes, and passes its errors on', async () => {
    const caller = await tollgate().createCaller();
    const { files } = clientOf(caller.secret).beta;
    const none = await tollgate().send(caller, 'x', { path: '/v1/files', headers: { 'content-type': 'text/plain' } });
    expect([none.status, await none.json()]).toMatchObject([400, { error: { message: 'file: Field required' } }]);
    tollgate().api.enqueue({ kind: 'error', error: 'overloaded' });
    await expect(files.upload({ file: await toFile(Buffer.from('x'), 'a') })).rejects.toMatchObject({ status: 529 });
    const refused = Promise.withResolvers<number | undefined>();
    const headers = { 'x-api-key': caller.secret, 'content-length': String(501 * MIB) };
    const large = request(`${tollgate().baseUrl}/v1/files`, { method: 'POST', headers }, (response) => {
      response.resume();
      refused.resolve(response.statusCode);
    });
    large.on('error', refused.reject);
    large.flushHeaders();
    expect(await refused.promise).toBe(413);
    large.destroy();
  });
});
