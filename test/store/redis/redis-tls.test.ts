import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectRedis, RedisUnreachable } from '../../../src/store/redis/connect-redis.ts';
import { type RedisServer, startRedisServer } from '../../support/redis-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'tollgate-redis-tls-'));
const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
let server: RedisServer;
let front: Server;
let url: string;

// A TLS front before a plain Redis, its certificate signed by nobody.
beforeAll(async () => {
  server = await startRedisServer();
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const files = ['-keyout', keyFile, '-out', certFile];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...files, '-days', '2', ...subject], {
    stdio: 'ignore',
  });
  front = createServer({ key: readFileSync(keyFile), cert: readFileSync(certFile) }, (client) => {
    const plain = connect(server.port, '127.0.0.1');
    client.on('error', () => plain.destroy());
    plain.on('error', () => client.destroy());
    client.pipe(plain).pipe(client);
  });
  front.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  url = `rediss://localhost:${(front.address() as AddressInfo).port}`;
});
afterAll(async () => {
  front?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('a certificate that nobody vouches for is refused, by name', async () => {
  const options = { url, commandTimeoutMs: 500, startTimeoutMs: 1_000, onFault: () => {} };
  const error: unknown = await connectRedis(options).catch((fault: unknown) => fault);
  expect(error).toBeInstanceOf(RedisUnreachable);
  expect(String(error)).toMatch(/self.signed certificate/);
});

test('one of an authority named by NODE_EXTRA_CA_CERTS is accepted', async () => {
  const script = `
    import { connectRedis } from ${JSON.stringify(new URL('../../../src/store/redis/connect-redis.ts', import.meta.url).href)};
    const options = { commandTimeoutMs: 2000, startTimeoutMs: 5000, onFault: () => {} };
    const client = await connectRedis({ ...options, url: ${JSON.stringify(url)} });
    console.log(await client.ping());
    client.disconnect();`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: certFile },
  });
  expect(stdout.trim()).toBe('PONG');
});
