/**
 * `apmode reclone` on two real machines while a client writes: after an errant transaction, after a purged binary log,
 * killed in the middle, without room. host2's data folder is a disk of its own, host1's is an ordinary folder.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { PlanView, Status } from '../../src/ports/control.ts'
import { type ApmodePair, healthy, LAB_SECRET, type Machine, startApmodePair, storyOf } from './apmode-pair.ts'
import { type Client, startClient } from './lab/client.ts'
import { DATA, mountDataDisk } from './lab/data-disk.ts'
import { whyNoLab } from './lab/requirements.ts'
import { type Sampler, startSampler } from './lab/sampler.ts'
import { waitFor } from './lab/wait.ts'

const obstacle = whyNoLab()
const PATIENT = { timeoutMs: 120_000 }
/** So much data that a copy takes seconds. */
const BULK =
  'USE app; CREATE TABLE app.bulk (n INT PRIMARY KEY, t TEXT) AS ' +
  'SELECT seq AS n, REPEAT(MD5(seq), 64) AS t FROM seq_1_to_30000'

/** The lab has no ssh: one command line over TCP, and what it writes. */
const SSH_SERVER = `#!/usr/bin/python3
import socket, subprocess
server = socket.create_server(('0.0.0.0', 2222))
while True:
    door, _ = server.accept()
    line = door.makefile().readline()
    subprocess.Popen(['sh', '-c', line], stdin=subprocess.DEVNULL, stdout=door.fileno())
    door.close()
`
const SSH_CLIENT = `#!/usr/bin/python3
import socket, sys
at = next(n for n, word in enumerate(sys.argv) if word.startswith('root@'))
door = socket.create_connection((sys.argv[at][5:], 2222), 5)
door.sendall((' '.join(sys.argv[at + 1:]) + '\\n').encode())
door.settimeout(60)
while part := door.recv(65536):
    sys.stdout.buffer.write(part)
sys.stdout.flush()
`

/** What a reclone would change. */
const LOOK = `ls -A ${DATA}; ls -d ${DATA}*; systemctl show -P ActiveEnterTimestamp mariadb; cat /opt/ap-mode; grep cloning /var/lib/apmode/state.json || true`

describe.skipIf(obstacle !== null)('reclone', () => {
  let pair: ApmodePair
  let lead: Machine
  let other: Machine
  let client: Client
  let sampler: Sampler

  beforeAll(async () => {
    pair = await startApmodePair({
      progress: (sentence) => process.stderr.write(`${sentence}\n`),
      provision: async (node) => {
        if (node.name === 'host2') await mountDataDisk(node, '3G')
      },
    })
    ;[lead, other] = [pair.host1, pair.host2]
    await sql(lead, BULK)
    client = startClient(pair, { firstNumber: 1, writeEveryMs: 10 })
    sampler = startSampler(pair)
    await waitFor(() => client.acknowledged.length > 20, { patienceMs: 15_000, reason: 'acknowledged writes' })
  })
  afterAll(async () => {
    await pair?.stop()
  })
  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return
    for (const machine of [lead, other]) {
      process.stderr.write(
        `${await storyOf(machine)}\n${(await machine.shell('journalctl -u apmode -u "apmode-reclone*" -n 60 -o cat --no-pager')).slice(-6000)}\n`,
      )
    }
  })

  const sql = (machine: Machine, text: string) =>
    machine.must(['mariadb', '-N', '-B', '-e', text], PATIENT).then((said) => said.trim())
  const reasons = (status: Status) => status.reasons.join('\n')
  const until = (machine: Machine, what: string, holds: (status: Status) => boolean, patienceMs = 20_000) =>
    waitFor(async () => holds(await machine.status()), { patienceMs, reason: `${machine.name}: ${what}` })
  const asides = (machine: Machine) =>
    machine.shell(`ls -d ${DATA}.*-reclone-* ${DATA}/.*-reclone-* ${DATA}/*incomplete* 2>/dev/null || true`)
  const diverge = async (machine: Machine, name: string) => {
    await sql(
      machine,
      `CREATE TABLE app.${name} (word VARCHAR(50)); INSERT INTO app.${name} VALUES ('only here: ${name}')`,
    )
    await until(machine, 'has diverged', (status) => /G6 diverged/.test(reasons(status)))
  }

  /** Everything is on both, the pair is whole, and nothing of a reclone is left. */
  async function whole(): Promise<void> {
    await healthy(lead, other)
    expect(await asides(other)).toBe('')
    const checksums = async (machine: Machine) => {
      const tables = await sql(
        machine,
        "SELECT GROUP_CONCAT(CONCAT(table_schema, '.', table_name) ORDER BY 1) FROM information_schema.tables " +
          "WHERE table_type='BASE TABLE' AND table_schema IN ('app', 'apmode') AND table_name NOT IN ('entry', 'node')",
      )
      const accounts = 'SELECT User, Host, Priv FROM mysql.global_priv ORDER BY 1, 2'
      return `${tables}\n${await sql(machine, `CHECKSUM TABLE ${tables}; ${accounts}; SHOW DATABASES`)}`
    }
    const last = client.acknowledged.at(-1)?.n ?? 0
    const rows = `SELECT COUNT(*), SUM(n) FROM app.entry WHERE n <= ${last}`
    // A write with a smaller number may be on its way still.
    const alike = async () => {
      const position = await sql(lead, 'SELECT @@gtid_binlog_pos')
      expect(await sql(other, `SELECT MASTER_GTID_WAIT('${position}', 20)`)).toBe('0')
      expect(await checksums(other)).toBe(await checksums(lead))
      expect(await sql(other, rows)).toBe(await sql(lead, rows))
    }
    await vi.waitFor(alike, { timeout: 30_000, interval: 200 })
  }

  const done = async (machine: Machine, words = 'reclone') => {
    const said = await machine.apmode(words, PATIENT)
    expect(said, said.stdout + said.stderr).toMatchObject({ code: 0 })
    return said.stdout + said.stderr
  }

  test('nothing to clone for: refused, and so is the machine that leads', async () => {
    const needless = await other.apmode('reclone', PATIENT)
    expect(needless).toMatchObject({ code: 3 })
    expect(needless.stdout + needless.stderr).toMatch(/nothing was touched: nothing to clone for/)
    const leading = await lead.apmode('reclone', PATIENT)
    expect(leading).toMatchObject({ code: 3 })
    expect(leading.stdout + leading.stderr).toMatch(/holds 192\.168\.33\.100.*accepts writes.*does not accept writes/s)
  })

  test('a plan changes nothing, and says each command', async () => {
    await diverge(other, 'astray')
    const before = await other.shell(LOOK)
    const plan = JSON.parse((await other.apmode('reclone --dry-run --json', PATIENT)).stdout) as PlanView
    expect(plan.refusedBy).toBeNull()
    expect(plan.steps.flatMap(({ calls }) => calls).join('\n')).toMatch(/mariadb-dump .*--all-databases/)
    expect(await other.shell(LOOK)).toBe(before)
  })

  test('without room it is refused, and nothing is touched; so it is without the programs', async () => {
    await other.shell(`fallocate -l 2500M ${DATA}/filler`, PATIENT)
    const before = await other.status()
    const full = await other.apmode('reclone', PATIENT)
    await other.shell(`rm ${DATA}/filler`)
    expect(full).toMatchObject({ code: 3 })
    expect(full.stdout + full.stderr).toMatch(/the copy needs about .* beside the old data, and there is room for/)
    const physical = await other.apmode('reclone --physical', PATIENT)
    expect(physical).toMatchObject({ code: 3 })
    expect(physical.stdout + physical.stderr).toMatch(/mariadb-backup.*missing on this machine: apt install/)
    expect(await asides(other)).toBe('')
    expect((await other.status()).reasons).toEqual(before.reasons)
  })

  test('after an errant transaction: kept in a file that a person can read, the data equal, fit, and acknowledging', async () => {
    const said = await done(other)
    expect(said).toMatch(/copy the data of host1/)
    const kept = await other.shell('stat -c %a /var/lib/apmode/diverged/*; cat /var/lib/apmode/diverged/*.sql')
    expect(kept).toMatch(/^600$/m)
    expect(kept).toContain("'only here: astray'")
    await whole()
    expect(await other.status()).toMatchObject({ mode: 'ap', fit: true, writable: false })
    expect(await lead.status()).toMatchObject({ mode: 'ap', commitsWithPeer: true })
  })

  test('after its log was purged on the other side', async () => {
    await done(other, 'stop')
    await until(lead, 'is alone', (status) => status.commitsWithPeer === false)
    await sql(lead, 'FLUSH BINARY LOGS; INSERT INTO app.bulk VALUES (0, "while it was away"); FLUSH BINARY LOGS')
    const newest = (await sql(lead, 'SHOW BINARY LOGS')).split('\n').at(-1)?.split('\t')[0]
    await sql(lead, `PURGE BINARY LOGS TO '${newest}'`)
    await other.apmode('start', PATIENT)
    await until(other, 'cannot follow', (status) => status.replication?.io === 'No')
    await done(other)
    await whole()
  })

  test('its supervisor killed in the middle: it follows nobody, and run again it simply works', async () => {
    await diverge(other, 'lost')
    const running = other.apmode('reclone', PATIENT)
    const loads = () =>
      sql(other, "SELECT COUNT(*) FROM information_schema.tables WHERE table_name='bulk'").catch(() => '')
    const half = async () => (await asides(other)).includes('incomplete') && (await loads()) === '1'
    await waitFor(half, { patienceMs: 60_000, reason: 'half a copy', everyMs: 20 })
    // A pattern that does not find itself.
    const [first, ...rest] = LAB_SECRET
    const places = '/proc/[0-9]*/cmdline /proc/[0-9]*/environ /run/apmode/* /run/apmode/.[!.]*'
    expect(await other.shell(`grep -las -D skip '[${first}]${rest.join('')}' ${places} || true`)).toBe('')
    await other.shell('systemctl kill --kill-who=main --signal=KILL apmode.service')
    await running
    await until(other, 'says so', (status) => /is being replaced.*reclone again/.test(reasons(status)))
    expect(await asides(other)).toMatch(/before-reclone-.*incomplete/s)
    expect(await other.status()).toMatchObject({ fit: false, replication: null })
    expect((await other.apmode('rejoin', PATIENT)).code).toBe(3)
    await done(other)
    await whole()
  })

  test('without power in the middle, on an ordinary folder: run again it simply works, and --keep-old keeps the old data', async () => {
    await done(lead, 'handover')
    ;[lead, other] = [other, lead]
    await healthy(lead, other)
    await diverge(other, 'dark')
    void other.apmode('reclone', PATIENT).catch(() => {})
    const half = async () => (await asides(other)).includes('incomplete')
    await waitFor(half, { patienceMs: 60_000, reason: 'half a copy', everyMs: 20 })
    await other.powerOff()
    await until(lead, 'is alone', (status) => status.commitsWithPeer === false)
    await other.cable('plugged')
    await other.powerOn()
    expect(reasons(await other.status())).toMatch(/is being replaced/)
    expect(await done(other, 'reclone --keep-old')).toMatch(/old data is kept in \/var\/lib\/mysql\.kept-by-reclone-/)
    await other.shell(`rm -r ${DATA}.kept-by-reclone-*`)
    await whole()
  })

  test('the lead stops answering in the middle: undone, and the old data is back', async () => {
    await diverge(other, 'old')
    const running = other.apmode('reclone', PATIENT)
    let ended = false
    void running.finally(() => {
      ended = true
    })
    const half = async () => (await asides(other)).includes('incomplete')
    await waitFor(half, { patienceMs: 60_000, reason: 'half a copy', everyMs: 20 })
    // What reads everything of app.bulk is the dump.
    const dumps = "SELECT CONCAT('KILL ', id) FROM information_schema.processlist WHERE info LIKE 'SELECT%FROM `bulk`%'"
    const killed = async () => {
      for (const kill of (await sql(lead, dumps)).split('\n').filter((line) => line !== '')) {
        await sql(lead, kill).catch(() => '')
      }
      return ended
    }
    await waitFor(killed, { patienceMs: 60_000, reason: 'the end of the copy' })
    const said = await running
    expect(said).toMatchObject({ code: 1 })
    expect(said.stdout + said.stderr).toMatch(/mariadb-dump: .*the old data is back/)
    expect(await sql(other, 'SELECT word FROM app.old')).toBe('only here: old')
    expect(await asides(other)).toBe('')
    await until(other, 'is what it was', (status) => /G6 diverged/.test(reasons(status)))
    await done(other)
    await whole()
  })

  test('--physical: the files over ssh', async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'apmode-reclone-'))
    const download = spawnSync('apt-get', ['download', 'mariadb-backup'], { cwd: folder, timeout: 60_000 })
    const [deb] = readdirSync(folder)
    if (download.status !== 0 || deb === undefined) {
      if (process.env.CI === 'true') throw new Error(`cannot download mariadb-backup: ${download.stderr}`)
      return context.skip('mariadb-backup cannot be downloaded')
    }
    await Promise.all([lead, other].map((machine) => machine.installPackage(join(folder, deb))))
    rmSync(folder, { recursive: true })
    const refused = await other.apmode('reclone --physical --force', PATIENT)
    expect(refused).toMatchObject({ code: 3 })
    expect(refused.stdout + refused.stderr).toMatch(/ssh missing on this machine/)
    await other.writeFile('/usr/local/bin/ssh', SSH_CLIENT, 0o755)
    const unreachable = await other.apmode('reclone --physical --force', PATIENT)
    expect(unreachable.stdout + unreachable.stderr).toMatch(/mariadb-backup cannot be run on .* over ssh/)
    await lead.writeFile('/usr/local/bin/lab-sshd', SSH_SERVER, 0o755)
    await lead.must(['systemd-run', '--quiet', '--unit=lab-sshd', '/usr/local/bin/lab-sshd'])
    await diverge(other, 'files')
    expect(await done(other, 'reclone --physical')).toMatch(/copy the files of /)
    await whole()
  })

  test('a machine that fell out and is in m comes back with a fresh copy', async () => {
    await lead.must(['systemctl', 'kill', '--signal=KILL', 'mariadb'])
    await until(other, 'serves', (status) => status.mode === 's' && status.writable === true)
    await waitFor(async () => (await lead.modeFile()) === 'm', { patienceMs: 15_000, reason: 'the other one in m' })
    ;[lead, other] = [other, lead]
    const said = await done(other, 'reclone --force')
    expect(said).toMatch(/apmode set ap/)
    await done(lead, 'set ap')
    await whole()
  })

  test('nobody ever lost an acknowledged write, and never two accepted writes', async () => {
    await client.stop()
    expect(await client.lostOn(lead)).toEqual([])
    expect((await sampler.stop()).bothWritable).toEqual([])
  })
})
