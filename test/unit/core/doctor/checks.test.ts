import { describe, expect, test } from 'vitest'
import { CHECKS, examine } from '../../../../src/core/doctor/examine.ts'
import type { Facts } from '../../../../src/core/doctor/facts.ts'
import { parseRuleset } from '../../../../src/core/doctor/firewall.ts'
import { parseKeepalived } from '../../../../src/core/doctor/keepalived-file.ts'
import { none, unknown } from '../../../../src/core/doctor/look.ts'
import { renderKeepalived } from '../../../../src/core/render/keepalived.ts'
import { A_STATUS } from '../../../fakes/control.ts'
import { BATCHES } from '../../../pair/doctor/breaks.ts'
import { changed, configOf, EXAMPLE, THREE } from '../config/example.ts'
import { FACTS, KEEPALIVED_CONF, looksWith, pathOf, REPLICA, UNITS, type unitOf, unitsOf, WORD } from './healthy.ts'

const VIP_IS_HERE = [{ name: 'enp0s8', up: true, carrier: true, addresses: ['192.168.33.102/24', '192.168.33.100/24'] }]
/** Those of a cluster are proven below, and by its recipe. */
const ON_A_PAIR = CHECKS.filter(({ engines }) => engines?.includes('mariadb') ?? true)
const SELF = { node: 'host2', version: '1.0', at: '2026-01-02T03:04:05.678Z' }
const findingOf = (id: string, facts: Partial<Facts>) =>
  examine(looksWith(facts), SELF).findings.find((finding) => finding.id === id)

describe('the checks', () => {
  test('are more than thirty, each with a name of its own, a reason and what is looked at', () => {
    expect(CHECKS.length).toBeGreaterThanOrEqual(30)
    expect(new Set(CHECKS.map(({ id }) => id)).size).toBe(CHECKS.length)
    for (const { id, title, looks, why } of CHECKS) {
      expect(
        [title, looks, why].map((text) => text.length > 10),
        id,
      ).not.toContain(false)
    }
  })

  test('all have a way in which they fail on a real pair', () => {
    const broken = BATCHES.flatMap(({ breaks }) => breaks.map(({ check }) => check))
    expect(broken.toSorted()).toEqual(ON_A_PAIR.map(({ id }) => id).toSorted())
  })

  test('have nothing to say of a healthy standby', () => {
    const { ok, findings, summary } = examine(looksWith(), SELF)
    expect(findings.filter(({ severity }) => severity !== 'ok')).toEqual([])
    expect([ok, summary]).toEqual([true, { ok: ON_A_PAIR.length, note: 0, warning: 0, error: 0, unknown: 0 }])
  })

  test('have nothing to say of a healthy holder', () => {
    const holder: Partial<Facts> = {
      status: { ...A_STATUS, role: 'standby' },
      variables: { ...FACTS.variables, read_only: 'OFF' },
      counters: { Rpl_semi_sync_master_status: 'ON', Rpl_semi_sync_master_clients: '1' },
      replica: null,
      peerReplica: { ...REPLICA, source: '192.168.33.102:3306' },
      peerWord: { presence: { ...WORD, vrrp: 'backup' }, ageMs: 10 },
    }
    expect(examine(looksWith(holder), SELF).findings.filter(({ severity }) => severity !== 'ok')).toEqual([])
  })

  test('are unknown, with the reason, where nothing could be seen; that is no error', () => {
    const looks = Object.fromEntries(Object.keys(FACTS).map((name) => [name, unknown(`no ${name}`)]))
    const { ok, findings } = examine(looks, SELF)
    expect(ok).toBe(true)
    for (const finding of findings)
      expect(finding).toMatchObject({ severity: 'unknown', found: expect.stringMatching(/^no /) })
  })

  test('without a configuration say that it has faults', () => {
    expect(new Set(examine({}, SELF).findings.map(({ found }) => found))).toEqual(new Set(['apmode.toml has faults']))
  })

  test('pass over what a machine need not have', () => {
    const looks = { ...looksWith(), variables: none('database.engine is "none"') }
    const finding = examine(looks, SELF).findings.find(({ id }) => id === 'mariadb.durable')
    expect(finding).toMatchObject({ severity: 'ok', found: 'nothing to look at: database.engine is "none"' })
  })
})

const conf = (...changes: readonly (readonly [string, string])[]): Partial<Facts> => ({
  keepalivedFile: { ...FACTS.keepalivedFile, tree: parseKeepalived(changed(KEEPALIVED_CONF, ...changes)) },
})
/** What is rendered where the VIP belongs. */
const PREEMPTS = ['    nopreempt\n', '    preempt_delay 60\n'] as const
const HOME = { ...FACTS.config, node: { ...FACTS.config.node, preempt: true } }
const variable = (values: Facts['variables']): Partial<Facts> => ({ variables: { ...FACTS.variables, ...values } })
const unit = (name: string, more: Parameters<typeof unitOf>[1]): Partial<Facts> => ({
  units: unitsOf(...UNITS.map((known) => (known.name === name ? { ...known, ...more } : known))),
})
/** nginx runs where the VIP is alone, and does not run. */
const HOLDER_ONLY: Partial<Facts> = {
  config: configOf(EXAMPLE.replace('"everywhere"', '"holder"'), { hostname: 'host2', nodeFile: null }),
  ...unit('nginx.service', { active: 'failed' }),
}
const rules = (...exprs: readonly object[][]): Facts['firewall'] =>
  parseRuleset(
    JSON.stringify({
      nftables: [
        {
          chain: {
            family: 'inet',
            table: 'filter',
            name: 'in',
            type: 'filter',
            hook: 'input',
            prio: 0,
            policy: 'drop',
          },
        },
        ...exprs.map((expr) => ({ rule: { family: 'inet', table: 'filter', chain: 'in', expr } })),
      ],
    }),
  )
const master = { ...A_STATUS, vrrp: 'master' } as const
const peerSays = (word: Partial<typeof WORD>): Partial<Facts> => ({
  peerWord: { presence: { ...WORD, ...word }, ageMs: 10 },
})

/** What the pair test cannot bring about, or only one of several ways. */
describe('a check', () => {
  test.each<[string, string, Partial<Facts>, RegExp | null]>([
    ['files.fifo', 'error', { fifo: pathOf('/run/apmode/vrrp.fifo', 'file', 0o600) }, /^rm -r .*systemd-tmpfiles/],
    ['files.fifo', 'error', { fifo: null }, /systemd-tmpfiles --create/],
    ['files.unfit', 'error', { unfit: { ...FACTS.unfit, text: '' } }, /restart apmode/],
    ['files.unfit', 'error', { unfit: { file: null, text: '' } }, /systemd-tmpfiles/],
    ['files.mode', 'error', { modeFile: { mode: 'unreadable', problem: 'garbage', file: null } }, /apmode set m/],
    ['files.mode', 'note', { modeFile: { mode: 'unset', problem: null, file: null } }, /set ap --now/],
    ['files.state', 'error', { state: { folder: null, file: null } }, /install -d -m 0700/],
    ['keepalived.file', 'error', { keepalivedPath: null }, /apmode render keepalived/],
    ['keepalived.nopreempt', 'error', conf(['state BACKUP', 'state MASTER']), /apmode render keepalived/],
    ['keepalived.nopreempt', 'error', conf(PREEMPTS), /apmode render keepalived/],
    ['keepalived.nopreempt', 'error', { config: HOME }, /apmode render keepalived/],
    ['keepalived.nopreempt', 'ok', { config: HOME, ...conf(PREEMPTS) }, null],
    ['keepalived.weight', 'error', conf(['        apmode_unfit\n', '        apmode_unfit weight 10\n']), /render/],
    ['keepalived.weight', 'ok', conf(['        apmode_unfit\n', '        apmode_unfit weight 0\n']), null],
    ['keepalived.router-id', 'error', { config: configOf(EXAMPLE.replace('id = 50', 'id = 51')) }, /render/],
    ['keepalived.vip', 'error', conf(['vrrp_instance VI_1', 'vrrp_instance VI_2']), /render/],
    ['keepalived.unicast', 'error', conf(['    check_unicast_src\n', '']), /render/],
    [
      'keepalived.events',
      'ok',
      conf(
        ['vrrp_notify_fifo /run/apmode/vrrp.fifo', ''],
        ['    promote_secondaries', '    notify "/usr/bin/apmode notify"'],
      ),
      null,
    ],
    ['keepalived.fitness', 'error', conf(['    track_file {\n        apmode_unfit\n    }', '']), /render/],
    ['keepalived.check', 'error', conf(['    track_script {\n        apmode_check\n    }', '']), /render/],
    ['keepalived.script-security', 'error', conf(['script_user root', 'script_user nobody']), /render/],
    [
      'keepalived.rendered',
      'note',
      conf(['    nopreempt\n', '    nopreempt\n    virtual_routes {\n 10.0.0.0/8\n }\n']),
      /diff/,
    ],
    ['keepalived.loaded', 'ok', unit('keepalived.service', { active: 'inactive', changedAtMs: 0 }), null],
    [
      'keepalived.script-path',
      'error',
      { scripts: [{ path: '/usr/bin/apmode', there: false, weak: [] }] },
      /apmode render keepalived/,
    ],
    ['units.known', 'note', unit('mariadb.service', { id: 'mysql.service' }), /\[\[unit\]\]/],
    ['units.files', 'warning', { modeFile: { ...FACTS.modeFile, mode: 'm' } }, /^systemctl mask mariadb\.service/],
    ['units.files', 'warning', { modeFile: { ...FACTS.modeFile, mode: 's' } }, /^systemctl enable ap\.service$/],
    ['units.files', 'ok', { modeFile: { ...FACTS.modeFile, mode: 'unset' } }, null],
    ['units.running', 'error', { modeFile: { ...FACTS.modeFile, mode: 'm' } }, /^systemctl stop keepalived\.service$/],
    ['units.running', 'error', { ...HOLDER_ONLY, interfaces: VIP_IS_HERE }, /^apmode start$/],
    ['units.running', 'ok', HOLDER_ONLY, null],
    ['units.boot', 'error', unit('ap.service', { load: 'not-found' }), /daemon-reload/],
    ['units.boot', 'error', unit('ap.service', { command: ['/bin/true'] }), /systemctl revert/],
    ['units.boot', 'ok', unit('ap.service', { load: 'masked', fragment: '/etc/systemd/system/ap.service' }), null],
    [
      'units.overridden',
      'ok',
      unit('nginx.service', { dropIns: ['/etc/systemd/system/nginx.service.d/90-apmode-masked.conf'] }),
      null,
    ],
    ['units.restart', 'warning', unit('mariadb.service', { restart: 'on-failure', restartMs: 100 }), /systemctl edit/],
    ['mariadb.answers', 'note', { database: 'nothing listens', modeFile: { ...FACTS.modeFile, mode: 'm' } }, /set ap/],
    ['mariadb.harmless-start', 'error', { startOptions: {} }, /cnf/],
    ['mariadb.start-options', 'warning', { startOptions: { read_only: '1' } }, /apmode render mariadb/],
    ['mariadb.binary-log', 'error', variable({ log_bin: 'OFF' }), /apmode render mariadb/],
    ['mariadb.server-id', 'warning', variable({ server_id: '9' }), /SET GLOBAL server_id = 2/],
    ['mariadb.server-id', 'error', { peerServer: { ...FACTS.peerServer, serverId: '2' } }, /on the other machine/],
    [
      'mariadb.semi-sync',
      'warning',
      { config: configOf(EXAMPLE.replace('"semi-sync"', '"async"'), { hostname: 'host2', nodeFile: null }) },
      /slave_enabled = OFF/,
    ],
    ['mariadb.patience', 'warning', variable({ expire_logs_days: '0' }), /expire_logs_days = 10/],
    [
      'mariadb.connections',
      'warning',
      { counters: { ...FACTS.counters, Max_used_connections: '150' } },
      /max_connections = 300/,
    ],
    ['mariadb.grants', 'error', { accounts: new Map() }, /^apmode render grants \| mariadb$/],
    ['mariadb.filters', 'error', { binlogFilter: 'binlog_do_db is shop' }, /cnf/],
    [
      'mariadb.engines',
      'warning',
      { tables: { fragile: ['`a`.`b c`'], keyless: [] } },
      /ALTER TABLE \\`a\\`\.\\`b c\\` ENGINE/,
    ],
    [
      'network.interface',
      'error',
      { interfaces: [{ name: 'enp0s8', up: true, carrier: false, addresses: [] }] },
      /ip -brief/,
    ],
    [
      'network.interface',
      'error',
      { interfaces: [{ name: 'enp0s8', up: false, carrier: false, addresses: [] }] },
      /ip link set/,
    ],
    [
      'network.vip',
      'error',
      {
        interfaces: [{ name: 'enp0s8', up: true, carrier: true, addresses: ['192.168.33.100/24'] }],
        ...unit('keepalived.service', { active: 'failed' }),
      },
      /ip address del/,
    ],
    [
      'network.nonlocal-bind',
      'warning',
      { binding: { nonlocal: false, bound: ['haproxy.service'], refused: [] }, interfaces: VIP_IS_HERE },
      /^echo 'net\.ipv4\.ip_nonlocal_bind = 1' > .* && sysctl -p /,
    ],
    [
      'network.nonlocal-bind',
      'warning',
      { binding: { nonlocal: false, bound: [], refused: ['haproxy.service'] } },
      /sysctl -p/,
    ],
    // It binds what is not there: by itself.
    ['network.nonlocal-bind', 'ok', { binding: { nonlocal: false, bound: ['haproxy.service'], refused: [] } }, null],
    [
      'network.nonlocal-bind',
      'ok',
      { binding: { nonlocal: true, bound: ['haproxy.service'], refused: [] }, interfaces: VIP_IS_HERE },
      null,
    ],
    ['network.sql-out', 'error', { reach: 'no connection within 1500 ms' }, /doctor/],
    ['network.sql-out', 'warning', { reach: 'connect ECONNREFUSED' }, /doctor/],
    ['network.sql-in', 'warning', { peerSessions: 0 }, /mariadb -h/],
    ['network.sql-in', 'note', { peerSessions: 0, modeFile: { ...FACTS.modeFile, mode: 's' } }, /status/],
    [
      'network.vrrp-in',
      'error',
      { firewall: rules() },
      /^nft insert rule inet filter in ip saddr 192\.168\.33\.101 meta l4proto 112 accept/,
    ],
    ['network.vrrp-out', 'error', { status: master }, /doctor/],
    ['pair.fit', 'warning', { status: { ...A_STATUS, fit: false, reasons: ['G2'] } }, /apmode status/],
    [
      'pair.fit',
      'warning',
      {
        status: { ...A_STATUS, reasons: ['why'], next: { command: 'apmode rejoin', on: 'host1', why: 'it fell out' } },
      },
      /^apmode rejoin {3}# on host1$/,
    ],
    ['mariadb.strict', 'error', { variables: {} }, /gtid_strict_mode = 1/],
    ['pair.word', 'warning', { peerWord: { presence: null, ageMs: null } }, /restart apmode/],
    ['pair.whole', 'error', { modeFile: { ...FACTS.modeFile, mode: 's' }, ...peerSays({ mode: 's' }) }, /status/],
    ['pair.whole', 'warning', peerSays({ role: 'standby' }), /handover/],
    ['pair.versions', 'warning', { peerServer: { ...FACTS.peerServer, version: '11.4.2-MariaDB' } }, /apt install/],
    ['pair.replication', 'error', { replica: { ...REPLICA, source: '10.0.0.1:3306' } }, /rejoin/],
    ['pair.replication', 'warning', { replica: { ...REPLICA, lagSeconds: 90 } }, /status/],
    ['pair.replication', 'error', variable({ read_only: 'OFF' }), /rejoin {3}# on host1/],
    ['pair.acknowledged', 'warning', variable({ read_only: 'OFF' }), /rejoin {3}# on host1/],
    ['pair.clock', 'warning', { peerServer: { ...FACTS.peerServer, clockAheadMs: -900 } }, /timedatectl/],
    ['pair.clock', 'ok', { peerServer: { ...FACTS.peerServer, clockAheadMs: 900, clockErrorMs: 600 } }, null],
    [
      'system.space',
      'warning',
      { disks: [{ folder: '/', holds: 'x', needsMb: 1024, freeMb: 900, freeFiles: null }] },
      /df -h/,
    ],
    [
      'system.space',
      'warning',
      { disks: [{ folder: '/', holds: 'x', needsMb: 10, freeMb: 900, freeFiles: 3 }] },
      /df -h/,
    ],
    ['system.versions', 'warning', variable({ version: '10.6.1-MariaDB' }), /apt install mariadb-server/],
    ['system.versions', 'ok', { versions: { keepalived: '2.3.0', systemd: '257' } }, null],
  ])('%s: %s', (id, severity, facts, mend) => {
    const finding = findingOf(id, facts)
    expect(finding?.severity, finding?.found).toBe(severity)
    if (mend === null) expect(finding?.mend).toBeNull()
    else expect(finding?.mend).toMatch(mend)
  })

  test('of more than two machines looks at the adverts to all of them, and from all of them', () => {
    const config = configOf(THREE, { hostname: 'host2', nodeFile: null })
    const facts = (text: string) => ({
      config,
      keepalivedFile: { ...FACTS.keepalivedFile, tree: parseKeepalived(text) },
    })
    const right = renderKeepalived(config, config.node)
    expect(findingOf('keepalived.unicast', facts(right))).toMatchObject({
      severity: 'ok',
      found: 'from 192.168.33.102 to 192.168.33.101, 192.168.33.103',
    })
    const without = changed(right, ['        192.168.33.103\n', ''])
    expect(findingOf('keepalived.unicast', facts(without))).toMatchObject({
      severity: 'error',
      found: 'unicast_peer 192.168.33.101, expected 192.168.33.101, 192.168.33.103',
    })
    expect(findingOf('network.vrrp-in', { config, firewall: rules() })).toMatchObject({ severity: 'error' })
    expect(findingOf('network.vrrp-out', { config, status: master })).toMatchObject({ severity: 'ok' })
  })

  test('that fails itself is unknown', () => {
    expect(findingOf('pair.fit', { status: null as unknown as Facts['status'] })).toMatchObject({
      severity: 'unknown',
      found: expect.stringMatching(/^the check itself failed/),
    })
  })

  test('tells more than four faults by their number', () => {
    const faults = ['a', 'b', 'c', 'd', 'e', 'f']
    expect(findingOf('files.configuration', { configuration: { path: 'x', faults } })?.found).toBe(
      'a; b; c; d; and 2 more',
    )
  })
})
