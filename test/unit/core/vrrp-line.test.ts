import { describe, expect, it } from 'vitest'
import { parseFifoLine, parseNotifyWords } from '../../../src/core/vrrp-line.ts'

describe("a line of keepalived's FIFO", () => {
  it.each([
    ['MASTER', 'master'],
    ['BACKUP', 'backup'],
    ['FAULT', 'fault'],
    ['STOP', 'stop'],
    ['DELETED', 'stop'],
  ])('%s of our instance is the state %s', (word, state) => {
    expect(parseFifoLine(`INSTANCE "VI_1" ${word} 251`, 'VI_1')).toEqual({ kind: 'event', state, instance: 'VI_1' })
  })

  it.each(['MASTER_RX_LOWER_PRI', 'MASTER_PRIORITY', 'BACKUP_PRIORITY'])('%s is no change of state', (word) => {
    expect(parseFifoLine(`INSTANCE "VI_1" ${word} 251`, 'VI_1')).toMatchObject({ kind: 'hint', word })
  })

  it('of another instance or of a group is of no concern', () => {
    expect(parseFifoLine('INSTANCE "VI_2" MASTER 100', 'VI_1').kind).toBe('other')
    expect(parseFifoLine('GROUP "VI_1" MASTER 0', 'VI_1').kind).toBe('other')
    expect(parseFifoLine('', 'VI_1').kind).toBe('other')
  })

  it.each([
    'INSTANCE "VI_1" MAS',
    'INSTANCE VI_1 MASTER 100',
    'INSTANCE "VI_1" {UNKNOWN} 100',
    'INSTANCE "VI_1" MASTER',
    'INSTANCE "VI_1" MASTER 100 100',
    'hello',
    '\u0000\u00ff\u0001',
    'INSTANCE "VI_1" toString 100',
  ])('that is not understood is a problem with what was found: %j', (line) => {
    const parsed = parseFifoLine(line, 'VI_1')
    expect(parsed.kind).toBe('problem')
    expect('sentence' in parsed && parsed.sentence).toMatch(/^found [ -~\ufffd…]*, expected /)
  })
})

describe('the words after `apmode notify`', () => {
  it.each(['master', 'MASTER', 'Master'])('%s is a state, in any case', (word) => {
    expect(parseNotifyWords([word], null)).toEqual({ kind: 'event', state: 'master', instance: null })
  })

  it("may be keepalived's own four", () => {
    expect(parseNotifyWords(['INSTANCE', 'VI_1', 'FAULT', '0'], null)).toEqual({
      kind: 'event',
      state: 'fault',
      instance: 'VI_1',
    })
    expect(parseNotifyWords(['GROUP', 'VG', 'MASTER', '0'], null).kind).toBe('other')
  })

  it.each([
    [[]],
    [['init']],
    [['constructor']],
    [['master', 'backup']],
    [['INSTANCE', 'VI_1']],
    [['INSTANCE', 'VI_1', 'GONE', '1']],
    [['INSTANCE', 'VI_1', 'MASTER', 'x']],
    [['INSTANCE', 'VI_1', 'MASTER', '1', '2']],
  ])('that are unknown say what was found and what is expected: %j', (words) => {
    const parsed = parseNotifyWords(words, null)
    expect(parsed.kind).toBe('problem')
    expect('sentence' in parsed && parsed.sentence).toContain('expected')
  })
})
