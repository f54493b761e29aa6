/**
 * The .rpm on a machine, with rpm itself: installed, upgraded, removed, on a booted Debian that nobody has configured. (What an
 * .rpm does there to systemd is what it does elsewhere; the other system's SELinux and paths of MariaDB are not tried.)
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { packageVersion } from '../../scripts/build.ts'
import { makePackages } from '../../scripts/package.ts'
import type { LabNode } from '../pair/lab/node.ts'
import { type Pair, startPair } from '../pair/lab/pair.ts'
import { whyNoLab } from '../pair/lab/requirements.ts'

const UNITS = ['apmode.socket', 'apmode.service', 'ap.service']

describe.skipIf(whyNoLab() !== null)('on a machine, the .rpm', () => {
  let pair: Pair
  let machine: LabNode
  let folder = ''

  const property = async (unit: string, name: string) =>
    (await machine.must(['systemctl', 'show', '-P', name, unit])).trim()
  const states = async (verb: 'is-active' | 'is-enabled') =>
    (await machine.exec(['systemctl', verb, ...UNITS])).stdout.trim().split('\n')
  const rpm = async (verb: '-i' | '-U', suffix: string) => {
    const version = `${packageVersion()}${suffix}`
    const [path = ''] = await makePackages(['rpm'], { version, outDir: folder, compression: 1 })
    const there = `/root/${basename(path)}`
    await machine.writeFile(there, readFileSync(path))
    await machine.must(['rpm', '--force-debian', '--nodeps', '--nosignature', verb, there], { timeoutMs: 60_000 })
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'apmode-rpm-life-test-'))
    pair = await startPair({ nodes: 1, progress: (sentence) => console.log(sentence) })
    machine = pair.node('host1')
  })
  afterAll(async () => {
    await pair?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('enables its socket and starts the supervisor, and leaves the boot unit alone', async () => {
    await rpm('-i', '')
    expect(await states('is-active')).toEqual(['active', 'active', 'inactive'])
    expect(await states('is-enabled')).toEqual(['enabled', 'enabled', 'disabled'])
    expect(await machine.shell('ls -A /etc/apmode; stat -c "%A %n" /var/lib/apmode /run/apmode/vrrp.fifo')).toBe(
      'drwx------ /var/lib/apmode\nprw------- /run/apmode/vrrp.fifo\n',
    )
    expect((await machine.exec(['apmode', 'status'])).code).toBe(2)
  })

  test('is upgraded with its files kept and its socket open, and the running supervisor replaced', async () => {
    await machine.writeFile('/etc/apmode/kept', 'mine\n')
    await machine.writeFile('/var/lib/apmode/kept', 'mine\n')
    const pid = await property('apmode.service', 'MainPID')
    const opened = await property('apmode.socket', 'ActiveEnterTimestampMonotonic')
    await rpm('-U', '+1')
    expect(await machine.must(['apmode', '--version'])).toContain(`${packageVersion()} `)
    expect(await property('apmode.service', 'MainPID')).not.toBe(pid)
    expect(await property('apmode.socket', 'ActiveEnterTimestampMonotonic')).toBe(opened)
    expect(await states('is-active')).toEqual(['active', 'active', 'inactive'])
    expect(await machine.shell('cat /etc/apmode/kept /var/lib/apmode/kept')).toBe('mine\nmine\n')
  })

  test('leaves a supervisor that an operator has stopped and disabled as it is, on an upgrade', async () => {
    await machine.must(['systemctl', 'disable', '--now', 'apmode.socket', 'apmode.service'])
    await rpm('-U', '+2')
    expect(await states('is-active')).toEqual(['inactive', 'inactive', 'inactive'])
    expect(await states('is-enabled')).toEqual(['disabled', 'disabled', 'disabled'])
    await machine.must(['systemctl', 'enable', '--now', 'apmode.socket', 'apmode.service'])
  })

  test("when removed takes its programs and leaves the operator's files", async () => {
    await machine.must(['rpm', '--force-debian', '-e', 'apmode'], { timeoutMs: 60_000 })
    expect((await machine.exec(['test', '-e', '/usr/lib/apmode'])).code).toBe(1)
    expect((await machine.exec(['systemctl', 'is-active', ...UNITS])).stdout).not.toMatch(/^active/m)
    expect(await machine.shell('cat /etc/apmode/kept /var/lib/apmode/kept')).toBe('mine\nmine\n')
    expect((await machine.must(['systemctl', 'is-system-running'])).trim()).toBe('running')
  })

  test('by its preset keeps the boot unit disabled where a first boot enables everything else', async () => {
    await rpm('-i', '+3')
    await machine.must(['systemctl', 'preset', ...UNITS])
    expect(await states('is-enabled')).toEqual(['enabled', 'enabled', 'disabled'])
  })
})
