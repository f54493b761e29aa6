/** What `--json` prints is what docs/status.schema.json and docs/history.schema.json say, to the letter. */
import { describe, expect, it, test } from 'vitest'
import { MODES, ROLES, UNIT_KINDS, VRRP_STATES } from '../../../src/core/vocabulary.ts'
import { A_STATUS, AN_ENTRY } from '../../fakes/control.ts'
import { drive } from '../../fakes/driven.ts'
import { World } from '../../fakes/world.ts'
import { faultsOf, SCHEMAS, schemaText } from '../../schemas.ts'

const WORLDS: Readonly<Record<string, () => World>> = {
  'a holder with its peer': () => new World().running(true).beside(false),
  'a standby with its peer': () => new World().running(false).beside(true),
  'a machine alone, whose peer is away': () => {
    const world = new World().running(true)
    world.peer = { ...world.peer, reachable: false }
    return world
  },
  'a machine whose database does not answer': () => {
    const world = new World().running(true)
    world.database.hung = true
    return world
  },
  'a machine on which nothing was set': () => new World(),
}

describe('status --json', () => {
  it.each(Object.keys(WORLDS))('of %s is as the schema says, and so is its history', async (name) => {
    const world = WORLDS[name]?.() ?? new World()
    const { control, close } = await drive(world)
    expect(faultsOf('status', await control.status())).toEqual([])
    for (const mode of ['m', 's'] as const) {
      await control.set({ mode, now: true, force: true }, () => {})
      expect(faultsOf('status', control.known())).toEqual([])
    }
    const history = control.history(100)
    expect(history.length).toBeGreaterThan(1)
    expect(faultsOf('history', history)).toEqual([])
    await close()
  })

  it('may not lack a property, hold another word or an unknown property without the schema saying so', () => {
    expect(faultsOf('status', A_STATUS)).toEqual([])
    const { gtid: _, ...lacking } = A_STATUS
    expect(faultsOf('status', lacking)).toHaveLength(1)
    expect(faultsOf('status', { ...A_STATUS, mode: 'standalone' })).toHaveLength(1)
    expect(faultsOf('status', { ...A_STATUS, news: 1 })).toHaveLength(1)
    expect(faultsOf('status', { ...A_STATUS, lead: { ...A_STATUS.lead, at: 'today' } })).not.toEqual([])
    expect(faultsOf('history', [{ ...AN_ENTRY, result: 'well' }])).toHaveLength(1)
  })
})

test('the schemas know every word there is', () => {
  const text = SCHEMAS.map(schemaText).join('\n')
  const lists = [[...MODES, 'unset', 'unreadable'], ROLES, VRRP_STATES, UNIT_KINDS]
  const said = new Set(
    [...text.matchAll(/"enum": (\[[^\]]*\])/g)].map(([, list]) => JSON.stringify(JSON.parse(list ?? ''))),
  )
  for (const list of lists) expect([...said]).toContain(JSON.stringify(list))
})
