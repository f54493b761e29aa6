/**
 * The five kinds of tests. Unit and fuzz tests run side by side; those that start real servers, packages or machines run one file
 * at a time, in processes of their own, with time for what they wait for. `scripts/test.ts` runs them in order.
 */
import { defineConfig } from 'vitest/config'

const SECOND = 1000
const real = { pool: 'forks', fileParallelism: false, maxWorkers: 1 } as const

// biome-ignore lint/style/noDefaultExport: vitest reads its configuration from the default export
export default defineConfig({
  test: {
    // Two workers: the tests share a small machine with what they start.
    maxWorkers: 2,
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], pool: 'forks', testTimeout: 10 * SECOND } },
      {
        test: {
          name: 'fuzz',
          include: ['test/fuzz/**/*.test.ts'],
          pool: 'forks',
          // A property ends by itself after its share of the time; the rest is for searching the smallest failure.
          testTimeout: (60 + Number(process.env.APMODE_FUZZ_SECONDS ?? 8)) * SECOND,
        },
      },
      {
        test: {
          name: 'adapters',
          include: ['test/adapters/**/*.test.ts'],
          ...real,
          testTimeout: 60 * SECOND,
          hookTimeout: 300 * SECOND,
        },
      },
      {
        test: {
          name: 'package',
          include: ['test/package/**/*.test.ts'],
          ...real,
          testTimeout: 120 * SECOND,
          hookTimeout: 900 * SECOND,
        },
      },
      {
        test: {
          name: 'pair',
          include: ['test/pair/**/*.test.ts'],
          ...real,
          testTimeout: 180 * SECOND,
          hookTimeout: 900 * SECOND,
        },
      },
    ],
  },
})
