/** Asks a process that was started with `--inspect=127.0.0.1:<port>` what it holds. */
export interface HeapProbe {
  /** Bytes of live objects, after a garbage collection. */
  readHeapBytes(): Promise<number>;
  close(): void;
}

export async function openHeapProbe(port: number): Promise<HeapProbe> {
  const targets = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
    webSocketDebuggerUrl: string;
  }[];
  const socket = new WebSocket(targets[0]?.webSocketDebuggerUrl ?? '');
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  const answers = new Map<number, (result: { usedSize?: number }) => void>();
  socket.onmessage = ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id?: number; result?: { usedSize?: number } };
    if (id !== undefined) answers.get(id)?.(result ?? {});
  };
  let last = 0;
  const ask = (method: string): Promise<{ usedSize?: number }> =>
    new Promise((resolve) => {
      last += 1;
      answers.set(last, resolve);
      socket.send(JSON.stringify({ id: last, method }));
    });
  return {
    async readHeapBytes() {
      await ask('HeapProfiler.collectGarbage');
      const { usedSize = 0 } = await ask('Runtime.getHeapUsage');
      return usedSize;
    },
    close: () => socket.close(),
  };
}
