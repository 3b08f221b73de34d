import { setTimeout as delay } from 'node:timers/promises';
import { createSeededRandom, type SeededRandom } from '../../src/simulator/seeded-random.ts';
import type { Caller } from './admin-calls.ts';
import type { RunningTollgate } from './running-tollgate.ts';

export interface LeavingClients {
  calls: number;
  /** Open at the same time. */
  atOnce: number;
  seed: number;
}

/** What an answer of the default length comes to, so that some clients leave near its end and some never. */
const BYTES_AT_MOST = 14_000;
const WAIT_AT_MOST_MS = 350;

const message = { role: 'user', content: 'Say something about toll roads.' };
const base = { max_tokens: 2_000, messages: [message] };
const tool = { name: 'pay', input_schema: { type: 'object', properties: { amount: { type: 'string' } } } };
const thinking = { type: 'enabled', budget_tokens: 1_024 };
/** Text, the input of tools, thinking that is shown and thinking that is not, and answers that come whole. */
const REQUESTS = [
  { ...base, model: 'claude-haiku-4-5', stream: true },
  { ...base, model: 'claude-opus-5', stream: true },
  { ...base, model: 'claude-haiku-4-5', stream: true, tools: [tool], tool_choice: { type: 'any' } },
  { ...base, model: 'claude-haiku-4-5', stream: true, thinking: { ...thinking, display: 'summarized' } },
  { ...base, model: 'claude-opus-5', stream: true, thinking: { type: 'adaptive' } },
  { ...base, model: 'claude-haiku-4-5' },
];

/**
 * Calls whose clients leave at random, the same for a seed: a third after a time, which is mostly before the headers, a
 * half after so many bytes, the rest when all has come.
 */
export async function sendLeavingClients(
  tollgate: RunningTollgate,
  caller: Caller,
  { calls, atOnce, seed }: LeavingClients,
): Promise<void> {
  const random = createSeededRandom(seed);
  const plans = Array.from({ length: calls }, () => planClient(random));
  const worker = async (): Promise<void> => {
    for (let plan = plans.pop(); plan !== undefined; plan = plans.pop()) await runClient(tollgate, caller, plan);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

interface ClientPlan {
  request: unknown;
  leaves: { afterMs: number } | { afterBytes: number } | 'never';
}

function planClient(random: SeededRandom): ClientPlan {
  const request = REQUESTS[random.integer(REQUESTS.length)];
  const how = random.integer(6);
  if (how < 2) return { request, leaves: { afterMs: random.integer(WAIT_AT_MOST_MS) } };
  return { request, leaves: how < 5 ? { afterBytes: random.integer(BYTES_AT_MOST) } : 'never' };
}

async function runClient(tollgate: RunningTollgate, caller: Caller, { request, leaves }: ClientPlan): Promise<void> {
  const leave = new AbortController();
  try {
    if (leaves !== 'never' && 'afterMs' in leaves) void delay(leaves.afterMs).then(() => leave.abort());
    const response = await tollgate.send(caller, request, { signal: leave.signal });
    if (!response.ok) throw new Error(`answered ${response.status}: ${await response.text()}`);
    let bytes = 0;
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      bytes += chunk.byteLength;
      if (leaves !== 'never' && 'afterBytes' in leaves && bytes >= leaves.afterBytes) leave.abort();
    }
  } catch (error) {
    if (!leave.signal.aborted) throw error;
  }
}
