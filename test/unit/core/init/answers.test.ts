/** From what is found and given to a configuration, and back. */
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../../../src/core/config/parse.ts'
import { answersOf, disagreements } from '../../../../src/core/init/agree.ts'
import { ANSWER_NAMES, type Answers, flagOf, QUESTIONS } from '../../../../src/core/init/answers.ts'
import { type Found, guessPeer, notesOn, withDefaults } from '../../../../src/core/init/found.ts'
import { draftOf, faultsOf } from '../../../../src/core/init/toml.ts'
import { configOf, EXAMPLE } from '../config/example.ts'

const unit = (id: string) => ({ id, active: true })
const FOUND: Found = {
  hostname: 'host1',
  nodeFile: null,
  interfaces: [
    { name: 'eth0', addresses: [{ address: '10.1.2.3', prefix: 16 }] },
    {
      name: 'eth1',
      addresses: [
        { address: '192.168.33.100', prefix: 24 },
        { address: '192.168.33.101', prefix: 24 },
      ],
    },
  ],
  units: new Map([
    ['mysql.service', unit('mariadb.service')],
    ['apache2.service', unit('apache2.service')],
  ]),
}
const GIVEN: Answers = { vip: '192.168.33.100', peer: 'host2', peerAddress: '192.168.33.102' }
const self = (hostname: string) => ({ hostname, nodeFile: null })

function made(answers: Answers, hostname = 'host1') {
  const draft = draftOf(withDefaults(FOUND, answers))
  const parsed = parseConfig(draft.text, self(hostname))
  return parsed.ok ? { config: parsed.config, text: draft.text } : { faults: faultsOf(draft, parsed.problems) }
}

describe('what is found', () => {
  const usual = withDefaults(FOUND, GIVEN)

  test('the interface is the one in whose network the other machine lies, the address the one that is not the VIP', () => {
    expect(usual).toMatchObject({ interface: 'eth1', address: '192.168.33.101', peerInterface: 'eth1' })
  })
  test('a VIP without a prefix length gets that of its network', () => {
    expect(usual.vip).toBe('192.168.33.100/24')
  })
  test('units that are there are taken under their primary names', () => {
    expect(usual).toMatchObject({ database: 'mariadb.service', api: 'apache2.service', router: 'keepalived.service' })
  })
  test('with several interfaces and nothing to tell them apart none is chosen', () => {
    expect(withDefaults(FOUND, {})).not.toHaveProperty('interface')
  })
  test('a unit may be named as systemctl takes it', () => {
    expect(withDefaults(FOUND, { api: 'nginx,php8.2-fpm' }).api).toBe('nginx.service,php8.2-fpm.service')
  })
  test.each([
    ['host1', 'host2'],
    ['db-b.example.org', 'db-a.example.org'],
    ['alpha', null],
    ['mars', null],
  ])('the other machine of %s is guessed to be %s', (node, peer) => {
    expect(guessPeer(node)).toBe(peer)
  })
  test('what is no fault is a note', () => {
    expect(notesOn(FOUND, { interface: 'eth0', address: '10.1.2.4' }, '192.168.33.100/24')).toEqual([
      '10.1.2.4 is not on eth0 now (found: 10.1.2.3)',
      'the VIP 192.168.33.100/24 lies in none of the networks of eth0',
    ])
    expect(notesOn(FOUND, { interface: 'eth7', address: '10.1.2.4' }, '10.1.0.9/16')).toEqual([
      'this machine has no interface eth7 now (found: eth0, eth1)',
    ])
  })
})

describe('the configuration', () => {
  test('has what was found and given', () => {
    const { config } = made(GIVEN)
    expect(config?.nodes.map(({ name, address, role }) => [name, address, role])).toEqual([
      ['host1', '192.168.33.101', 'active'],
      ['host2', '192.168.33.102', 'standby'],
    ])
    expect(config?.units.map(({ name, kind }) => [name, kind])).toEqual([
      ['mariadb.service', 'database'],
      ['apache2.service', 'api'],
      ['keepalived.service', 'router'],
    ])
  })

  test('is the same text when the standby is asked', () => {
    const other: Found = {
      ...FOUND,
      hostname: 'host2',
      interfaces: [{ name: 'eth1', addresses: [{ address: '192.168.33.102', prefix: 24 }] }],
    }
    const answers = { vip: GIVEN.vip ?? '', peer: 'host1', peerAddress: '192.168.33.101', role: 'standby' }
    expect(draftOf(withDefaults(other, answers)).text).toBe(made(GIVEN).text)
  })

  test('without a database or an API is one without them', () => {
    const { config } = made({ ...GIVEN, database: 'none', api: 'none' })
    expect([config?.database.engine, config?.units.length]).toEqual(['none', 1])
  })

  test('can be read back as its answers', () => {
    const { config } = made({ ...GIVEN, witness: '192.168.33.1', codename: 'db' })
    const answers = withDefaults(FOUND, { ...GIVEN, witness: '192.168.33.1', codename: 'db' })
    expect(config && answersOf(config)).toEqual(answers)
  })

  test('of the contract is what its own answers make', () => {
    const config = configOf(EXAMPLE)
    expect(configOf(draftOf(answersOf(config)).text)).toEqual(config)
  })
})

describe('faults', () => {
  test('everything that is missing is said at once, by its flag', () => {
    const { faults } = made({})
    expect(faults?.map((fault) => fault.split(':')[0])).toEqual([
      '--address',
      '--interface',
      '--peer',
      '--peer-address',
      '--peer-interface',
      '--vip',
    ])
  })

  test('and so is everything that is wrong, in the words of the parser', () => {
    const wrong = {
      ...GIVEN,
      vip: '1.2.3/24',
      routerId: '300',
      peerAddress: '192.168.33.101',
      codename: 'a b',
      role: 'boss',
    }
    expect(made({ ...wrong, interface: 'eth1', address: '192.168.33.101' }).faults).toEqual([
      expect.stringContaining('--codename: found "a b", expected a unit name'),
      expect.stringContaining('--role: found "boss", expected "active" or "standby"'),
      '--peer-address: found "192.168.33.101" again, expected a different one',
      expect.stringContaining('--vip: found "1.2.3/24"'),
      '--router-id: found the number 300, expected a whole number from 1 to 255',
    ])
  })

  test.each(['"', '\\', '\u007f', 'a\nb', '\u0000', 'é"]\n[x]'])('a value with %j stays a value', (value) => {
    for (const name of ANSWER_NAMES) {
      const { config, faults } = made({ ...GIVEN, [name]: value })
      if (config === undefined) expect(faults?.join('\n')).toContain(flagOf(name))
    }
  })
})

describe('a configuration that is there', () => {
  const config = configOf(EXAMPLE)

  test('agrees with flags that say the same in other words', () => {
    const given = { vip: '192.168.33.100', peer: 'host2', api: 'nginx', database: 'mariadb', witness: 'none' }
    expect(disagreements('apmode.toml', config, given)).toEqual([])
  })
  test('and every flag that says something else is named', () => {
    expect(disagreements('apmode.toml', config, { vip: '192.168.33.200/24', api: 'none', routerId: '50' })).toEqual([
      '--vip says "192.168.33.200/24", apmode.toml says "192.168.33.100/24"',
      '--api says "none", apmode.toml says "nginx.service"',
    ])
  })
})

test('every answer has a flag of its own name, which commander gives back under that name', () => {
  for (const name of ANSWER_NAMES) {
    const flag = flagOf(name).slice(2)
    expect(flag.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())).toBe(name)
  }
  expect(new Set(Object.values(QUESTIONS).map(({ flag }) => flag)).size).toBe(ANSWER_NAMES.length)
})
