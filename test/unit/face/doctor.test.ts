import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CHECKS, examine } from '../../../src/core/doctor/examine.ts'
import { none } from '../../../src/core/doctor/look.ts'
import { showReport } from '../../../src/face/show/doctor.ts'
import { looksWith } from '../core/doctor/healthy.ts'
import { Console } from './console.ts'

let console: Console
beforeEach(() => {
  console = new Console()
})
afterEach(() => console.close())

const SELF = { node: 'host2', version: '1.0', at: '2026-01-02T03:04:05.678Z' }
const plain = (_style: string, text: string) => text

const OF_A_PAIR = CHECKS.filter(({ engines }) => engines?.includes('mariadb') ?? true)

describe('apmode doctor', () => {
  test('--list names every check and looks at nothing', async () => {
    const ran = await console.apmode(['doctor', '--list'])
    expect([ran.exit, ran.err]).toEqual([0, ''])
    for (const { id, why } of CHECKS) expect(ran.out).toMatch(new RegExp(`^${id} .*${why.slice(0, 10)}`, 'm'))
    const listed = JSON.parse((await console.apmode(['doctor', '--list', '--json'])).out)
    expect(listed.map((check: { id: string }) => check.id)).toEqual(CHECKS.map(({ id }) => id))
  })

  test('of a healthy machine is a line for each check, and a summary', () => {
    const text = showReport(examine(looksWith(), SELF), plain, Number.POSITIVE_INFINITY)
    expect(text.split('\n').filter((line) => line.startsWith('  ok '))).toHaveLength(OF_A_PAIR.length)
    expect(text).toMatch(/\nhost2: \d+ checks: \d+ ok\n$/)
    expect(text).not.toMatch(/mend|why/)
  })

  test('tells what is not there to be looked at in one line for each reason, not in one for each check', () => {
    const absent = none('database.engine is "none"')
    const looks = { ...looksWith(), variables: absent, counters: absent, accounts: absent, replica: absent }
    const text = showReport(examine(looks, SELF), plain, Number.POSITIVE_INFINITY)
    expect(text).toMatch(/^ {2}ok {7}\d+ checks: nothing to look at: database\.engine is "none"$/m)
    const groups = text.split('\n\n').filter((group) => group.includes('nothing to look at'))
    for (const group of groups) expect(group.split('nothing to look at')).toHaveLength(2)
  })

  test('says of what is wrong what was looked at, what was found, why it matters, and what to type', () => {
    const text = showReport(examine(looksWith({ password: 'found mode 0644' }), SELF), plain, Number.POSITIVE_INFINITY)
    expect(text).toContain(`  error    the replication password is root's alone
           found   found mode 0644
           looked  the file in database.replication_password_file: owner, mode, content
           why     Who reads it reads every row of both databases; where it is missing no replica can follow.
           mend    chown root:root /etc/apmode/replication.password && chmod 0600 /etc/apmode/replication.password
`)
    expect(text).toMatch(/, 1 error\n$/)
  })

  test('says of what could not be seen why, in a line', () => {
    const text = showReport(examine({}, { ...SELF, node: null }), plain, Number.POSITIVE_INFINITY)
    expect(text).toMatch(/^ {2}unknown {2}apmode\.toml has no fault +apmode\.toml has faults$/m)
    expect(text).toMatch(/\nthis machine: \d+ checks: \d+ unknown\n$/)
  })

  test.each([80, 120])('fits into %d columns, but for what is to be typed', (width) => {
    const facts = { password: 'found mode 0644', witness: [{ address: '192.168.33.1', problem: 'it does not answer' }] }
    const lines = showReport(examine(looksWith(facts), SELF), plain, width).split('\n')
    expect(lines.filter((line) => line.length > width && !line.includes(' mend '))).toEqual([])
  })
})
