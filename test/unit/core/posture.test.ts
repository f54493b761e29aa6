import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ROWS, rowFor } from '../../../src/core/posture.ts'
import { renderTable } from '../../../src/core/table.ts'
import { type KnownMode, MODES, VRRP_STATES, type VrrpState } from '../../../src/core/vocabulary.ts'

const KNOWN: readonly KnownMode[] = [...MODES, 'unset', 'unreadable']

/** The contract, cell by cell: boot unit, service units, keepalived, holder-only units, database, replication. */
const CONTRACT: Readonly<Record<string, string>> = {
  unset: 'as is | as is | as is | as is | as is | as is',
  unreadable: 'as is | as is | as is | stopped | read-only | as is',
  'ap init': 'disabled | disabled | as is | stopped | read-only | as is',
  'ap stop': 'disabled | disabled | as is | stopped | read-only | as is',
  'ap master': 'disabled | disabled | running | running | writable | off',
  'ap backup': 'disabled | disabled | running | stopped | read-only | from the peer',
  // Beyond the contract (as is): what it lacks may be why it is not fit, and nobody else would make it follow.
  'ap fault': 'disabled | disabled | as is | stopped | read-only | from the peer',
  's master': 'enabled | disabled | running | running | writable | off',
  s: 'enabled | disabled | as is | stopped | read-only | off',
  m: 'masked | masked | stopped | stopped | read-only | as is',
}

describe('the decision table', () => {
  test.each(KNOWN.flatMap((mode) => VRRP_STATES.map((vrrp) => [mode, vrrp] as [KnownMode, VrrpState])))(
    'mode %s, VRRP %s is as the contract says',
    (mode, vrrp) => {
      const { bootUnit, serviceUnits, router, holderUnits, database, replication, commits } = rowFor({
        mode,
        vrrp,
      }).posture
      const cells = [bootUnit, serviceUnits, router, holderUnits, database, replication].join(' | ')
      expect(commits).toBe(vrrp === 'master' && (mode === 'ap' || mode === 's') ? 'with the peer' : 'as is')
      expect(cells).toBe(CONTRACT[`${mode} ${vrrp}`] ?? CONTRACT[mode])
    },
  )

  test('every mode and VRRP state has exactly one row', () => {
    for (const mode of KNOWN) {
      for (const vrrp of VRRP_STATES) {
        expect(ROWS.filter((row) => row.mode === mode && row.vrrp.includes(vrrp))).toHaveLength(1)
      }
    }
  })

  test('writes are allowed to a MASTER only', () => {
    for (const { posture, vrrp } of ROWS) if (posture.database === 'writable') expect(vrrp).toEqual(['master'])
  })

  test('without a database has neither a column nor a word about one', () => {
    const table = renderTable('none')
    expect(table).not.toMatch(/database|replica|read-only|writable|commits|follow|fenced/)
    expect(table.split('\n')[0]?.split('|').length).toBe(
      (renderTable('mariadb').split('\n')[0]?.split('|').length ?? 0) - 3,
    )
    expect(table).toContain('member of the pair, standing by')
  })

  test('docs/mode-table.md holds the table as it is', () => {
    const text = readFileSync(new URL('../../../docs/mode-table.md', import.meta.url), 'utf8')
    expect(text).toContain(renderTable('mariadb'))
    expect(text).toContain(renderTable('galera'))
  })
})
