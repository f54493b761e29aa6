/**
 * The kinds of tests. Files run side by side where nothing is measured; those that measure, and those with two machines, run one
 * at a time, in processes of their own, with time for what they wait for. `scripts/test.ts` runs them in order.
 */
import { defineConfig } from 'vitest/config'

const SECOND = 1000
/** See test/pair/lab/node.ts. */
const LAB = { APMODE_LAB_FLUSHES: 'no' }
/**
 * Pairs on which no time is measured: what an operator types and reads, and what the machines answer. Two at once; keepalived's
 * own priority keeps its adverts in time.
 */
const CALM = ['coming-from-bash', 'commands', 'desk-page', 'doctor', 'init', 'reclone', 'runbook'].map(
  (name) => `test/pair/${name}.test.ts`,
)

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
          exclude: ['**/*.timed.test.ts'],
          // Each file has servers of its own, on ports and in folders of their own, and waits for them most of the time.
          pool: 'forks',
          maxWorkers: 3,
          testTimeout: 60 * SECOND,
          hookTimeout: 300 * SECOND,
        },
      },
      {
        test: {
          name: 'timed',
          include: ['test/adapters/**/*.timed.test.ts'],
          ...real,
          testTimeout: 60 * SECOND,
          hookTimeout: 300 * SECOND,
        },
      },
      {
        test: {
          name: 'package',
          include: ['test/package/**/*.test.ts'],
          pool: 'forks',
          maxWorkers: 2,
          env: LAB,
          testTimeout: 120 * SECOND,
          hookTimeout: 900 * SECOND,
        },
      },
      {
        test: {
          name: 'calm',
          include: CALM,
          pool: 'forks',
          maxWorkers: 2,
          env: LAB,
          testTimeout: 180 * SECOND,
          hookTimeout: 900 * SECOND,
        },
      },
      {
        test: {
          name: 'pair',
          include: ['test/pair/**/*.test.ts'],
          exclude: CALM,
          ...real,
          env: LAB,
          testTimeout: 180 * SECOND,
          hookTimeout: 900 * SECOND,
        },
      },
    ],
  },
})
