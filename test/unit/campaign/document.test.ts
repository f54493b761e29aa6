/** The document tells the list of faults and the oracles as they are. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  DOCUMENT,
  faultTable,
  oracleTable,
  runTable,
  topologyOracleTable,
  topologyTable,
  withPart,
} from '../../campaign/document.ts'
import { FAULTS } from '../../campaign/faults/all.ts'
import { summaryOf } from '../../campaign/summary.ts'
import { TOPOLOGIES } from '../../campaign/topologies/all.ts'

test('its tables are those of the code (npm run campaign -- --list --write-docs)', () => {
  const text = readFileSync(DOCUMENT, 'utf8')
  expect(text).toContain(faultTable(FAULTS))
  expect(text).toContain(oracleTable())
  expect(text).toContain(topologyTable(TOPOLOGIES))
  expect(text).toContain(topologyOracleTable())
})

test('only what is between the markers changes, and a document without them is an error', () => {
  const text = 'before\n<!-- p: begin (npm run campaign -- --write-docs) -->\nold\n<!-- p: end -->\nafter\n'
  const written = withPart(text, 'p', 'new')
  expect(written).toMatch(/^before\n[^\n]*\n\nnew\n\n<!-- p: end -->\nafter\n$/)
  expect(withPart(written, 'p', 'new')).toBe(written)
  expect(() => withPart('nothing', 'p', 'new')).toThrow(/cannot write the p/)
})

test('a run is told with its seed, how to repeat it, and every fault, also one that never came', () => {
  const run = { seed: 'abc', begun: '2026-01-01T00:00:00.000Z', version: '1.0', summary: summaryOf([], 0) }
  const table = runTable(run, FAULTS)
  expect(table).toContain('--seed abc')
  expect(table).toContain('Every oracle was kept')
  expect(table).toContain('power-off 0')
})
