import { Pool } from 'undici';

export interface PacedResult {
  p50Ms: number;
  p99Ms: number;
  failed: number;
}

/**
 * Sends requests at a fixed rate, whatever the answers do, and measures each from the instant at which it was due: a
 * server that stalls does not stop the clock.
 */
export async function runPaced(
  target: { url: string; headers: Readonly<Record<string, string>>; body: Buffer },
  { perSecond, seconds }: { perSecond: number; seconds: number },
): Promise<PacedResult> {
  const { origin, pathname } = new URL(target.url);
  const pool = new Pool(origin, { connections: 64, allowH2: false });
  const taken: number[] = [];
  let failed = 0;
  const send = async (dueAtMs: number): Promise<void> => {
    try {
      const { statusCode, body } = await pool.request({
        path: pathname,
        method: 'POST',
        headers: target.headers,
        body: target.body,
      });
      await body.dump();
      if (statusCode === 200) taken.push(performance.now() - dueAtMs);
      else failed += 1;
    } catch {
      failed += 1;
    }
  };
  const startedAtMs = performance.now();
  const count = perSecond * seconds;
  const running: Promise<void>[] = [];
  for (let sent = 0; sent < count; sent += 1) {
    const dueAtMs = startedAtMs + (sent * 1_000) / perSecond;
    const waitMs = dueAtMs - performance.now();
    if (waitMs > 1) await new Promise((resolve) => setTimeout(resolve, waitMs - 1));
    while (performance.now() < dueAtMs);
    running.push(send(dueAtMs));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(running);
  await pool.close();
  taken.sort((left, right) => left - right);
  const at = (share: number): number =>
    taken[Math.min(taken.length - 1, Math.floor(taken.length * share))] ?? Number.NaN;
  return { p50Ms: at(0.5), p99Ms: at(0.99), failed };
}
