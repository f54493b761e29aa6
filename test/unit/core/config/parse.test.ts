import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../../../src/core/config/parse.ts'
import { changed, configOf, EXAMPLE, HOST1, linesOf, problemsOf, SMALLEST } from './example.ts'

const NO_CHECK = { check: null, checkStatus: 200, checkWithinMs: 2000 }

describe('a configuration that is right', () => {
  test('the example of the contract is read completely', () => {
    expect(configOf(EXAMPLE)).toMatchObject({
      codename: 'ap',
      modeFile: '/opt/ap-mode',
      node: { name: 'host1', address: '192.168.33.101', interface: 'enp0s8', role: 'active' },
      peer: { name: 'host2', role: 'standby' },
      vrrp: { vip: '192.168.33.100/24', virtualRouterId: 50, advertInterval: 0.1, witness: [], instance: 'VI_1' },
      health: { host: '127.0.0.1', port: 8008 },
      healthAgent: null,
    })
  })

  test('everything that has a default may be left out', () => {
    expect(configOf(SMALLEST)).toEqual({
      ...configOf(EXAMPLE),
      units: [
        { name: 'mariadb.service', kind: 'database', runs: 'everywhere', ...NO_CHECK },
        { name: 'keepalived.service', kind: 'router', runs: 'everywhere', ...NO_CHECK },
      ],
    })
  })

  test('the router starts last, wherever the file has it', () => {
    const router = '[[unit]]\nname = "keepalived.service"\nkind = "router"\n'
    const first = changed(EXAMPLE, [router, ''], ['[[unit]]', `${router}[[unit]]`])
    expect(configOf(first).units).toEqual(configOf(EXAMPLE).units)
  })

  test('units keep the order of the file', () => {
    expect(configOf(EXAMPLE).units.map((unit) => unit.name)).toEqual([
      'mariadb.service',
      'nginx.service',
      'keepalived.service',
    ])
  })

  test('time limits are seconds in the file and milliseconds in the program', () => {
    const text = changed(EXAMPLE, ['[database]', '[database]\nfence_timeout = 0.5\ndrain_timeout = 20'])
    expect(configOf(text).database).toMatchObject({ fenceTimeoutMs: 500, drainTimeoutMs: 20_000 })
  })

  test.each([
    ['"off"', null],
    ['"0.0.0.0:80"', { host: '0.0.0.0', port: 80 }],
    ['"[::1]:8008"', { host: '::1', port: 8008 }],
    ['"localhost:8008"', { host: 'localhost', port: 8008 }],
  ])('health listens on %s', (written, read) => {
    expect(configOf(changed(EXAMPLE, ['"127.0.0.1:8008"', written])).health).toEqual(read)
  })

  test.each([
    ['"off"', null],
    ['"0.0.0.0:8009"', { host: '0.0.0.0', port: 8009 }],
  ])('the agent check listens on %s', (written, read) => {
    const text = changed(EXAMPLE, ['"127.0.0.1:8008"', `"127.0.0.1:8008"\nagent_listen = ${written}`])
    expect(configOf(text).healthAgent).toEqual(read)
  })

  test('a single machine has no peer', () => {
    const alone = EXAMPLE.replace(/\[\[node\]\]\nname = "host2"[^[]*/, '')
    expect(configOf(alone).peer).toBeNull()
  })

  test('a pair may be IPv6', () => {
    const text = EXAMPLE.replaceAll('192.168.33.', 'fd00::').replace('/24', '/64')
    expect(configOf(text).vrrp.vip).toBe('fd00::100/64')
  })
})

describe('this machine', () => {
  test.each([
    ['its host name', { hostname: 'host2', nodeFile: null }],
    ['its host name with a domain', { hostname: 'host2.example.org', nodeFile: null }],
    ['/etc/apmode/node before its host name', { hostname: 'host1', nodeFile: 'host2\n' }],
  ])('is found by %s', (_, self) => {
    const { node, peer } = configOf(EXAMPLE, self as typeof HOST1)
    expect([node.name, peer?.name]).toEqual(['host2', 'host1'])
  })

  test('when it is not one of the nodes, the names that exist are said', () => {
    expect(linesOf(problemsOf(EXAMPLE, { hostname: 'web7', nodeFile: null }))).toEqual([
      '4 node: found no node named as this machine, "web7", expected "host1" or "host2", or one of them in /etc/apmode/node',
    ])
    expect(linesOf(problemsOf(EXAMPLE, { hostname: 'host1', nodeFile: 'hots1\n' }))).toEqual([
      '4 node: found "hots1" in /etc/apmode/node, expected "host1" or "host2"',
    ])
  })
})

test('ten different faults: ten errors at once, each with its line', () => {
  const text = changed(
    EXAMPLE,
    ['codename = "ap"', 'codname = "ap"'],
    ['mode_file = "/opt/ap-mode"', 'mode_file = "opt/ap-mode"'],
    ['192.168.33.101', '192.168.33.301'],
    ['"standby"', '"active"'],
    ['.100/24', '.102'],
    ['= 50', '= "50"'],
    ['"nginx.service"', '"nginx"'],
    ['kind = "router"', 'kind = "api"'],
    ['"mariadb"\nsocket', '"postgres"\nsocket'],
    ['"127.0.0.1:8008"', '8008'],
  )
  expect(linesOf(problemsOf(text))).toEqual([
    '1 codname: found an unknown key; did you mean "codename"?',
    '2 mode_file: found "opt/ap-mode", expected an absolute path of a file, as "/opt/ap-mode"',
    '6 node[0].address: found "192.168.33.301", expected the IPv4 or IPv6 address of one machine, without a prefix length',
    '14 node[1].role: found a second "active" (first on line 8), expected exactly one active node',
    '17 vrrp.vip: found "192.168.33.102", expected an address with its prefix length, as "192.168.33.100/24"',
    '18 vrrp.virtual_router_id: found "50", expected a whole number from 1 to 255',
    '22 unit: found no unit of kind "router", expected one (keepalived.service)',
    '26 unit[1].name: found "nginx", expected the full name of a systemd unit, as "nginx.service"',
    '34 database.engine: found "postgres", expected "mariadb" or "galera" or "none"',
    '41 health.listen: found the number 8008, expected an address and a port, as "127.0.0.1:8008" or "[::1]:8008", or "off"',
  ])
})

describe('text that is not TOML', () => {
  test.each([
    ['a value that is missing', 'codename = \n', 1],
    ['an address without quotes', '\n[vrrp]\nvip = 192.168.33.100/24\n', 3],
    ['a key given twice', 'codename = "a"\ncodename = "b"\n', 2],
    ['a string that does not end', 'codename = "ap\n', 1],
    ['binary', '\u0000\u0001\u0002', 1],
  ])('%s is one problem with its line', (_, text, line) => {
    const problems = problemsOf(text)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatchObject({ line, key: '' })
    expect(problems[0]?.message).toMatch(/^found a syntax error, expected TOML: /)
  })
})

test('an empty file is told everything that it must hold', () => {
  expect(linesOf(problemsOf(''))).toEqual([
    '1 vrrp: found no [vrrp], expected this table',
    '1 node: found no [[node]], expected one for each machine',
    '1 unit: found no unit of kind "router", expected one (keepalived.service)',
    '1 database.engine: found "mariadb" and no unit of kind "database", expected such a unit, or engine "none"',
  ])
})

test('the value under an unknown key is never shown: it may be a password', () => {
  const text = changed(EXAMPLE, ['replication_password_file = "/etc', 'replication_password = "hunter2-/etc'])
  const [line] = linesOf(problemsOf(text))
  expect(line).toBe('37 database.replication_password: found an unknown key; did you mean "replication_password_file"?')
})

test('what the file system says about the password file stands on the line of its key', () => {
  const facts = { passwordFileProblem: (path: string) => `found mode 0644 (${path}), expected 0600` }
  expect(linesOf(problemsOf(EXAMPLE, HOST1, facts))).toEqual([
    '37 database.replication_password_file: found mode 0644 (/etc/apmode/replication.password), expected 0600',
  ])
  const none = changed(EXAMPLE, ['engine = "mariadb"', 'engine = "none"'])
  expect(problemsOf(none, HOST1, facts)).toEqual([])
})

test('whatever is cut off or left out, the answer is a configuration or problems on lines that exist', () => {
  const lines = EXAMPLE.split('\n')
  const without = lines.map((_, index) => lines.toSpliced(index, 1).join('\n'))
  const prefixes = Array.from({ length: EXAMPLE.length }, (_, length) => EXAMPLE.slice(0, length))
  for (const text of [...without, ...prefixes]) {
    const result = parseConfig(text, HOST1)
    if (result.ok) continue
    expect(result.problems.length).toBeGreaterThan(0)
    for (const { line, message } of result.problems) {
      expect(line).toBeGreaterThanOrEqual(1)
      expect(line).toBeLessThanOrEqual(text.split('\n').length)
      expect(message).toMatch(/^found .+(, expected |; did you mean )/s)
    }
  }
})
