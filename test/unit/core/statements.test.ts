import { describe, expect, it } from 'vitest'
import { literal, quoted, statements } from '../../../src/core/statements.ts'

describe('statements', () => {
  it('never hold a password', () => {
    for (const demote of ['no', 'clause', 'by hand'] as const) {
      expect(statements.follow('10.0.0.2', 3306, 'replication', demote).join()).toContain("MASTER_PASSWORD='***'")
    }
  })
  it('demote by a clause or by hand, and only when asked', () => {
    const follow = (demote: 'no' | 'clause' | 'by hand') => statements.follow('h', 1, 'u', demote).join('; ')
    expect(follow('no')).not.toMatch(/DEMOTE|gtid_slave_pos=/)
    expect(follow('clause')).toContain('MASTER_DEMOTE_TO_SLAVE=1')
    expect(follow('by hand')).toContain('SET GLOBAL gtid_slave_pos=@@global.gtid_current_pos')
  })
  it('quote so that no text ends its literal, whatever the sql_mode', () => {
    expect(literal("it's")).toBe("'it''s'")
    expect(literal("\\' OR 1")).toBe("CONVERT(X'5c27204f522031' USING utf8mb4)")
    expect(quoted("a'b")).toBe("'a''b'")
  })
  it('bound the fence inside the server, never without a limit', () => {
    expect(statements.fence(1500)[0]).toBe('SET STATEMENT max_statement_time=1.500 FOR SET GLOBAL read_only=1')
    expect(statements.fence(0)[0]).not.toContain('=0.000 ')
  })
  it('switch the primary part of semi-sync', () => {
    expect(statements.commitWithPeer(true)).toEqual(['SET GLOBAL rpl_semi_sync_master_enabled=1'])
    expect(statements.commitWithPeer(false)).toEqual(['SET GLOBAL rpl_semi_sync_master_enabled=0'])
  })
})
