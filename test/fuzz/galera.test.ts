/** What a Galera member left on its disk, what its programs print, what another machine answers: a position, or a reason. */
import fc from 'fast-check'
import { expect } from 'vitest'
import { parseView } from '../../src/adapters/cluster/view.ts'
import { isWhole, parsePosition, parseRecovered, parseSaved, withSafeToBootstrap } from '../../src/core/galera-state.ts'
import { damaged, fuzz, hostile, jsonText } from './fuzz.ts'

const UUID = '3a3836e6-e5d3-11f1-bdf0-3e194594a4fd'
const SAVED = `# GALERA saved state\nversion: 2.1\nuuid:    ${UUID}\nseqno:   1042\nsafe_to_bootstrap: 0\n`
const PRINTED = [`--wsrep_start_position=${UUID}:5\n`, ` --wsrep_start_position=${UUID}:1,7-1-5\n`, '\n']
const WHOLE = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

function isPosition(found: { uuid: string; seqno: number }): void {
  expect(found.uuid).toMatch(WHOLE)
  expect(Number.isSafeInteger(found.seqno) && found.seqno >= -1).toBe(true)
}

fuzz('grastate.dat is a position that stands in it, or a short reason', fc.oneof(damaged([SAVED]), hostile), (text) => {
  const found = parseSaved(text)
  if (typeof found === 'string') return expect(found.length).toBeLessThan(100)
  isPosition(found)
  expect(text.toLowerCase()).toContain(found.uuid)
  expect(text).toContain(String(found.seqno))
  const marked = parseSaved(withSafeToBootstrap(text))
  if (typeof marked !== 'string') expect(marked).toEqual({ ...found, safeToBootstrap: true })
})

fuzz(
  'what galera_recovery prints is a position that stands in it, or a short reason',
  fc.oneof(damaged(PRINTED), hostile),
  (text) => {
    const found = parseRecovered(text)
    if (typeof found === 'string') return expect(found.length).toBeLessThan(100)
    isPosition(found)
    expect(text.toLowerCase()).toContain(`${found.uuid}:${found.seqno}`)
  },
)

fuzz('what a person types is a position, or none', fc.oneof(damaged([`${UUID}:12`]), hostile), (text) => {
  const found = parsePosition(text)
  if (found !== null) isPosition(found)
})

const VIEW = {
  node: 'host2',
  running: false,
  component: null,
  state: null,
  uuid: UUID,
  seqno: 12,
  safeToBootstrap: false,
  known: 'recovered',
  forming: false,
  detail: '',
}
const anything = fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constantFrom<unknown>(null, {}, [], 'Primary', -1, 1e300))
const misshapen = fc
  .dictionary(fc.constantFrom(...Object.keys(VIEW)), anything, { maxKeys: 3 })
  .map((fields) => JSON.stringify({ ...VIEW, ...fields }))
const answer = fc.oneof(fc.constant(JSON.stringify(VIEW)), misshapen, damaged([JSON.stringify(VIEW)]), jsonText)
fuzz('what another machine answers is wholly understood, or a short reason', answer, (text) => {
  const found = parseView(text)
  if (typeof found === 'string') return expect(found.length).toBeLessThan(300)
  if (found.uuid !== null && found.seqno !== null) isPosition({ uuid: found.uuid, seqno: found.seqno })
  expect(typeof isWhole({ uuid: found.uuid ?? '', seqno: found.seqno ?? 0 })).toBe('boolean')
  expect([found.running, found.forming, found.safeToBootstrap].map((value) => typeof value)).not.toContain('string')
})
