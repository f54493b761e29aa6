/** `apmode init` on a machine in memory: what it asks, shows, refuses and does. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Answers } from '../../../../src/core/init/answers.ts'
import { contextOf } from '../../../../src/face/context.ts'
import { Failure } from '../../../../src/face/exit.ts'
import { type InitFlags, init } from '../../../../src/face/init/init.ts'
import { FakeMachine, FakePerson } from '../../../fakes/machine.ts'
import { GALERA, THREE } from '../../core/config/example.ts'
import { Console } from '../console.ts'

const TOML = '/etc/apmode/apmode.toml'
const PASSWORD = '/etc/apmode/replication.password'
const KEEPALIVED = '/etc/keepalived/keepalived.conf'
const MARIADB = '/etc/mysql/mariadb.conf.d/90-apmode.cnf'
const GIVEN: Answers = { vip: '192.168.33.100', peer: 'host2' }

let supervisor: Console
let machine: FakeMachine
beforeEach(async () => {
  supervisor = new Console()
  await supervisor.listen()
  machine = new FakeMachine()
})
afterEach(() => supervisor.close())

interface Ran {
  readonly exit: number
  readonly out: string
  readonly err: string
  readonly asked: readonly string[]
}

async function run(flags: Partial<InitFlags>, person = new FakePerson(), on = machine): Promise<Ran> {
  let [out, err] = ['', '']
  const context = contextOf({
    out: (text) => {
      out += text
    },
    err: (text) => {
      err += text
    },
    outIsTerminal: false,
    errIsTerminal: false,
    width: 100,
    environment: { APMODE_SOCKET: supervisor.socketPath },
  })
  const all = { answers: {}, yes: false, replace: false, dryRun: false, json: false, ...flags }
  try {
    const exit = await init(context, all, { machine: on, asker: person })
    return { exit, out, err, asked: person.asked }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { exit: error.exit, out, err: `${err}${error.message}`, asked: person.asked }
  }
}

describe('on a bare machine', () => {
  test('writes everything, the configuration last, and makes the database read it', async () => {
    const { exit, out } = await run({ answers: GIVEN, yes: true })
    expect(exit).toBe(0)
    expect(machine.did).toEqual([
      `write ${PASSWORD}`,
      `write ${MARIADB}`,
      `write ${KEEPALIVED}`,
      `write ${TOML}`,
      'stop mariadb.service',
      'start mariadb.service',
      'sql',
    ])
    expect(machine.files.get(PASSWORD)).toEqual({ text: 'made-here\n', mode: 0o600 })
    expect(machine.accounts).toBe('made-here')
    expect(supervisor.control.asked).toEqual(['mode'])
    expect(out).toContain('+vip = "192.168.33.100/24"')
    expect(out).toContain(`scp -p ${TOML} ${PASSWORD} root@192.168.33.102:/etc/apmode/`)
  })

  test('the password is in no output', async () => {
    for (const json of [false, true]) {
      const { out, err } = await run({ answers: GIVEN, yes: true, json }, new FakePerson(), new FakeMachine())
      expect(out + err).not.toContain('made-here')
    }
  })

  test('again: nothing to do', async () => {
    await run({ answers: GIVEN, yes: true })
    machine.did.length = 0
    for (const answers of [GIVEN, {}]) {
      const { exit, out } = await run({ answers, yes: true })
      expect([exit, machine.did]).toEqual([0, []])
      expect(out).toContain('nothing to do')
    }
  })

  test('--dry-run shows the same and changes nothing', async () => {
    const before = new Map(machine.files)
    const { exit, out } = await run({ answers: GIVEN, dryRun: true })
    expect([exit, machine.did]).toEqual([0, []])
    expect(machine.files).toEqual(before)
    expect(out).toContain('+vip = "192.168.33.100/24"')
    expect(out).toContain('restart mariadb.service')
  })

  test('--json is one value that holds the whole', async () => {
    const { exit, out } = await run({ answers: GIVEN, yes: true, json: true })
    const value = JSON.parse(out)
    expect([exit, value.exit, value.node, value.role, value.peer]).toEqual([0, 0, 'host1', 'active', 'host2'])
    expect(value.files.map(({ path, action }: { path: string; action: string }) => [path, action])).toEqual([
      [PASSWORD, 'create'],
      [MARIADB, 'create'],
      [KEEPALIVED, 'create'],
      [TOML, 'create'],
    ])
    expect(value.done).toHaveLength(7)
    expect(value.next[0].command).toMatch(/^scp/)
  })

  test('a codename of its own gets a boot unit of its own', async () => {
    await run({ answers: { ...GIVEN, codename: 'db' }, yes: true })
    expect(machine.text('/usr/local/lib/systemd/system/db.service')).toContain('Description=the boot unit')
    expect(machine.did).toContain('daemon-reload')
  })

  test('a codename that is the name of another unit is refused', async () => {
    const { exit, err } = await run({ answers: { ...GIVEN, codename: 'nginx', api: 'none' }, yes: true })
    expect([exit, machine.did]).toEqual([2, []])
    expect(err).toContain('nginx.service is a unit of this machine already')
  })

  test('a name that is not the host name is written down', async () => {
    await run({ answers: { ...GIVEN, node: 'left' }, yes: true })
    expect(machine.text('/etc/apmode/node')).toBe('left\n')
  })

  test('a database that does not run is started, and a keepalived that runs with other settings stopped', async () => {
    machine.units.set('mariadb.service', false).set('keepalived.service', true)
    await run({ answers: GIVEN, yes: true })
    expect(machine.did.filter((did) => !did.startsWith('write'))).toEqual([
      'start mariadb.service',
      'sql',
      'stop keepalived.service',
    ])
  })
})

describe('without a terminal', () => {
  test('and without --yes nothing is done', async () => {
    const { exit, err } = await run({ answers: GIVEN })
    expect([exit, machine.did]).toEqual([2, []])
    expect(err).toContain('add --yes')
  })

  test('everything that is missing is said at once', async () => {
    machine.interfaces = [
      { name: 'eth0', addresses: [{ address: '192.168.33.101', prefix: 24 }] },
      { name: 'eth1', addresses: [] },
      { name: 'eth2', addresses: [{ address: '10.0.0.1', prefix: 8 }] },
    ]
    const { exit, err } = await run({ yes: true })
    expect([exit, machine.did]).toEqual([2, []])
    for (const flag of ['--vip', '--peer', '--peer-address', '--address', '--peer-interface']) {
      expect(err).toContain(`  ${flag}: found nothing`)
    }
    expect(err).toContain('(this machine has eth0 192.168.33.101, eth1 without an address, eth2 10.0.0.1)')
  })

  test('so is everything that is not on the machine', async () => {
    machine.units.clear()
    machine.folders.clear()
    const { exit, err } = await run({ answers: { ...GIVEN, api: 'gunicorn', codename: 'db' }, yes: true })
    expect([exit, machine.did]).toEqual([2, []])
    for (const found of ['mariadb.service (database)', 'gunicorn.service (api)', 'keepalived.service (router)']) {
      expect(err).toContain(found)
    }
  })

  test('a name without an address is no address', async () => {
    const { exit, err } = await run({ answers: { ...GIVEN, peer: 'elsewhere' }, yes: true })
    expect(exit).toBe(2)
    expect(err).toContain('--peer-address: found nothing')
  })
})

describe('on a terminal', () => {
  const ENTER = ''

  test('asks for everything, offers what it found, and does it after a yes', async () => {
    const answers = [ENTER, ENTER, ENTER, ENTER, '192.168.33.100', ...Array<string>(7).fill(ENTER), 'y']
    const { exit, asked } = await run({}, new FakePerson({ answers }))
    expect(exit).toBe(0)
    expect(asked).toEqual([
      'name of this machine [host1]: ',
      'role of this machine at first: active or standby [active]: ',
      'name of the other machine [host2]: ',
      'address of the other machine [192.168.33.102]: ',
      'virtual address (VIP), with its prefix length: ',
      'network interface [eth0]: ',
      'its address [192.168.33.101]: ',
      'network interface of the other machine [eth0]: ',
      'VRRP number of the pair (virtual_router_id) [50]: ',
      'witness: an address outside of the pair that answers a ping [none]: ',
      'unit of the database [mariadb.service]: ',
      'units of the API [nginx.service]: ',
      'do this? [y/N] ',
    ])
    expect(machine.text(TOML)).toContain('vip = "192.168.33.100/24"')
  })

  test('asks again for an answer with a fault, in the words of the parser', async () => {
    const person = new FakePerson({ answers: ['no address', '192.168.33.101', '192.168.33.100/24', 'n'] })
    const { err, asked } = await run({ answers: { peer: 'host2' } }, person)
    expect(asked.filter((question) => question.startsWith('virtual'))).toHaveLength(3)
    expect(err).toContain('found "no address", expected an address with its prefix length')
    expect(err).toContain('expected an address that no machine has by itself')
  })

  test('with flags only what they leave open is asked', async () => {
    const { asked } = await run({ answers: GIVEN }, new FakePerson({ answers: ['n'] }))
    expect(asked).toEqual(['do this? [y/N] '])
  })

  test.each([['n'], [''], ['maybe']])('%j is no yes: nothing is changed', async (answer) => {
    const { exit, err } = await run({ answers: GIVEN }, new FakePerson({ answers: [answer] }))
    expect([exit, machine.did]).toEqual([3, []])
    expect(err).toContain('nothing was changed')
  })

  test.each([0, 1, 5, 12])('the end of the input after %i answers changes nothing', async (count) => {
    const answers = [ENTER, ENTER, ENTER, ENTER, '192.168.33.100', ...Array<string>(7).fill(ENTER)].slice(0, count)
    const { exit } = await run({}, new FakePerson({ answers }))
    expect([exit, machine.did]).toEqual([3, []])
  })
})

describe('the other machine', () => {
  let other: FakeMachine
  beforeEach(() => {
    other = new FakeMachine()
    other.hostname = 'host2'
    other.interfaces = [{ name: 'eth0', addresses: [{ address: '192.168.33.102', prefix: 24 }] }]
  })

  test('takes the two files of the first one, and asks nothing', async () => {
    await run({ answers: GIVEN, yes: true })
    for (const path of [TOML, PASSWORD]) other.files.set(path, machine.files.get(path) ?? { text: '', mode: 0 })
    const { exit, asked } = await run({}, new FakePerson({ answers: ['y'] }), other)
    expect([exit, asked]).toEqual([0, ['do this? [y/N] ']])
    expect(other.did).toEqual([
      `write ${MARIADB}`,
      `write ${KEEPALIVED}`,
      'stop mariadb.service',
      'start mariadb.service',
      'sql',
    ])
    expect(other.accounts).toBe('made-here')
    expect(other.text(TOML)).toBe(machine.text(TOML))
    expect(other.text(MARIADB)).toContain('server_id = 2')
  })

  test('never makes a password of its own: it asks for that of the first one', async () => {
    await run({ answers: GIVEN, yes: true })
    other.files.set(TOML, machine.files.get(TOML) ?? { text: '', mode: 0 })
    const { exit, err } = await run({ yes: true }, new FakePerson(), other)
    expect([exit, other.did]).toEqual([2, []])
    expect(err).toContain(`scp -p ${PASSWORD} root@192.168.33.102:/etc/apmode/`)
  })

  test('takes the password from a pipe', async () => {
    const answers = { vip: '192.168.33.100/24', peer: 'host1', peerAddress: '192.168.33.101', role: 'standby' }
    const person = new FakePerson({ input: 'of host1\n' })
    const { exit, out } = await run({ answers, yes: true, passwordFile: '-' }, person, other)
    expect([exit, other.accounts]).toEqual([0, 'of host1'])
    expect(other.files.get(PASSWORD)).toEqual({ text: 'of host1\n', mode: 0o600 })
    expect(out).not.toContain('of host1')
  })

  test.each([
    ['', 'an empty first line'],
    ['x'.repeat(33), '32 characters at most'],
    ['a\tb', '32 characters at most'],
  ])('a password that cannot be one is refused: %j', async (input, words) => {
    const { exit, err } = await run({ answers: GIVEN, yes: true, passwordFile: '-' }, new FakePerson({ input }))
    expect([exit, machine.did]).toEqual([2, []])
    expect(err).toContain(words)
  })
})

describe('what a person has written', () => {
  const OWN = 'vrrp_instance mine {\n}\n'

  test('is not overwritten silently: --yes alone is refused', async () => {
    machine.files.set(KEEPALIVED, { text: OWN, mode: 0o644 })
    const { exit, out, err } = await run({ answers: GIVEN, yes: true })
    expect([exit, machine.did]).toEqual([3, []])
    expect(out).toContain('-vrrp_instance mine {')
    expect(err).toContain(`${KEEPALIVED}: not written by init, or changed since; --replace`)
  })

  test('with --replace a copy is kept', async () => {
    machine.files.set(KEEPALIVED, { text: OWN, mode: 0o644 })
    const { exit, out } = await run({ answers: GIVEN, yes: true, replace: true })
    expect(exit).toBe(0)
    expect(machine.text(`${KEEPALIVED}.old-1`)).toBe(OWN)
    expect(out).toContain(`the old one is ${KEEPALIVED}.old-1`)
  })

  test('on a terminal it has a question of its own', async () => {
    machine.files.set(KEEPALIVED, { text: OWN, mode: 0o644 })
    const no = await run({ answers: GIVEN }, new FakePerson({ answers: ['n', 'y'] }))
    expect([no.exit, no.asked, machine.did]).toEqual([3, [`replace ${KEEPALIVED}? A copy is kept. [y/N] `], []])
    expect((await run({ answers: GIVEN }, new FakePerson({ answers: ['y', 'y'] }))).exit).toBe(0)
  })

  test('what init wrote and nobody changed is brought up to date without that', async () => {
    await run({ answers: GIVEN, yes: true })
    const edited = machine.text(TOML).replace('virtual_router_id = 50', 'virtual_router_id = 51')
    machine.files.set(TOML, { text: edited, mode: 0o644 })
    machine.did.length = 0
    expect((await run({ yes: true })).exit).toBe(0)
    expect(machine.did).toEqual([`write ${KEEPALIVED}`])
    expect(machine.text(KEEPALIVED)).toContain('virtual_router_id 51')
  })

  test('a configuration of three machines is taken as it stands; what comes next is said for each of them', async () => {
    machine.hostname = 'host2'
    machine.files.set(TOML, { text: THREE, mode: 0o644 })
    const { exit, out } = await run({ yes: true })
    expect([exit, machine.did]).toEqual([0, [`write ${KEEPALIVED}`]])
    expect(out).toMatch(/other machine +host1.*\nother machine +host3/)
    for (const address of ['192.168.33.101', '192.168.33.103'])
      expect(out).toContain(`scp -p ${TOML} root@${address}:/etc/apmode/`)
    expect(out.match(/apmode set ap --now/g)).toHaveLength(3)
    const again = await run({ answers: { peer: 'host3', peerAddress: '192.168.33.103' }, yes: true })
    expect(again).toMatchObject({ exit: 0, err: '' })
    expect(await run({ answers: { peer: 'host4' }, yes: true })).toMatchObject({ exit: 2 })
  })

  test('a member of a Galera cluster is not set up: it says where that is described, and touches nothing', async () => {
    machine.files.set(TOML, { text: GALERA, mode: 0o644 })
    const { exit, err } = await run({ yes: true })
    expect([exit, machine.did]).toEqual([3, []])
    expect(err).toContain('docs/recipes/galera says how it is done by hand. Nothing was changed')
  })

  test('a configuration that is there counts, and flags that say something else are named', async () => {
    await run({ answers: GIVEN, yes: true })
    machine.did.length = 0
    const { exit, err } = await run({ answers: { vip: '192.168.33.200/24', peer: 'host3' }, yes: true })
    expect([exit, machine.did]).toEqual([2, []])
    expect(err).toContain('--vip says "192.168.33.200/24"')
    expect(err).toContain('--peer says "host3"')
  })

  test('a configuration with faults is told with every one of them', async () => {
    machine.files.set(TOML, { text: 'codename = 7\n[[node]]\n', mode: 0o644 })
    const { exit, err } = await run({ yes: true })
    expect([exit, machine.did]).toEqual([2, []])
    expect(err).toContain('line 1  codename: found the number 7')
    expect(err.split('\n').length).toBeGreaterThan(4)
  })

  test('a password file that others can read is not used, and not replaced', async () => {
    machine.files.set(PASSWORD, { text: 'known to all\n', mode: 0o644 })
    const { exit, err } = await run({ answers: GIVEN, yes: true })
    expect([exit, machine.did]).toEqual([2, []])
    expect(err).toContain('expected 0600')
  })
})

describe('on a machine that has a mode', () => {
  test('nothing is restarted: it says what to type', async () => {
    await run({ answers: GIVEN, yes: true })
    machine.mode = 'ap'
    machine.units.set('keepalived.service', true)
    machine.did.length = 0
    const text = machine.text(TOML).replace('durability = "semi-sync"', 'durability = "async"')
    machine.files.set(TOML, { text, mode: 0o644 })
    const { exit, out } = await run({ yes: true })
    expect([exit, machine.did]).toEqual([0, [`write ${MARIADB}`]])
    expect(out).toMatch(/next:\n +host1 +apmode set m --now/)
  })

  test('one that is older than the configuration is told before anything is written', async () => {
    machine.mode = 'ap'
    const { out } = await run({ answers: GIVEN, dryRun: true })
    expect(out).toContain('/opt/ap-mode is there already (ap): the supervisor makes that hold')
    expect(out).toContain('mv /opt/ap-mode /opt/ap-mode.old')
  })

  test('a configuration that is replaced is handed to the supervisor that runs', async () => {
    await run({ answers: GIVEN, yes: true })
    machine.mode = 'ap'
    machine.did.length = 0
    await run({ answers: { ...GIVEN, witness: '192.168.33.1' }, yes: true, replace: true })
    expect(machine.did).toEqual([`write ${TOML}`, 'HUP'])
  })
})

describe('what fails', () => {
  test('is said, with what was done and what was not; again goes on from there', async () => {
    machine.broken.set('start mariadb.service', 'failed: exit-code')
    const { exit, err } = await run({ answers: GIVEN, yes: true })
    expect(exit).toBe(1)
    expect(err).toContain('not done: restart mariadb.service')
    expect(err).toContain('not done: make the accounts of replication')
    expect(err).toContain('cannot start mariadb.service: failed: exit-code; run apmode init again')
    machine.broken.clear()
    machine.did.length = 0
    expect((await run({ answers: GIVEN, yes: true })).exit).toBe(0)
    expect(machine.did).toEqual(['start mariadb.service', 'sql'])
  })

  test('a restart that did not come about is made up for, although the file is there', async () => {
    machine.broken.set('stop mariadb.service', 'timeout')
    expect((await run({ answers: GIVEN, yes: true })).exit).toBe(1)
    machine.broken.clear()
    machine.did.length = 0
    expect((await run({ answers: GIVEN, yes: true })).exit).toBe(0)
    expect(machine.did).toEqual(['stop mariadb.service', 'start mariadb.service', 'sql'])
  })

  test('before anything was written leaves everything as it was', async () => {
    machine.broken.set('place', 'no space left on the disk')
    const { exit, err } = await run({ answers: GIVEN, yes: true })
    expect([exit, machine.did]).toEqual([1, []])
    expect(err).toContain('no space left on the disk')
  })

  test('who is not root is told so', async () => {
    machine.obstacle = 'it needs root'
    expect(await run({ answers: GIVEN, yes: true })).toMatchObject({ exit: 1, err: expect.stringContaining('root') })
  })
})
