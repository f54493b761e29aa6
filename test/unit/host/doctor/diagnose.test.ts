import { describe, expect, test } from 'vitest'
import { ApmodeError } from '../../../../src/core/errors.ts'
import { attempt, complaint } from '../../../../src/host/doctor/attempt.ts'
import { diagnose } from '../../../../src/host/doctor/diagnose.ts'
import type { Examination } from '../../../../src/ports/examination.ts'
import { examinationOf, sqlOf } from '../../../fakes/examination.ts'
import { CONFIG, WORD } from '../../core/doctor/healthy.ts'

const quiet = () => {}
const configuration = () => ({ path: '/etc/apmode/apmode.toml', faults: [], config: CONFIG })

async function found(more: Partial<Examination>) {
  const report = await diagnose(examinationOf({ configuration, ...more }), quiet)
  return (id: string) => report.findings.find((finding) => finding.id === id)
}

describe('one look', () => {
  test('that fails is a value with its reason', async () => {
    expect(await attempt(() => Promise.reject(new Error('no')))).toEqual({ kind: 'unknown', why: 'no' })
    expect(
      await attempt(() => {
        throw new Error('at once')
      }),
    ).toEqual({ kind: 'unknown', why: 'at once' })
  })

  test('that never ends, ends', async () => {
    expect(await attempt(() => new Promise(() => {}), 5)).toEqual({ kind: 'unknown', why: 'no answer within 5 ms' })
  })

  test('whose failure is the answer gives its reason, or null', async () => {
    expect([await complaint(async () => 1), await complaint(() => Promise.reject(new Error('no')))]).toEqual([
      null,
      'no',
    ])
  })
})

describe('apmode doctor', () => {
  test('on a machine of which nothing can be seen ends, and judges what is left', async () => {
    const report = await diagnose(examinationOf(), quiet)
    const told = report.findings.filter(({ severity }) => severity !== 'unknown').map(({ id }) => id)
    expect(told).toEqual(['files.configuration', 'units.supervisor', 'system.programs'])
    expect(report).toMatchObject({ ok: false, node: null, at: '2026-01-02T03:04:05.678Z' })
  })

  test('without a supervisor says so, and looks at the rest', async () => {
    const of = await found({
      local: async () => sqlOf({ 'GLOBAL VARIABLES': [{ Variable_name: 'sync_binlog', Value: '0' }] }),
    })
    expect(of('units.supervisor')).toMatchObject({
      severity: 'error',
      found: expect.stringContaining('cannot ask: nothing is here'),
      mend: 'systemctl enable --now apmode.socket apmode.service',
    })
    expect(of('mariadb.durable')).toMatchObject({
      severity: 'error',
      mend: expect.stringMatching(/^mariadb -e "SET GLOBAL sync_binlog = 1/),
    })
    expect(of('mariadb.answers')).toMatchObject({ severity: 'unknown' })
  })

  test('tells a database that refuses the account from one that is away', async () => {
    const refused = await found({
      connect: async () => {},
      remote: () => Promise.reject(new ApmodeError('denied', 'Access denied (1045)')),
    })
    expect(refused('pair.login')).toMatchObject({ severity: 'error', found: 'Access denied (1045)' })
    expect(refused('network.sql-out')).toMatchObject({ severity: 'ok' })
    const away = await found({ connect: () => Promise.reject(new Error('EHOSTUNREACH')) })
    expect(away('pair.login')).toMatchObject({ severity: 'unknown' })
    expect(away('network.sql-out')).toMatchObject({ severity: 'error', found: '192.168.33.101:3306: EHOSTUNREACH' })
  })

  test("judges the peer's clock, and the age of its word by that clock", async () => {
    const remote = async () =>
      sqlOf(
        { server_id: [{ id: '1', read_only: '0' }], UTC_TIMESTAMP: [{ at: '2026-01-02 03:04:15.678000' }] },
        { presence: async () => ({ ...WORD, at: '2026-01-02T03:04:11.678Z' }) },
      )
    const of = await found({ connect: async () => {}, remote })
    expect(of('pair.clock')).toMatchObject({ severity: 'error', found: 'host1 is 10.000 s ahead' })
    expect(of('pair.word')).toMatchObject({ severity: 'ok', found: '4 s ago' })
  })

  test('takes denials of its own programs, of the last day', async () => {
    const at = (seconds: number) => 1767323045 - seconds
    const audit = [
      `type=AVC msg=audit(${at(10)}.1:1): avc:  denied  { write } comm="mariadbd"`,
      `type=AVC msg=audit(${at(90_000)}.1:1): avc:  denied  { write } comm="keepalived"`,
      `type=AVC msg=audit(${at(10)}.1:1): avc:  denied  { write } comm="sshd"`,
    ].join('\n')
    const of = await found({
      run: async () => ({ code: 0, out: 'audit: apparmor="DENIED" profile="/usr/sbin/keepalived"\n', err: '' }),
      stat: async (path) => ({ path, kind: 'file', mode: 0o600, uid: 0, gid: 0, changedAtMs: 0 }),
      text: async () => audit,
    })
    expect(of('system.denials')).toMatchObject({
      severity: 'warning',
      found: expect.stringMatching(/^2: .*keepalived.*mariadbd/),
    })
  })

  test('says what it is still looking at', async () => {
    const told: string[] = []
    await diagnose(examinationOf({ configuration }), (busyWith) => told.push(busyWith.join()))
    expect(told).toContainEqual(expect.stringContaining('the database'))
  })
})

describe('a script of keepalived', () => {
  const conf = 'vrrp_script a {\n script "/opt/a b"\n}\n'
  const file = (path: string, mode: number, more: object = {}) =>
    ({ path, kind: 'file', mode, uid: 0, gid: 0, changedAtMs: 0, ...more }) as const
  const judged = async (
    facts: Readonly<Record<string, ReturnType<typeof file> | { readonly kind: 'folder'; readonly mode: number }>>,
  ) => {
    const of = await found({
      text: async () => conf,
      realpath: async (path) => path,
      stat: async (path) => ({ ...file(path, 0o755), ...facts[path] }),
    })
    return of('keepalived.script-path')
  }

  test.each<[string, string, Parameters<typeof judged>[0]]>([
    ['ok', "is root's on the whole way", {}],
    ['error', 'can be written by others', { '/opt/a': file('/opt/a', 0o757) }],
    ['error', 'belongs to somebody else', { '/opt/a': file('/opt/a', 0o755, { uid: 7 }) }],
    ['error', 'can be written by a group that is not root', { '/opt/a': file('/opt/a', 0o775, { gid: 7 }) }],
    ['ok', "can be written by root's group", { '/opt/a': file('/opt/a', 0o775) }],
    ['error', 'lies in a folder that others can write to', { '/opt': { kind: 'folder', mode: 0o777 } }],
    ['ok', 'lies in such a folder with the sticky bit', { '/opt': { kind: 'folder', mode: 0o1777 } }],
    ['error', 'cannot be executed', { '/opt/a': file('/opt/a', 0o644) }],
  ])('is %s when it %s', async (severity, _how, facts) => {
    expect(await judged(facts)).toMatchObject({ severity })
  })
})
