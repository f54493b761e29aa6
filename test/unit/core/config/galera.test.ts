import { expect, test } from 'vitest'
import { changed, configOf, EXAMPLE, GALERA, HOST1, linesOf, problemsOf } from './example.ts'

const said = (...changes: (readonly [string, string])[]) => linesOf(problemsOf(changed(GALERA, ...changes)))
const PASSWORD = 'replication_password_file = "/etc/apmode/replication.password"\n'
const database = (line: string) => [PASSWORD, `${PASSWORD}${line}\n`] as const
const HOST3 = '[[node]]\nname = "host3"\naddress = "192.168.33.103"\ninterface = "enp0s8"\nrole = "standby"\n\n'

test('a Galera cluster has two members, three or more', () => {
  const three = configOf(GALERA)
  expect([three.database.engine, three.peer, three.peers.length]).toEqual(['galera', null, 2])
  const two = configOf(
    changed(
      GALERA,
      ['"standby"', '"active"'],
      ['role = "active"\n\n[[node]]\nname = "host3"', 'role = "standby"\n\n[[node]]\nname = "host3"'],
      [HOST3, ''],
    ),
  )
  expect([two.peer?.name, two.peers.length]).toEqual(['host2', 1])
})

test('its name is the codename, and it listens where the other members reach it', () => {
  const { database: found, health } = configOf(GALERA)
  expect([found.clusterName, found.donorServes, found.durability]).toEqual(['ap', false, 'async'])
  expect(health).toEqual({ host: '192.168.33.101', port: 8008 })
  expect(configOf(GALERA, { hostname: 'host3', nodeFile: null }).health).toEqual({ host: '192.168.33.103', port: 8008 })
  const named = configOf(changed(GALERA, database('cluster_name = "shop"\ndonor_serves = true')))
  expect([named.database.clusterName, named.database.donorServes]).toEqual(['shop', true])
  const long = configOf(changed(GALERA, ['codename = "ap"', `codename = "a:${'b'.repeat(40)}"`]))
  expect(long.database.clusterName).toBe(`a-${'b'.repeat(30)}`)
})

test('a name of a cluster is one that wsrep_cluster_name takes', () => {
  for (const name of ['a b', "x'", '', 'a'.repeat(33)]) {
    expect(said(database(`cluster_name = "${name}"`))).toEqual([
      `44 database.cluster_name: found ${JSON.stringify(name)}, expected a name of letters, digits, "_", "." or "-", 32 characters at most`,
    ])
  }
})

test('what has no meaning in a cluster is an error where it is given, all at once', () => {
  expect(said(database('durability = "semi-sync"\ndrain_timeout = 5\ndrain_policy = "refuse"'))).toEqual([
    '44 database.durability: found it with engine "galera", expected it to be left out: a commit is on all members of the primary component',
    '45 database.drain_timeout: found it with engine "galera", expected it to be left out: a member applies before it is Synced, and nobody is promoted',
    '46 database.drain_policy: found it with engine "galera", expected it to be left out: a member applies before it is Synced, and nobody is promoted',
  ])
})

test('what has a meaning in a cluster alone is an error elsewhere', () => {
  for (const engine of ['mariadb', 'none']) {
    const text = changed(EXAMPLE, [
      'engine = "mariadb"',
      `engine = "${engine}"\ncluster_name = "x"\ndonor_serves = false`,
    ])
    expect(linesOf(problemsOf(text))).toEqual([
      `35 database.cluster_name: found it with engine "${engine}", expected it with engine "galera" only`,
      `36 database.donor_serves: found it with engine "${engine}", expected it with engine "galera" only`,
    ])
  }
})

test('the members must be able to ask each other', () => {
  const listening = (value: string) => linesOf(problemsOf(`${GALERA}[health]\nlisten = "${value}"\n`))
  const expected =
    'expected the others to reach it: "0.0.0.0:8008", "[::]:8008", or left out (the address of each machine)'
  expect(listening('0.0.0.0:9000')).toEqual([])
  expect(listening('[::]:8008')).toEqual([])
  expect(listening('off')).toEqual([`45 health.listen: found "off" with engine "galera", ${expected}`])
  for (const host of ['127.0.0.1', 'localhost', '192.168.33.102'])
    expect(listening(`${host}:8008`)).toEqual([`45 health.listen: found ${host} with engine "galera", ${expected}`])
  expect(listening('[::1]:8008')).toEqual([`45 health.listen: found ::1 with engine "galera", ${expected}`])
})

test('the VIP may go home by itself among three members, and not between two', () => {
  const home = ['role = "active"', 'role = "active"\npreempt = true'] as const
  expect(said(home)).toEqual([])
  const two = changed(GALERA, [HOST3, ''], home)
  expect(linesOf(problemsOf(two))).toEqual([
    '15 node[1].preempt: found true with engine "galera" on two nodes, expected false: who survives serves alone (mode s)',
  ])
})

test('it needs a unit of kind database, and the password of the account that looks at the others', () => {
  expect(said(['kind = "database"', 'kind = "other"'])).toEqual([
    '40 database.engine: found "galera" and no unit of kind "database", expected such a unit, or engine "none"',
  ])
  const facts = { passwordFileProblem: () => 'found nothing, expected a file' }
  expect(linesOf(problemsOf(GALERA, HOST1, facts))).toEqual([
    '43 database.replication_password_file: found nothing, expected a file',
  ])
})
