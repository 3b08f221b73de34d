import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Most of a file's time is waiting for processes it started, so both cores are used where there are only two.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
