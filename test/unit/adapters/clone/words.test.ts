/** What is read out of other programs' texts: the end of a dump, mariadbd's help, an answer of the other server. */
import { describe, expect, test } from 'vitest'
import { dumpArgv, finale, prelude } from '../../../../src/adapters/clone/dump.ts'
import { createDumpReader } from '../../../../src/adapters/clone/dump-words.ts'
import { startMeter } from '../../../../src/adapters/clone/meter.ts'
import { optionText } from '../../../../src/adapters/clone/secret.ts'
import { readAnswer } from '../../../../src/adapters/clone/source.ts'
import { seriesIn, valueIn } from '../../../../src/adapters/clone/where.ts'
import type { CloneProgress } from '../../../../src/ports/clone.ts'

const END =
  "-- SET GLOBAL gtid_slave_pos='0-1-19,1-3-4';\n\n/*!40101 SET SQL_MODE=@OLD_SQL_MODE */;\n-- Dump completed on 2026-11-21  8:35:05\n"

function read(text: string, chunk = 1000) {
  const reader = createDumpReader()
  for (let at = 0; at < text.length; at += chunk) reader.take(Buffer.from(text.slice(at, at + chunk)))
  return { position: reader.position(), complete: reader.complete() }
}

describe('a dump', () => {
  test.each([1, 7, 1000, 100_000])('says its position at the end, in pieces of %i', (chunk) => {
    const text = `-- MariaDB dump\n-- Current Database: \`app\`\n${'INSERT …\n'.repeat(2000)}${END}`
    expect(read(text, chunk)).toEqual({ position: '0-1-19,1-3-4', complete: true })
  })

  test('says its position at the beginning, in older versions', () => {
    const text = `-- MariaDB dump\n\n-- SET GLOBAL gtid_slave_pos='0-1-7';\n\n-- Current Database: \`app\`\n${'x\n'.repeat(9000)}-- Dump completed\n`
    expect(read(text)).toEqual({ position: '0-1-7', complete: true })
  })

  test('the text of a procedure is not believed', () => {
    const trap = "-- SET GLOBAL gtid_slave_pos='9-9-9';\n"
    expect(read(`-- MariaDB dump\n-- Current Database: \`app\`\n${trap}${'x\n'.repeat(9000)}`).position).toBeNull()
    expect(read(`-- MariaDB dump\n${'x\n'.repeat(9000)}${trap}${END}`).position).toBe('0-1-19,1-3-4')
  })

  test('that ended in the middle is not complete', () => {
    expect(read('-- MariaDB dump\nINSERT INTO t VALUES (1),').complete).toBe(false)
  })

  test('gives the server a position that nobody has first, and the true one last', () => {
    expect(prelude('0-1-19,1-3-4')).toContain("SET GLOBAL gtid_slave_pos='0-4294967295-1,1-4294967295-1'")
    expect(prelude('')).toContain("SET GLOBAL gtid_slave_pos='0-4294967295-1'")
    expect(finale('0-1-19').at(-1)).toBe("SET GLOBAL gtid_slave_pos='0-1-19'")
    expect(prelude('')[0]).toContain('sql_log_bin=0')
  })

  test('has no password among its arguments', () => {
    const argv = dumpArgv({ host: 'h', port: 3306, user: 'r', passwordFile: '/secret' }).join(' ')
    expect(argv).toContain('--defaults-file=/dev/fd/3')
    expect(argv).not.toMatch(/password|secret/)
  })
})

describe('other words', () => {
  test("of mariadbd's help", () => {
    const help = 'datadir                         /var/lib/mysql/\ninnodb-undo-directory           (No default value)\n'
    expect(valueIn(help, 'datadir')).toBe('/var/lib/mysql/')
    expect(valueIn(help, 'innodb-undo-directory')).toBeNull()
    expect(valueIn(help, 'log-bin')).toBeNull()
    expect(seriesIn('mariadbd  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu')).toBe('10.11')
    expect(seriesIn('11.8.3-MariaDB')).toBe('11.8')
    expect(seriesIn('8.0.36')).toBe('')
  })

  test('of the other server', () => {
    const answer =
      'version\t10.11.19-MariaDB-log\nprivilege\tSELECT\nprivilege\tSHOW VIEW\nbytes\t1234567890123\t1000\n'
    expect(readAnswer(answer)).toEqual({
      series: '10.11',
      privileges: ['SELECT', 'SHOW VIEW'],
      bytes: 1234567890123,
      transfer: 1000,
    })
    expect(readAnswer('').bytes).toBeNull()
  })

  test('of a password, for an option file', () => {
    expect(optionText('a\\b"c\nd')).toBe('a\\\\b\\"c\\nd')
  })
})

describe('the meter', () => {
  const meter = (totalBytes: number | null, stallMs = 60_000) => {
    const told: CloneProgress[] = []
    const { promise: stalled, resolve: onStall } = Promise.withResolvers<void>()
    const { promise: twice, resolve } = Promise.withResolvers<void>()
    const onProgress = (progress: CloneProgress) => {
      told.push(progress)
      if (told.length === 2) resolve()
    }
    return { told, twice, stalled, meter: startMeter({ what: 'copy', totalBytes, stallMs, onProgress, onStall }) }
  }

  test('tells how far it is, also while nothing moves', async () => {
    const { told, twice, meter: running } = meter(1000)
    running.add(250)
    await twice
    running.stop()
    expect(told[0]).toMatchObject({ what: 'copy', doneBytes: 250, totalBytes: 1000 })
    expect(told[0]?.bytesPerSecond).toBeGreaterThan(0)
    expect(told[0]?.leftSeconds).toBeGreaterThan(0)
  })

  test('an estimate that was too small never says done', async () => {
    const { told, twice, meter: running } = meter(100)
    running.add(5000)
    await twice
    running.stop()
    expect(told[0]?.totalBytes).toBeGreaterThan(5000)
  })

  test('ends what stands still', async () => {
    const { stalled, meter: running } = meter(null, 1)
    await stalled
    running.stop()
  })
})
