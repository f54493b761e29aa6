import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { renderGrants } from '../../../../src/core/render/grants.ts'
import { priorityOf, renderKeepalived } from '../../../../src/core/render/keepalived.ts'
import { renderMariadb } from '../../../../src/core/render/mariadb.ts'
import { changed, configOf, EXAMPLE, GALERA, THREE } from '../config/example.ts'

const config = configOf(EXAMPLE)
const saved = (name: string) => join(import.meta.dirname, 'rendered', name)

/** Without comments and blank lines: what the program that reads it sees. */
function effective(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/(^|\s)(#|-- ).*$/, '').trim())
    .filter((line) => line !== '')
}

describe.each(config.nodes)('what is rendered for $name is what was reviewed', (node) => {
  test('keepalived.conf', async () => {
    await expect(renderKeepalived(config, node)).toMatchFileSnapshot(saved(`${node.name}-keepalived.conf`))
  })
  test('90-apmode.cnf', async () => {
    await expect(renderMariadb(config, node)).toMatchFileSnapshot(saved(`${node.name}-90-apmode.cnf`))
  })
})

const cluster = configOf(GALERA)

test.each(cluster.nodes)('what is rendered for $name of a Galera cluster is what was reviewed', async (node) => {
  await expect(renderMariadb(cluster, node)).toMatchFileSnapshot(saved(`galera-${node.name}-90-apmode.cnf`))
})

test('the grants of a Galera cluster are what was reviewed', async () => {
  await expect(renderGrants(cluster, 'secret')).toMatchFileSnapshot(saved('galera-grants.sql'))
})

test('the grants are what was reviewed', async () => {
  await expect(renderGrants(config, 'secret')).toMatchFileSnapshot(saved('grants.sql'))
})

describe('keepalived', () => {
  const [first, second] = config.nodes.map((node) => effective(renderKeepalived(config, node)))

  test('both machines start as BACKUP and never preempt', () => {
    for (const lines of [first, second]) expect(lines).toEqual(expect.arrayContaining(['state BACKUP', 'nopreempt']))
  })

  test('the machine with preempt takes the VIP back after the hold time, from state BACKUP; the other one never does', () => {
    const text = changed(
      EXAMPLE,
      ['engine = "mariadb"', 'engine = "none"'],
      ['role = "active"', 'role = "active"\npreempt = true'],
      ['= 50\n', '= 50\npreempt_delay = 7.5\n'],
    )
    const lent = configOf(text)
    const [home, away] = lent.nodes.map((node) => effective(renderKeepalived(lent, node)))
    expect(home).toEqual(expect.arrayContaining(['state BACKUP', 'preempt_delay 7.5', 'priority 251']))
    expect(home).not.toContain('nopreempt')
    expect(away).toEqual(expect.arrayContaining(['state BACKUP', 'nopreempt', 'priority 250']))
    expect(away?.join()).not.toContain('preempt_delay')
  })

  test('priorities are distinct and near the top, in the order of the file', () => {
    expect(first).toContain('priority 251')
    expect(second).toContain('priority 250')
  })

  test('of more than two the active one comes first, then the order of the file, far enough apart', async () => {
    const three = configOf(THREE)
    expect(three.nodes.map((node) => [node.name, priorityOf(three, node)])).toEqual([
      ['host1', 176],
      ['host2', 251],
      ['host3', 101],
    ])
    const [, , last] = three.nodes
    if (last === undefined) throw new Error('there are three')
    const lines = effective(renderKeepalived(three, last))
    const from = lines.indexOf('unicast_src_ip 192.168.33.103')
    expect(lines.slice(from, from + 5)).toEqual([
      'unicast_src_ip 192.168.33.103',
      'unicast_peer {',
      '192.168.33.101',
      '192.168.33.102',
      '}',
    ])
    expect(lines).toContain('priority 101')
    // A hundred machines still have a hundred priorities that VRRP knows.
    const [node] = three.nodes
    const nodes = Array.from({ length: 100 }, (_, index) => ({ ...node, name: `n${index}`, role: 'standby' }) as const)
    const many = { nodes: nodes as unknown as typeof three.nodes }
    const found = many.nodes.map((one) => priorityOf(many, one))
    expect([new Set(found).size, Math.min(...found) >= 1, Math.max(...found)]).toEqual([100, true, 251])
  })

  test('each machine speaks to the other from its own address', () => {
    expect(first).toEqual(expect.arrayContaining(['unicast_src_ip 192.168.33.101', '192.168.33.102']))
    expect(second).toEqual(expect.arrayContaining(['unicast_src_ip 192.168.33.102', '192.168.33.101']))
  })

  test('no tracker has a weight: only FAULT moves the VIP', () => {
    const weights = first?.filter((line) => line.includes('weight'))
    expect(weights).toEqual(['weight 0', 'weight 0'])
  })

  test('a restart of keepalived alone does not overwrite what the supervisor wrote', () => {
    expect(first).toContain('init_file 1')
  })

  test('one machine alone has no unicast peer', () => {
    const alone = configOf(EXAMPLE.replace(/\[\[node\]\]\nname = "host2"[^[]*/, ''))
    expect(renderKeepalived(alone, alone.node)).not.toContain('unicast_peer')
  })
})

describe('MariaDB', () => {
  const linesOf = (text: string) => configOf(text).nodes.map((node) => effective(renderMariadb(configOf(text), node)))

  test('server_id is distinct and follows the order of the file', () => {
    const [first, second] = linesOf(EXAMPLE)
    expect(first).toContain('server_id = 1')
    expect(second).toContain('server_id = 2')
  })

  test('a server that starts is harmless: read-only, not replicating, no primary’s part of semi-sync', () => {
    for (const durability of ['semi-sync', 'async']) {
      const [lines] = linesOf(changed(EXAMPLE, ['"semi-sync"', `"${durability}"`]))
      expect(lines).toEqual(
        expect.arrayContaining(['read_only = 1', 'skip_slave_start = 1', 'rpl_semi_sync_master_enabled = 0']),
      )
    }
  })

  test('semi-sync waits for the peer before anybody sees the transaction', () => {
    const [lines] = linesOf(EXAMPLE)
    expect(lines).toEqual(
      expect.arrayContaining([
        'rpl_semi_sync_master_wait_point = AFTER_SYNC',
        'rpl_semi_sync_slave_enabled = 1',
        'sync_relay_log = 1',
      ]),
    )
  })

  test('IPv6 machines listen on IPv6', () => {
    const [lines] = linesOf(EXAMPLE.replaceAll('192.168.33.', 'fd00::').replace('/24', '/64'))
    expect(lines).toContain('bind_address = ::')
  })

  test('engine "none" configures nothing', () => {
    const none = configOf(changed(EXAMPLE, ['"mariadb"\nsocket', '"none"\nsocket']))
    expect(effective(renderMariadb(none, none.node))).toEqual([])
    expect(effective(renderGrants(none, 'secret'))).toEqual([])
  })
})

describe('Galera', () => {
  const lines = cluster.nodes.map((node) => effective(renderMariadb(cluster, node)))
  const timing = (name: string) => Number(new RegExp(`${name}=PT([0-9.]+)S`).exec(lines[0]?.join() ?? '')?.[1])

  test('every member names all, and itself: none begins a cluster of its own', () => {
    const all = `wsrep_cluster_address = gcomm://${cluster.nodes.map(({ address }) => address).join(',')}`
    for (const [index, found] of lines.entries()) {
      const { name, address } = cluster.nodes[index] ?? cluster.node
      expect(found).toEqual(
        expect.arrayContaining([all, `wsrep_node_name = ${name}`, `wsrep_node_address = ${address}`]),
      )
      expect(found).toContain(`server_id = ${index + 1}`)
    }
  })

  test('a member that starts is harmless, and nothing of a primary and its replica is set', () => {
    expect(lines[0]).toEqual(expect.arrayContaining(['read_only = 1', 'skip_slave_start = 1']))
    expect(lines[0]?.filter((line) => /semi_sync|gtid|relay_log|log_bin/.test(line))).toEqual([])
  })

  test('the provider accepts the times, and a silent member is given up within half a second', () => {
    const suspect = timing('evs.suspect_timeout')
    expect(timing('evs.keepalive_period')).toBeLessThan(suspect / 3)
    expect(timing('evs.inactive_check_period')).toBeLessThan(suspect / 2)
    expect(timing('evs.install_timeout')).toBeLessThan(timing('evs.inactive_timeout'))
    expect(timing('evs.join_retrans_period')).toBeLessThan(timing('evs.install_timeout'))
    expect(suspect + timing('evs.inactive_check_period')).toBeLessThan(0.5)
  })

  test('IPv6 members are in brackets, and the group listens on IPv6', () => {
    const six = configOf(GALERA.replaceAll('192.168.33.', 'fd00::').replace('/24', '/64'))
    const text = renderMariadb(six, six.node)
    expect(text).toMatch(/gcomm:\/\/\[fd00::\w+\],\[fd00::/)
    expect(text).toContain('wsrep_node_address = [fd00::')
    expect(text).toContain('gmcast.listen_addr=tcp://[::]:4567')
  })

  test('the account may look and not replicate, and is made on one member for all', () => {
    const text = renderGrants(cluster, 'secret')
    expect(text).not.toMatch(/REPLICATION SLAVE|sql_log_bin/)
    expect(text.match(/GRANT SLAVE MONITOR, SELECT ON/g)).toHaveLength(cluster.nodes.length)
  })
})

describe('grants', () => {
  test('nothing reaches the binary log: it is switched off before the first account', () => {
    const lines = effective(renderGrants(config, 'secret'))
    expect(lines[0]).toBe('SET SESSION sql_log_bin = 0;')
  })

  test('a quote in the password ends nothing, and a backslash is itself', () => {
    const text = renderGrants(config, `it's; DROP\\`)
    expect(text).toContain(`IDENTIFIED BY 'it''s; DROP\\';`)
    expect(text).toContain('NO_BACKSLASH_ESCAPES')
  })

  test('without the password the text shows the rest, and refuses to run before the first change', () => {
    const lines = effective(renderGrants(config, null))
    expect(lines[0]).toMatch(/^SIGNAL SQLSTATE '45000'/)
    expect(lines.join('\n')).toContain("IDENTIFIED BY '***'")
  })
})
