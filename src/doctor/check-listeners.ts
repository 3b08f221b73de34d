import { createServer } from 'node:net';
import { createFinder, type Finding } from './finding.ts';

/** An address that Tollgate is to listen on. */
export interface Listener {
  name: 'public listener' | 'admin listener';
  host: string;
  port: number;
  /** Names of its settings. */
  settings: string;
}

const TIMEOUT_MS = 3_000;
const MAX_ANSWER_CHARACTERS = 10_000;

/** Whether its place is free, taken by a Tollgate that is well, or by something else. */
export async function checkListener({ name, host, port, settings }: Listener): Promise<Finding[]> {
  const { ok, fail, warn } = createFinder(name);
  if (port === 0) return [ok(`${host}, on a port of the system's choice`)];
  const fault = await findListenFault(host, port);
  if (fault === undefined) return [ok(`${host}:${port} is free; no Tollgate runs there`)];
  if (fault !== 'EADDRINUSE') {
    const remedy = fault === 'EACCES' ? 'take a port from 1024 on, or give the process the right' : `see ${settings}`;
    return [fail(`${host}:${port} cannot be listened on (${fault})`, remedy)];
  }
  const alive = await ask(host, port, '/livez');
  if (alive === undefined || !/^(ok|alive)$/.test(`${alive.json.status}`)) {
    return [fail(`${host}:${port} is in use by something else`, `end that, or change ${settings}`)];
  }
  const ready = await ask(host, port, '/readyz');
  if (ready?.status === 200) return [ok(`a Tollgate runs at ${host}:${port} and is ready`)];
  const says = `the Tollgate at ${host}:${port} is not ready: ${describeState(ready?.json)}`;
  return [warn(says, 'see the other lines here, and its log')];
}

/** Listens for a moment: what else tells a port that this user may not take? */
function findListenFault(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
    server.listen({ host: host.replace(/^\[|\]$/g, ''), port }, () => server.close(() => resolve(undefined)));
  });
}

interface Answer {
  status: number;
  json: { readonly [field: string]: unknown };
}

async function ask(host: string, port: number, path: string): Promise<Answer | undefined> {
  const plain = host.replace(/^\[|\]$/g, '');
  const named = plain === '0.0.0.0' || plain === '::' ? '127.0.0.1' : plain;
  const origin = `http://${named.includes(':') ? `[${named}]` : named}:${port}`;
  try {
    const response = await fetch(`${origin}${path}`, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
    const json: unknown = JSON.parse(await readBeginning(response));
    return typeof json === 'object' && json !== null
      ? { status: response.status, json: json as Answer['json'] }
      : undefined;
  } catch {
    // Whoever sits there does not speak as we do.
    return undefined;
  }
}

/** What is longer is none of our answers. */
async function readBeginning({ body }: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > MAX_ANSWER_CHARACTERS) break;
  }
  return text;
}

function describeState(json: Answer['json'] | undefined): string {
  if (json === undefined) return 'it does not say why';
  const { checks, reason } = json;
  if (typeof checks !== 'object' || checks === null) return `${reason ?? 'it does not say why'}`;
  const failing = Object.entries(checks).filter(([, state]) => state !== 'ok');
  return failing.map(([check, state]) => `${check}: ${state}`).join('; ');
}
