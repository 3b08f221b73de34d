import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // No test measures time: this only ends one that hangs, also on a machine under load.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // Most of a file's time is waiting for processes it started, so both cores are used where there are only two.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
