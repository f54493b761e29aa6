import { describe, expect, test } from 'vitest'
import { CHECKS, examine } from '../../../../src/core/doctor/examine.ts'
import type { Facts } from '../../../../src/core/doctor/facts.ts'
import { parseRuleset } from '../../../../src/core/doctor/firewall.ts'
import { renderedOptions } from '../../../../src/core/doctor/start-options.ts'
import { grantedWith } from '../../../../src/core/render/grants.ts'
import { renderMariadb } from '../../../../src/core/render/mariadb.ts'
import { configOf, GALERA } from '../config/example.ts'
import { looksWith } from './healthy.ts'

const CONFIG = configOf(GALERA, { hostname: 'host2', nodeFile: null })
const OPTIONS = renderedOptions(renderMariadb(CONFIG, CONFIG.node))
const SELF = { node: 'host2', version: '1.0', at: '2026-01-02T03:04:05.678Z' }
const NEIGHBOURS = ['host1', 'host3'].map((name) => ({ name, at: `${name}:8008`, problem: null }))

const MEMBER: Partial<Facts> = {
  config: CONFIG,
  variables: { ...OPTIONS, wsrep_on: 'ON', wsrep_provider: '/usr/lib/galera/libgalera_smm.so', max_connections: '151' },
  startOptions: OPTIONS,
  counters: {
    Max_used_connections: '9',
    wsrep_provider_version: '26.4.23',
    wsrep_cluster_status: 'Primary',
    wsrep_local_state_comment: 'Synced',
    wsrep_cluster_size: '3',
  },
  accounts: new Map(
    CONFIG.nodes.map(({ address }) => [`'replication'@'${address}'`, { rights: grantedWith('galera'), more: 0 }]),
  ),
  neighbours: NEIGHBOURS,
}

const findings = (facts: Partial<Facts> = {}) => examine(looksWith({ ...MEMBER, ...facts }), SELF).findings
const finding = (id: string, facts: Partial<Facts>) => findings(facts).find((found) => found.id === id)
const withVariables = (changes: Record<string, string>) => ({ variables: { ...MEMBER.variables, ...changes } })
const withCounters = (changes: Record<string, string>) => ({ counters: { ...MEMBER.counters, ...changes } })
const drops = (port: number, hook: 'input' | 'output') =>
  parseRuleset(
    JSON.stringify({
      nftables: [
        { chain: { family: 'inet', table: 'filter', name: hook, hook, prio: 0, policy: 'accept' } },
        {
          rule: {
            ...{ family: 'inet', table: 'filter', chain: hook },
            expr: [
              { match: { op: '==', left: { payload: { protocol: 'tcp', field: 'dport' } }, right: port } },
              { drop: null },
            ],
          },
        },
      ],
    }),
  )

describe('a member of a Galera cluster', () => {
  test('that is well has nothing wrong in what concerns the cluster', () => {
    const wrong = findings().filter(({ group, severity }) => group === 'galera' && severity !== 'ok')
    expect(wrong).toEqual([])
    expect(finding('mariadb.start-options', {})?.severity).toBe('ok')
  })

  test('is not asked for replication; a pair is not asked for a cluster', () => {
    const ids = findings().map(({ id }) => id)
    for (const id of ['mariadb.semi-sync', 'mariadb.strict', 'pair.replication', 'pair.acknowledged', 'pair.whole'])
      expect(ids).not.toContain(id)
    expect(examine(looksWith(), SELF).findings.filter(({ group }) => group === 'galera')).toEqual([])
    expect(ids.length).toBeLessThan(CHECKS.length)
  })

  test.each<[string, string, string, Partial<Facts>]>([
    ['galera.provider', 'error', 'wsrep_on is OFF', withVariables({ wsrep_on: 'OFF' })],
    [
      'galera.provider',
      'error',
      'no provider is loaded (wsrep_provider is none)',
      withVariables({ wsrep_provider: 'none' }),
    ],
    ['galera.settings', 'error', 'binlog_format is MIXED', withVariables({ binlog_format: 'MIXED' })],
    ['galera.settings', 'error', 'wsrep_cluster_name is other', withVariables({ wsrep_cluster_name: 'other' })],
    [
      'galera.addresses',
      'warning',
      '192.168.33.103 is not named; 192.168.33.9 is no machine of apmode.toml',
      withVariables({ wsrep_cluster_address: 'gcomm://192.168.33.101,192.168.33.102:4567,192.168.33.9' }),
    ],
    [
      'galera.addresses',
      'error',
      '192.168.33.101 is not named; 192.168.33.102 is not named; 192.168.33.103 is not named; it is empty: each start would form a cluster of its own',
      withVariables({ wsrep_cluster_address: 'gcomm://' }),
    ],
    [
      'galera.component',
      'error',
      'wsrep_cluster_status is non-Primary (Initialized)',
      withCounters({ wsrep_cluster_status: 'non-Primary', wsrep_local_state_comment: 'Initialized' }),
    ],
    ['galera.component', 'warning', '2 of 3, Synced', withCounters({ wsrep_cluster_size: '2' })],
    [
      'galera.neighbours',
      'warning',
      'host3 (host3:8008): no answer within 1500 ms',
      {
        neighbours: NEIGHBOURS.map((one) =>
          one.name === 'host3' ? { ...one, problem: 'no answer within 1500 ms' } : one,
        ),
      },
    ],
    [
      'galera.out',
      'error',
      'the firewall drops it: table inet filter, chain output',
      { firewall: drops(4568, 'output') },
    ],
    ['galera.in', 'error', 'the firewall drops it: table inet filter, chain input', { firewall: drops(8008, 'input') }],
  ])('%s is %s: %s', (id, severity, found, facts) => {
    expect(finding(id, facts)).toMatchObject({ severity, found, mend: expect.any(String) })
  })

  test('with its ports as they are written has the same address', () => {
    const named = 'gcomm://192.168.33.101:4567,192.168.33.102:4567,192.168.33.103?pc.wait_prim=no'
    expect(finding('galera.addresses', withVariables({ wsrep_cluster_address: named }))?.severity).toBe('ok')
  })
})
