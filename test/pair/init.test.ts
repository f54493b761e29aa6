/**
 * The README's commands, typed on two bare machines: no MariaDB, no keepalived, no configuration, only what apt can install. They
 * are read out of the README, so that what stands there is what works. Then init once more on the pair that runs.
 */
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makePackage } from '../../scripts/package.ts'
import { healthy, type Machine, machineOf, storyOf } from './apmode-pair.ts'
import type { CommandResult } from './lab/command.ts'
import { type Pair, startPair } from './lab/pair.ts'
import { whyNoLab } from './lab/requirements.ts'
import { waitFor } from './lab/wait.ts'

const README = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8')
const PATIENT = { timeoutMs: 240_000 }
const PASSWORD = '/etc/apmode/replication.password'
const KEEPALIVED = '/etc/keepalived/keepalived.conf'

interface Typed {
  readonly machines: readonly string[]
  readonly command: string
}

/** `# host1, host2: what it is about`, and below it what is typed there. */
function commandsIn(readme: string): Typed[] {
  const [, block = ''] = /<!-- typed by a test[^\n]*\n```sh\n([\s\S]*?)```/.exec(readme) ?? []
  let machines: string[] = []
  return block
    .trim()
    .split('\n')
    .flatMap((line) => {
      const [, names] = /^# ([^:]+):/.exec(line) ?? []
      if (names === undefined) return [{ machines, command: line }]
      machines = names.split(', ')
      return []
    })
}
const COMMANDS = commandsIn(README)

test('the README has five commands for a machine, at most', () => {
  for (const name of ['host1', 'host2']) {
    const own = COMMANDS.filter(({ machines }) => machines.includes(name)).map(({ command }) => command)
    expect(own.length).toBeGreaterThan(2)
    // `apmode status` looks, and changes nothing.
    expect(own.filter((command) => command !== 'apmode status').length).toBeLessThan(5)
  }
})

describe.skipIf(whyNoLab() !== null)('the README, on two bare machines', () => {
  let pair: Pair
  let host1: Machine
  let host2: Machine
  /** Everything that was on a screen. */
  let screens = ''

  beforeAll(async () => {
    const deb = process.env.APMODE_DEB ?? (await makePackage())
    pair = await startPair({ bare: true, progress: (sentence) => process.stderr.write(`${sentence}\n`) })
    host1 = machineOf(pair.node('host1'))
    host2 = machineOf(pair.node('host2'))
    for (const machine of [host1, host2]) await machine.writeFile(`/root/${basename(deb)}`, readFileSync(deb))
    // Root's key is on the other machine, as where an administrator has been before.
    await host1.shell('mkdir -p -m 700 /root/.ssh; ssh-keygen -q -t ed25519 -N "" -f /root/.ssh/id_ed25519')
    await host1.writeFile('/root/.ssh/config', 'StrictHostKeyChecking accept-new\n', 0o600)
    await host2.writeFile('/root/.ssh/authorized_keys', await host1.readFile('/root/.ssh/id_ed25519.pub'), 0o600)
  })
  afterAll(async () => {
    await pair?.stop()
  })

  /** On a terminal, in root's home, with a yes to whoever asks. */
  async function type(machine: Machine, command: string): Promise<CommandResult> {
    const typed = ['script', '-qec', `cd /root && ${command}`, '/dev/null']
    const result = await machine.exec(typed, { ...PATIENT, input: 'y\n' })
    screens += result.stdout
    if (result.code !== 0) {
      const story = await storyOf(machine)
      throw new Error(`${command} on ${machine.name}: exit ${result.code}: ${result.stdout}${result.stderr}\n${story}`)
    }
    return result
  }

  test('what stands there leads to a pair: host1 serves, host2 follows', { timeout: 400_000 }, async () => {
    expect((await host1.exec(['which', 'mariadbd', 'keepalived', 'nginx', 'apmode'])).stdout).toBe('')
    for (const { machines, command } of COMMANDS) {
      const places = [host1, host2].filter(({ name }) => machines.includes(name))
      const began = Date.now()
      // Installing is the same on both, and takes its time.
      if (command.startsWith('apt ')) await Promise.all(places.map((machine) => type(machine, command)))
      else for (const machine of places) await type(machine, command)
      process.stderr.write(`${machines.join(', ')}: ${command}: ${Date.now() - began} ms\n`)
    }
    await healthy(host1, host2)
    expect(await Promise.all([host1, host2].map((machine) => machine.modeFile()))).toEqual(['ap', 'ap'])
    expect(await Promise.all([host1, host2].map((machine) => machine.writable()))).toEqual([true, false])
    expect(await Promise.all([host1, host2].map((machine) => machine.holdsVip()))).toEqual([true, false])
    for (const machine of [host1, host2]) expect((await machine.status()).problems).toEqual([])
  })

  test('every change was on the screen before it was made, and the password never', async () => {
    for (const path of [KEEPALIVED, '/etc/mysql/mariadb.conf.d/90-apmode.cnf', '/etc/apmode/apmode.toml'])
      expect(screens).toContain(`+++ ${path}`)
    expect(screens).toContain('do this? [y/N]')
    const password = (await host1.readFile(PASSWORD)).trim()
    expect(password).toHaveLength(28)
    expect((await host2.readFile(PASSWORD)).trim()).toBe(password)
    expect(screens).not.toContain(password)
    for (const machine of [host1, host2])
      expect((await machine.must(['stat', '-c', '%a %U', PASSWORD])).trim()).toBe('600 root')
  })

  test('what is written on host1 is on host2', async () => {
    await host1.must([
      'mariadb',
      '-e',
      'CREATE DATABASE app; CREATE TABLE app.t (n INT PRIMARY KEY); INSERT INTO app.t VALUES (7)',
    ])
    const rows = async () => (await host2.exec(['mariadb', '-N', '-e', 'SELECT n FROM app.t'])).stdout.trim()
    await waitFor(async () => (await rows()) === '7', { patienceMs: 10_000, reason: 'the row on host2' })
  })

  test('again: nothing to do, on both', async () => {
    for (const machine of [host1, host2]) {
      const { code, stdout } = await machine.apmode('init --yes', PATIENT)
      expect([code, stdout]).toEqual([0, expect.stringContaining('nothing to do')])
    }
  })

  test('a file that a person has changed is kept, or replaced by word, and nothing is restarted', async () => {
    const pids = () => host2.must(['systemctl', 'show', '-P', 'MainPID', 'mariadb', 'keepalived'])
    const before = await pids()
    const wanted = await host2.readFile(KEEPALIVED)
    await host2.shell(`echo '# mine' >> ${KEEPALIVED}`)
    const refused = await host2.apmode('init --yes', PATIENT)
    expect([refused.code, refused.stdout]).toEqual([3, expect.stringContaining('-# mine')])
    expect(await host2.readFile(KEEPALIVED)).toBe(`${wanted}# mine\n`)
    const replaced = await host2.apmode('init --yes --replace --json', PATIENT)
    const { files } = JSON.parse(replaced.stdout) as { files: { backup: string }[] }
    expect(await host2.readFile(KEEPALIVED)).toBe(wanted)
    expect(await host2.readFile(files[0]?.backup ?? '')).toBe(`${wanted}# mine\n`)
    expect(await pids()).toBe(before)
    await healthy(host1, host2)
  })

  test('another password takes the accounts along', async () => {
    const { code, stdout } = await host1.apmode('init --yes --json --password-file -', {
      ...PATIENT,
      input: 'another one\n',
    })
    expect([code, JSON.parse(stdout).actions]).toEqual([0, [expect.stringMatching(/^make the accounts/)]])
    expect(await host1.readFile(PASSWORD)).toBe('another one\n')
    const login = ['mariadb', '-h', '192.168.33.101', '-u', 'replication', '-N', '-e', 'SELECT 1']
    const { stdout: one } = await host2.exec(['env', 'MYSQL_PWD=another one', ...login])
    expect(one.trim()).toBe('1')
  })
})
