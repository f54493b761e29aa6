/** The package on a machine: installed, upgraded, removed, purged by apt on a booted Debian 12 that nobody has configured. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { packageVersion, ROOT } from '../../scripts/build.ts'
import { makePackage } from '../../scripts/package.ts'
import type { LabNode } from '../pair/lab/node.ts'
import { type Pair, startPair } from '../pair/lab/pair.ts'
import { whyNoLab } from '../pair/lab/requirements.ts'
import { waitFor } from '../pair/lab/wait.ts'

const UNITS = ['apmode.socket', 'apmode.service', 'ap.service']
const ASK = ['curl', '-sS', '--max-time', '10', '--unix-socket', '/run/apmode/apmode.sock', 'http://apmode/mode']

describe.skipIf(whyNoLab() !== null)('on a machine, the package', () => {
  let pair: Pair
  let machine: LabNode
  let folder = ''
  let deb = ''

  const property = async (unit: string, name: string) =>
    (await machine.must(['systemctl', 'show', '-P', name, unit])).trim()
  const states = async (verb: 'is-active' | 'is-enabled') =>
    (await machine.exec(['systemctl', verb, ...UNITS])).stdout.trim().split('\n')
  /** Every unit file and its state, but for the package's own. */
  const otherUnits = async () => {
    const list = await machine.must(['systemctl', 'list-unit-files', '--no-legend', '--no-pager'])
    return list.split('\n').filter((line) => !UNITS.some((unit) => line.startsWith(unit)))
  }
  const apt = (...args: string[]) =>
    machine.must(['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-y', ...args], { timeoutMs: 60_000 })

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'apmode-life-test-'))
    deb = process.env.APMODE_DEB ?? (await makePackage())
    pair = await startPair({ nodes: 1, progress: (sentence) => console.log(sentence) })
    machine = pair.node('host1')
  })

  afterAll(async () => {
    await pair?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('enables its socket and starts the supervisor, and touches nothing else', async () => {
    const before = await otherUnits()
    // The lab's image leaves man pages out of every package.
    await machine.shell('rm -f /etc/dpkg/dpkg.cfg.d/*mmdebstrap*')
    await machine.installPackage(deb)
    expect(await states('is-active')).toEqual(['active', 'active', 'inactive'])
    expect(await states('is-enabled')).toEqual(['enabled', 'enabled', 'disabled'])
    expect(await otherUnits()).toEqual(before)
    expect(await machine.shell('ls -A /etc/apmode; ls /opt')).toBe('')
  })

  test('brings man pages that man finds', async () => {
    expect(await machine.must(['man', 'apmode'])).toContain('supervisor of a highly available pair')
    expect(await machine.must(['man', '5', 'apmode.toml'])).toContain('virtual_router_id')
  })

  test('brings a completion that bash loads by itself at the first TAB', async () => {
    await machine.writeFile('/root/words.toml', readFileSync(join(ROOT, 'scripts/deb/apmode.toml')))
    const typed = [
      'apmode hand\t --dry\t\x01echo \n',
      'apmode set \t\tap\x01echo \n',
      'apmode check ng\t\x01echo \n',
      'apmode render grants --node host\t\t1\x01echo \n',
    ]
    const script = `export APMODE_CONFIG=/root/words.toml TERM=dumb; printf '${typed.join('')}exit\n' | script -qec 'bash -li' /dev/null`
    const shown = await machine.shell(script, { timeoutMs: 30_000 })
    expect(shown).toContain('\napmode handover --dry-run')
    expect(shown).toMatch(/\bap +m +s\b/)
    expect(shown).toContain('\napmode check nginx.service')
    expect(shown).toMatch(/\bhost1 +host2\b/)
  })

  test('makes the FIFO, the tracked file (unfit until the supervisor has looked) and the socket, for root alone', async () => {
    const listing = await machine.must([
      'stat',
      '-c',
      '%A %U %n',
      '/run/apmode',
      '/run/apmode/vrrp.fifo',
      '/run/apmode/apmode.sock',
      '/var/lib/apmode',
    ])
    expect(listing.trim().split('\n')).toEqual([
      'drwxr-xr-x root /run/apmode',
      'prw------- root /run/apmode/vrrp.fifo',
      'srw------- root /run/apmode/apmode.sock',
      'drwx------ root /var/lib/apmode',
    ])
    expect((await machine.readFile('/run/apmode/vrrp.unfit')).trim()).toBe('1')
  })

  test('has units in which systemd finds no fault', async () => {
    const { code, stdout, stderr } = await machine.exec(['systemd-analyze', 'verify', '--man=no', ...UNITS], {
      timeoutMs: 30_000,
    })
    expect(`${stdout}${stderr}`).toBe('')
    expect(code).toBe(0)
  })

  test('without a configuration says which file is missing, and neither restarts nor gives up', async () => {
    const { code, stdout, stderr } = await machine.exec(['apmode', 'status'])
    expect(code).toBe(2)
    expect(`${stdout}${stderr}`).toContain('/etc/apmode/apmode.toml')
    const started = Number(await property('apmode.service', 'ActiveEnterTimestampMonotonic'))
    const fed = async () => Number(await property('apmode.service', 'WatchdogTimestampMonotonic')) > started + 1_000_000
    // Half the interval at the latest, or systemd would be about to kill it.
    const intervalMs = 20_000
    expect(await property('apmode.service', 'WatchdogUSec')).toBe(`${intervalMs / 1000}s`)
    await waitFor(fed, {
      patienceMs: intervalMs * 0.75,
      reason: 'the watchdog is fed although there is no configuration',
    })
    expect(await property('apmode.service', 'NRestarts')).toBe('0')
  })

  test('loses no request when the supervisor is killed', async () => {
    const before = await property('apmode.service', 'MainPID')
    await machine.must(['kill', '-9', before])
    const { code } = await machine.exec(ASK)
    expect(code).toBe(0)
    expect(await property('apmode.service', 'MainPID')).not.toBe(before)
  })

  test('is upgraded with its files kept and its socket open, and the running supervisor replaced', async () => {
    await machine.writeFile('/etc/apmode/kept', 'mine\n')
    await machine.writeFile('/var/lib/apmode/kept', 'mine\n')
    const pid = await property('apmode.service', 'MainPID')
    const opened = await property('apmode.socket', 'ActiveEnterTimestampMonotonic')
    await machine.installPackage(
      await makePackage({ version: `${packageVersion()}+1`, outDir: folder, compression: 1 }),
    )
    expect(await property('apmode.service', 'MainPID')).not.toBe(pid)
    expect(await property('apmode.socket', 'ActiveEnterTimestampMonotonic')).toBe(opened)
    expect(await states('is-active')).toEqual(['active', 'active', 'inactive'])
    expect(await machine.shell('cat /etc/apmode/kept /var/lib/apmode/kept')).toBe('mine\nmine\n')
    expect((await machine.exec(['test', '-e', '/run/apmode/upgrade'])).code).toBe(1)
  })

  test('leaves a supervisor that an operator has stopped as it is, on an upgrade', async () => {
    await machine.must(['systemctl', 'stop', 'apmode.socket', 'apmode.service'])
    await machine.installPackage(
      await makePackage({ version: `${packageVersion()}+2`, outDir: folder, compression: 1 }),
    )
    expect(await states('is-active')).toEqual(['inactive', 'inactive', 'inactive'])
    await machine.must(['systemctl', 'start', 'apmode.socket', 'apmode.service'])
  })

  test('starts at boot', async () => {
    await machine.reboot()
    expect(await states('is-active')).toEqual(['active', 'active', 'inactive'])
  })

  test("when removed takes its programs and leaves the operator's files", async () => {
    await apt('remove', 'apmode')
    expect((await machine.exec(['test', '-e', '/usr/lib/apmode'])).code).toBe(1)
    expect((await machine.exec(['systemctl', 'is-active', ...UNITS])).stdout).not.toMatch(/^active/m)
    expect(await machine.shell('cat /etc/apmode/kept /var/lib/apmode/kept')).toBe('mine\nmine\n')
  })

  test('works again when it comes back after a removal', async () => {
    await machine.must(['dpkg', '--install', `/root/${deb.split('/').at(-1)}`], { timeoutMs: 60_000 })
    expect(await states('is-active')).toEqual(['active', 'active', 'inactive'])
  })

  test('when purged leaves nothing but /etc/apmode', async () => {
    await machine.must(['systemctl', 'mask', 'ap.service'])
    await apt('purge', 'apmode')
    const left =
      'find / -xdev \\( -path /proc -o -path /sys -o -path /root -o -path /var/log -o -path /var/cache \\) -prune -o -name "*apmode*" -print'
    expect(
      await machine.shell(`${left}; find /run/apmode /etc/systemd/system -name "ap.service" 2>/dev/null || true`),
    ).toBe('/etc/apmode\n')
    expect((await machine.must(['systemctl', 'is-system-running'])).trim()).toBe('running')
  })
})
