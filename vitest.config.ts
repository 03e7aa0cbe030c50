import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/bench/**', '**/node_modules/**', '**/dist/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // What is waited for comes when it comes: on a busy machine a second is short.
    expect: { poll: { timeout: 15_000 } },
    // Many files start processes, sockets and databases of their own.
    pool: 'forks',
    // They wait more than they work: leaving a core free, as is usual, takes half as long again on two.
    maxWorkers: '100%',
  },
});
