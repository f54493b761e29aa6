import { expect, test } from 'vitest'
import { changed, configOf, EXAMPLE, linesOf, problemsOf, THREE } from './example.ts'

const said = (...changes: (readonly [string, string])[]) => linesOf(problemsOf(changed(EXAMPLE, ...changes)))

test('exactly one node is active', () => {
  expect(said(['"standby"', '"active"'])).toEqual([
    '14 node[1].role: found a second "active" (first on line 8), expected exactly one active node',
  ])
  expect(said(['"active"', '"standby"'])).toEqual(['8 node[0].role: found no "active" node, expected exactly one'])
})

const STATELESS = [
  ['engine = "mariadb"', 'engine = "none"'],
  ['kind = "database"', 'kind = "other"'],
] as const

test('one node at most takes the VIP back: the active one, and not where there is a database', () => {
  const home = ['role = "active"', 'role = "active"\npreempt = true'] as const
  const away = ['role = "standby"', 'role = "standby"\npreempt = true'] as const
  expect(said(...STATELESS, home)).toEqual([])
  expect(said(...STATELESS, home, away)).toEqual([
    '16 node[1].preempt: found a second true (first on line 9), expected it on one node at most',
  ])
  expect(said(...STATELESS, away)).toEqual([
    '15 node[1].preempt: found true for a standby, expected it on the active node, where the VIP belongs',
  ])
  expect(said(home)).toEqual([
    '9 node[0].preempt: found true with engine "mariadb", expected false: the way back of a database is apmode handover',
  ])
})

test('names and addresses of nodes are distinct, however they are spelled', () => {
  expect(said(['"host2"', '"HOST1"'])).toEqual([
    '11 node[1].name: found "HOST1" again (first on line 5), expected a different one',
  ])
  const v6 = changed(
    EXAMPLE,
    ['192.168.33.101', 'fd00::1'],
    ['192.168.33.102', 'FD00:0::0001'],
    ['192.168.33.100/24', 'fd00::2/64'],
  )
  expect(linesOf(problemsOf(v6))).toEqual([
    '12 node[1].address: found "FD00:0::0001" again (first on line 6), expected a different one',
  ])
})

const THIRD = '[[node]]\nname = "host3"\naddress = "192.168.33.103"\ninterface = "enp0s8"\nrole = "standby"\n\n[vrrp]'

test('a third node is refused with the reason', () => {
  expect(said(['[vrrp]', THIRD])).toEqual([
    '16 node[2]: found 3 nodes, expected two at most: with engine "mariadb" one machine is the primary and its peer is the only replica that may be promoted (engines "galera" and "none" allow more)',
  ])
})

test('without a database there may be more than two: one is active, and nobody is the one peer', () => {
  const config = configOf(THREE, { hostname: 'host2', nodeFile: null })
  expect([config.peer, config.peers.map(({ name }) => name)]).toEqual([null, ['host1', 'host3']])
  expect(linesOf(problemsOf(THREE.replaceAll('"standby"', '"active"')))).toHaveLength(2)
})

test('the VIP is no node’s address and of the same family', () => {
  expect(said(['.100/24', '.101/24'])).toEqual([
    '17 vrrp.vip: found the address of node[0] (line 6), expected an address that no machine has by itself',
  ])
  expect(said(['192.168.33.100/24', 'fd00::1/64'])).toEqual([
    '17 vrrp.vip: found an IPv6 address, expected IPv4 as the address of node[0] (line 6)',
    '17 vrrp.vip: found an IPv6 address, expected IPv4 as the address of node[1] (line 12)',
  ])
})

test('a witness is outside of the pair', () => {
  expect(said(['# witness = ["192.168.33.1"]', 'witness = ["192.168.33.1", "192.168.33.102"]'])).toEqual([
    '20 vrrp.witness: found "192.168.33.102", which belongs to the pair, expected an address outside of it',
  ])
})

test('there is one router, and with MariaDB one database', () => {
  expect(said(['kind = "router"', 'kind = "other"'])).toEqual([
    '22 unit: found no unit of kind "router", expected one (keepalived.service)',
  ])
  expect(said(['kind = "api"', 'kind = "router"'])).toEqual([
    '31 unit[2].kind: found a second "router" (first on line 27), expected one at most',
  ])
  expect(said(['kind = "api"', 'kind = "database"'])).toEqual([
    '27 unit[1].kind: found a second "database" (first on line 24), expected one at most',
  ])
  expect(said(['kind = "database"', 'kind = "other"'])).toEqual([
    '34 database.engine: found "mariadb" and no unit of kind "database", expected such a unit, or engine "none"',
  ])
  expect(said(['kind = "database"', 'kind = "other"'], ['engine = "mariadb"', 'engine = "none"'])).toEqual([])
})

test('a unit whose kind cannot be read is not reported as missing too', () => {
  expect(said(['kind = "router"', 'kind = "routr"'])).toEqual([
    '31 unit[2].kind: found "routr", expected "database" or "api" or "router" or "other"',
  ])
})

test('router and database run everywhere', () => {
  expect(said(['kind = "router"', 'kind = "router"\nruns = "holder"'])).toEqual([
    '32 unit[2].runs: found "holder" for a router, expected "everywhere": both machines need it to take over',
  ])
})

test('units are distinct, and neither the boot unit nor the supervisor', () => {
  expect(said(['"nginx.service"', '"mariadb.service"'])).toEqual([
    '26 unit[1].name: found "mariadb.service" again (first on line 23), expected a different one',
  ])
  expect(said(['"nginx.service"', '"ap.service"'])).toEqual([
    '26 unit[1].name: found "ap.service", the boot unit, expected a unit that it starts',
  ])
  expect(said(['"nginx.service"', '"apmode.service"'])).toEqual([
    '26 unit[1].name: found "apmode.service", the supervisor itself, expected a unit that it looks after',
  ])
  expect(said(['codename = "ap"', 'codename = "apmode"'])).toEqual([
    '1 codename: found "apmode", expected another name: apmode.service is the supervisor',
  ])
})

test('one table where several are meant, or several where one is meant, is said as such', () => {
  const lines = said(['[vrrp]', '[[vrrp]]'])
  expect(lines).toEqual(['16 vrrp: found a repeated table [[…]], expected one table [vrrp]'])
  const single = EXAMPLE.replace(/\[\[node\]\]\nname = "host2"[^[]*/, '').replace('[[node]]', '[node]')
  expect(linesOf(problemsOf(single))).toEqual([
    '4 node: found one table [node], expected [[node]], repeated for each node',
  ])
})

test('the agent check has a port of its own, whatever its host', () => {
  const text = changed(EXAMPLE, ['"127.0.0.1:8008"', '"127.0.0.1:8008"\nagent_listen = "0.0.0.0:8008"'])
  expect(linesOf(problemsOf(text))).toEqual([
    '42 health.agent_listen: found the port 8008 of listen (line 41), expected another one',
  ])
  expect(problemsOf(changed(text, ['0.0.0.0:8008', '0.0.0.0:8009']))).toEqual([])
  expect(problemsOf(changed(text, ['"127.0.0.1:8008"', '"off"']))).toEqual([])
})
