import { expect, test } from 'vitest'
import { outagesTable } from '../../../bench/failover/stateless.ts'

test('outages of machines without a database are a row for each fault: runs, median, p95, worst', () => {
  const table = outagesTable([
    { fault: 'HAProxy killed', ms: [30, 20, 40] },
    { fault: 'power off', ms: [310] },
  ])
  expect(`\n${table}`).toBe(`
fault           runs  median  p95     worst
HAProxy killed  3     30 ms   40 ms   40 ms
power off       1     310 ms  310 ms  310 ms`)
})
