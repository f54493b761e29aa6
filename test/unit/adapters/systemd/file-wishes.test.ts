import { describe, expect, it } from 'vitest'
import { failuresOf, isAsWanted, isStale, openUnits, wishesOf } from '../../../../src/adapters/systemd/file-wishes.ts'
import { needsDropIn } from '../../../../src/adapters/systemd/mask-drop-in.ts'

const facts = {
  id: 'x.service',
  own: 'disabled',
  dropIn: false,
  fragment: '/lib/systemd/system/x.service',
  stale: false,
} as const

describe('is it as wanted', () => {
  it.each([
    ['enabled', 'enabled', true],
    ['enabled-runtime', 'enabled', false],
    ['masked', 'enabled', false],
    ['static', 'disabled', true],
    ['missing', 'disabled', true],
    ['linked', 'disabled', true],
    ['enabled-runtime', 'disabled', false],
    ['masked-runtime', 'masked', false],
    ['masked', 'masked', true],
    ['masked-runtime', 'unmasked', false],
    ['disabled', 'unmasked', true],
  ] as const)('a file that is %s is %s: %s', (own, wanted, met) => {
    expect(isAsWanted({ ...facts, own }, wanted)).toBe(met)
  })

  it('the drop-in masks', () => {
    expect(isAsWanted({ ...facts, dropIn: true }, 'masked')).toBe(true)
    expect(isAsWanted({ ...facts, dropIn: true }, 'unmasked')).toBe(false)
  })
})

describe('the way to mask', () => {
  it('is the drop-in exactly for units whose own file is in /etc', () => {
    expect(needsDropIn('/etc/systemd/system/x.service')).toBe(true)
    expect(needsDropIn('/lib/systemd/system/x.service')).toBe(false)
    expect(needsDropIn('/usr/local/lib/systemd/system/x.service')).toBe(false)
    expect(needsDropIn('')).toBe(false)
  })
})

describe('a Reload is owed', () => {
  it('when systemd says so, or when its load state belongs to another file', () => {
    expect(isStale('loaded', 'masked', false)).toBe(true)
    expect(isStale('masked', 'disabled', false)).toBe(true)
    expect(isStale('loaded', 'disabled', true)).toBe(true)
    expect(isStale('masked', 'masked', false)).toBe(false)
    expect(isStale('not-found', 'missing', false)).toBe(false)
  })
})

describe('wishes', () => {
  const known = new Map([
    ['alias.service', facts],
    ['x.service', facts],
  ])

  it('an alias and its unit are one unit', () => {
    const wishes = wishesOf({ mask: ['alias.service', 'x.service'] })
    expect(openUnits(wishes, known, 'masked')).toEqual(['x.service'])
  })

  it('what was not done is told by the name that was asked for', () => {
    const wishes = wishesOf({ mask: ['alias.service'], disable: ['x.service'], enable: ['nonsense'] })
    expect(failuresOf(wishes, known, new Map([['x.service', 'disk full']]))).toEqual([
      { unit: 'alias.service', wanted: 'masked', reason: 'disk full' },
      { unit: 'nonsense', wanted: 'enabled', reason: 'this is not the name of a unit' },
    ])
  })
})
