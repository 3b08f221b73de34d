import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PinnedProcess, startPinned, waitForPort } from '../machine.ts';
import { JSON_ANSWER, STREAM_ANSWER } from './answers.ts';

const HTTP_SETTINGS = `
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 300s;
  client_max_body_size 64m;
  client_body_buffer_size 16m;
  default_type application/json;`;

/** The Claude API for the benchmarks: the same answer to everything, at some 70,000 a second and core. */
export async function startNginxUpstream(folder: string, port: number, core: number): Promise<PinnedProcess> {
  return startNginx(
    folder,
    'upstream',
    port,
    core,
    `
    server {
      listen 127.0.0.1:${port} backlog=8192;
      location /v1/messages {
        add_header request-id req_bench;
        if ($http_x_bench_stream) { rewrite ^ /stream last; }
        return 200 '${JSON_ANSWER}';
      }
      location = /stream {
        default_type text/event-stream;
        add_header request-id req_bench;
        return 200 '${STREAM_ANSWER}';
      }
    }`,
  );
}

/** A proxy that does nothing but pass on. */
export async function startNginxProxy(
  folder: string,
  port: number,
  core: number,
  upstream: number,
): Promise<PinnedProcess> {
  return startNginx(
    folder,
    'proxy',
    port,
    core,
    `
    upstream api { server 127.0.0.1:${upstream}; keepalive 2048; keepalive_requests 1000000000; }
    server {
      listen 127.0.0.1:${port} backlog=8192;
      location / { proxy_pass http://api; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }
    }`,
  );
}

async function startNginx(
  folder: string,
  name: string,
  port: number,
  core: number,
  servers: string,
): Promise<PinnedProcess> {
  const own = join(folder, name);
  mkdirSync(own, { recursive: true });
  const file = join(own, 'nginx.conf');
  writeFileSync(
    file,
    `worker_processes 1; daemon off; pid ${own}/pid; error_log ${own}/error.log;
events { worker_connections 16384; }
worker_rlimit_nofile 32768;
http {${HTTP_SETTINGS}
  client_body_temp_path ${own}/body; proxy_temp_path ${own}/proxy; fastcgi_temp_path ${own}/f; uwsgi_temp_path ${own}/u; scgi_temp_path ${own}/s;
  ${servers}
}`,
  );
  const started = startPinned('nginx', ['-c', file, '-p', own, '-e', `${own}/error.log`], { core });
  await waitForPort(port);
  return started;
}
