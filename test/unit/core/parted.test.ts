import { describe, expect, it } from 'vitest'
import { endsOfParted, type LeadMark, partedAt } from '../../../src/core/parted.ts'
import { synced } from '../../fakes/world.ts'

/** `1a`: epoch 1, with mark a; the node is host1 in small letters, host2 in capitals. */
const row = (word: string): LeadMark => {
  const mark = word.slice(1)
  return { epoch: Number(word[0]), node: mark === mark.toLowerCase() ? 'host1' : 'host2', mark }
}
const withLeads = (words: string) => ({ ...synced, leads: words === '' ? [] : words.split(' ').map(row) })
const [one, two] = [
  { name: 'host1', first: true },
  { name: 'host2', first: false },
]

describe('two members of one component', () => {
  it.each([
    ['the same rows', '2B 1a', '2B 1a', null],
    ['a row that is still on its way', '2B 1a', '1a', null],
    ['none yet', '', '', null],
    ['nothing that is known of one', '2B 1a', '', null],
    ['only rows of other epochs', '9a 8a', '2B 1a', null],
    ['both a row of their own in the cut', '2b 1a', '2B 1a', 2],
    ['such a row below those that came later', '4a 3a 2b 1a', '4a 3a 2B 1a', 2],
    ['several such rows', '3b 2b 1a', '3B 2B 1a', 3],
  ])('with %s: %s, %s', (_what, mine, theirs, epoch) => {
    expect(partedAt(withLeads(mine), withLeads(theirs))).toBe(epoch)
    expect(partedAt(withLeads(theirs), withLeads(mine))).toBe(epoch)
  })

  it.each([
    ['one led alone, and again later', '3b 2b 1a', '2B 1a', 'host1'],
    ['the other one did', '2b 1a', '3B 2B 1a', 'host2'],
    ['both once: the first of the file stays', '2b 1a', '2B 1a', 'host1'],
    ['the later row is on both already, of the first', '3a 2b 1a', '3a 2B 1a', 'host1'],
    ['the later row is on both already, of the other one', '3B 2b 1a', '3B 2B 1a', 'host2'],
  ])('that have parted: exactly one ends; %s', (_what, mine, theirs, stays) => {
    const ends = [
      endsOfParted(withLeads(mine), withLeads(theirs), one),
      endsOfParted(withLeads(theirs), withLeads(mine), two),
    ]
    expect(ends).toEqual([stays !== 'host1', stays !== 'host2'])
  })

  it('of which one has no rows, or they are unknown: nobody ends', () => {
    expect(endsOfParted(withLeads(''), withLeads('1a'), two)).toBe(false)
    expect(endsOfParted(withLeads('1a'), withLeads(''), two)).toBe(false)
  })
})
