// Plain Fastify with @fastify/http-proxy: what a proxy in our own framework costs that meters nothing.
import proxy from '@fastify/http-proxy';
import Fastify from 'fastify';

const [port, upstreamPort] = process.argv.slice(2).map(Number);
const app = Fastify({ bodyLimit: 64 * 1_024 * 1_024 });
await app.register(proxy, {
  upstream: `http://127.0.0.1:${upstreamPort}`,
  // More than any suite has streams: what finds no connection would wait for one without end.
  undici: { connections: 8_192, pipelining: 1 },
});
await app.listen({ host: '127.0.0.1', port: port ?? 0, backlog: 8_192 });
