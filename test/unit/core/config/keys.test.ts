import { describe, expect, test } from 'vitest'
import { SECTIONS } from '../../../../src/core/config/schema.ts'
import { treeOf } from '../../../../src/core/config/tree.ts'
import { changed, EXAMPLE, linesOf, problemsOf } from './example.ts'

/** The one problem of the example after one change. */
function problemAfter(from: string, to: string): string {
  const lines = linesOf(problemsOf(changed(EXAMPLE, [from, to])))
  expect(lines).toHaveLength(1)
  return lines[0] ?? ''
}

describe('a value that does not fit is named with what was found and what is expected', () => {
  test.each([
    ['codename = "ap"', 'codename = "a p"', '1 codename: found "a p", expected a unit name without its suffix'],
    ['codename = "ap"', 'codename = "ap.service"', '1 codename: found "ap.service", expected a unit name without'],
    ['codename = "ap"', 'codename = ""', '1 codename: found "", expected a unit name without'],
    ['codename = "ap"', 'codename = 1979-05-27', '1 codename: found a date, expected a unit name'],
    ['"/opt/ap-mode"', '"/opt/"', '2 mode_file: found "/opt/", expected an absolute path of a file'],
    ['"/opt/ap-mode"', '"/opt/a\\nb"', '2 mode_file: found "/opt/a\\nb", expected an absolute path of a file'],
    ['"host1"', '"host_1"', '5 node[0].name: found "host_1", expected a host name'],
    ['192.168.33.101', '192.168.33.101/24', '6 node[0].address: found "192.168.33.101/24", expected the IPv4 or IPv6'],
    ['192.168.33.101', '127.0.0.1', '6 node[0].address: found "127.0.0.1", expected the IPv4 or IPv6 address of one'],
    ['192.168.33.101', '010.0.0.1', '6 node[0].address: found "010.0.0.1", expected'],
    [
      '"enp0s8"',
      '"a-name-of-sixteen"',
      '7 node[0].interface: found "a-name-of-sixteen", expected the name of a network',
    ],
    ['"enp0s8"', '"eth0 { }"', '7 node[0].interface: found "eth0 { }", expected the name of a network'],
    ['"active"', '"master"', '8 node[0].role: found "master", expected "active" or "standby"'],
    ['"active"', '"active"\npreempt = "yes"', '9 node[0].preempt: found "yes", expected true or false'],
    [
      '= 50',
      '= 50\npreempt_delay = 1001',
      '19 vrrp.preempt_delay: found the number 1001, expected a number of seconds from 0 to 1000',
    ],
    ['100/24', '100', '17 vrrp.vip: found "192.168.33.100", expected an address with its prefix length'],
    ['100/24', '100/33', '17 vrrp.vip: found "192.168.33.100/33", expected an address with its prefix length'],
    ['= 50', '= 0', '18 vrrp.virtual_router_id: found the number 0, expected a whole number from 1 to 255'],
    ['= 50', '= 256', '18 vrrp.virtual_router_id: found the number 256, expected a whole number from 1 to 255'],
    ['= 50', '= 50.0', '18 vrrp.virtual_router_id: found the number 50, expected a whole number from 1 to 255'],
    ['= 0.1 ', '= 0.001 ', '19 vrrp.advert_interval: found the number 0.001, expected seconds from 0.01 to 40.95'],
    ['= 0.1 ', '= 41 ', '19 vrrp.advert_interval: found the number 41, expected seconds from 0.01 to 40.95'],
    ['= 0.1 ', '= 0.125 ', '19 vrrp.advert_interval: found the number 0.125, expected seconds from 0.01 to 40.95'],
    ['= 0.1 ', '= "fast" ', '19 vrrp.advert_interval: found "fast", expected seconds from 0.01 to 40.95'],
    ['= 0.1 ', '= nan ', '19 vrrp.advert_interval: found the number NaN, expected seconds from 0.01 to 40.95'],
    [
      '# witness = ["192.168.33.1"]',
      'witness = "192.168.33.1"',
      '20 vrrp.witness: found "192.168.33.1", expected a list',
    ],
    ['# witness = ["192.168.33.1"]', 'witness = ["gw"]', '20 vrrp.witness: found "gw" in the list, expected a list'],
    ['"nginx.service"', '"ngi nx.service"', '26 unit[1].name: found "ngi nx.service", expected the full name'],
    ['"nginx.service"', '"nginx@.service"', '26 unit[1].name: found "nginx@.service", expected the full name'],
    ['"api"', '"web"', '27 unit[1].kind: found "web", expected "database" or "api" or "router" or "other"'],
    ['"everywhere"  ', '"nowhere"  ', '28 unit[1].runs: found "nowhere", expected "everywhere" or "holder"'],
    [
      '"/run/mysqld/mysqld.sock"',
      '"mysqld.sock"',
      '35 database.socket: found "mysqld.sock", expected the absolute path',
    ],
    [
      '"replication"',
      '"repl\'ication"',
      '36 database.replication_user: found "repl\'ication", expected an account name',
    ],
    ['"semi-sync"', '"sync"', '38 database.durability: found "sync", expected "semi-sync" or "async"'],
    ['"semi-sync"', 'true', '38 database.durability: found true, expected "semi-sync" or "async"'],
    ['127.0.0.1:8008', '127.0.0.1', '41 health.listen: found "127.0.0.1", expected an address and a port'],
    ['127.0.0.1:8008', '127.0.0.300:80', '41 health.listen: found "127.0.0.300:80", expected an address and a port'],
    ['127.0.0.1:8008', '127.0.0.1:65536', '41 health.listen: found "127.0.0.1:65536", expected an address and a port'],
  ])('%s → %s', (from, to, said) => {
    expect(problemAfter(from, to).startsWith(said)).toBe(true)
  })

  test.each(['fence_timeout = "1s"', 'fence_timeout = 0', 'drain_timeout = -1', 'handover_timeout = inf', 'port = 0'])(
    'database: %s',
    (line) => {
      expect(problemAfter('[database]', `[database]\n${line}`)).toMatch(/^34 database\.\w+: found .*, expected a/)
    },
  )
})

describe('a key', () => {
  test('that is unknown is answered with the one that was meant', () => {
    const said = (key: string) => problemAfter('[vrrp]', `[vrrp]\n${key} = 1`)
    expect(said('witnes')).toBe('17 vrrp.witnes: found an unknown key; did you mean "witness"?')
    expect(said('instnace')).toBe('17 vrrp.instnace: found an unknown key; did you mean "instance"?')
    expect(said('colour')).toBe(
      '17 vrrp.colour: found an unknown key, expected one of vip, virtual_router_id, advert_interval, preempt_delay, witness, instance',
    )
  })

  test('that is a mistyped section is one too', () => {
    expect(problemAfter('[health]', '[helth]')).toBe('40 helth: found an unknown key; did you mean "health"?')
  })

  test('that must be given and is not is asked for on the line of its table', () => {
    expect(problemAfter('address = "192.168.33.102"\n', '')).toBe(
      '10 node[1].address: found nothing, expected the IPv4 or IPv6 address of one machine, without a prefix length',
    )
  })
})

test('every row of the schema gives an example that it accepts, and one that is its default where it has one', () => {
  for (const { name, shape } of SECTIONS) {
    for (const [key, row] of Object.entries(shape)) {
      const tree = treeOf(`${key} = ${row.example}`)
      const found = tree.ok ? tree.root.entries.get(key) : undefined
      const reading = found === undefined ? undefined : row.type.read(found)
      expect(reading, `${name}.${key}`).toMatchObject({ ok: true })
      if ('fallback' in row && row.fallback !== null && key !== 'witness') {
        expect(reading, `${name}.${key}`).toEqual({ ok: true, value: row.fallback })
      }
    }
  }
})
