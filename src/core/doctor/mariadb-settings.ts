/** The checks of MariaDB's settings, as they are now and as they would be after a start. Data. */
import { renderMariadb } from '../render/mariadb.ts'
import { bad, type Check, check, mariadb, ok, REPLICATION, some, unless } from './check.ts'
import type { Values } from './facts.ts'
import { normalValue, renderedOptions } from './start-options.ts'

export const RENDER_MARIADB =
  'apmode render mariadb > /etc/mysql/mariadb.conf.d/90-apmode.cnf   # in force when the database has started again'
const SHOW_FILES = "grep -rn . /etc/mysql --include='*.cnf'   # the file that is read last wins: remove the line there"

/** Variables that can be set while the server runs. */
interface Setting {
  readonly name: string
  readonly wanted: string
}

const shown = (values: Values, name: string) => values[name] ?? 'unknown'
/** One that the server does not know (a plugin that is missing) is not as wanted either. */
const differs = (values: Values, { name, wanted }: Setting) =>
  values[name] === undefined || normalValue(values[name]) !== normalValue(wanted)

/** Mended at once, and for the next start by the file. */
function settings(severity: 'warning' | 'error', values: Values, wanted: readonly Setting[]) {
  const wrong = wanted.filter((setting) => differs(values, setting))
  const faults = wrong.map(({ name, wanted: value }) => `${name} is ${shown(values, name)}, expected ${value}`)
  const sql = wrong.map(({ name, wanted: value }) => `SET GLOBAL ${name} = ${value}`).join('; ')
  const good = wanted.map(({ name }) => `${name} = ${shown(values, name)}`).join(', ')
  return unless(severity, faults, mariadb(sql), good)
}

/** A server that starts with another value of these may harm at once. */
const HARMLESS: Values = {
  read_only: '1',
  skip_slave_start: '1',
  event_scheduler: '0',
  rpl_semi_sync_master_enabled: '0',
}

export const MARIADB_SETTINGS: readonly Check[] = [
  check({
    id: 'mariadb.harmless-start',
    engines: REPLICATION,
    title: 'the database starts read-only, following nobody, with nothing scheduled',
    looks: 'mariadbd --print-defaults: read_only, skip_slave_start, event_scheduler, rpl_semi_sync_master_enabled',
    why: "systemd starts a killed database again within seconds: it must come back as nobody's writer.",
    needs: ['startOptions'],
    judge: ({ startOptions }) => {
      const faults = Object.entries(HARMLESS).flatMap(([name, wanted]) => {
        const found = startOptions[name]
        // MariaDB's own defaults: nothing scheduled, no primary's part.
        const missing = name === 'read_only' || name === 'skip_slave_start'
        if (found === undefined) return missing ? [`${name} is not set, expected ${wanted}`] : []
        return found === wanted ? [] : [`${name} would be ${found}, expected ${wanted}`]
      })
      return unless('error', faults, SHOW_FILES, 'read_only, skip_slave_start, no events')
    },
  }),
  check({
    id: 'mariadb.start-options',
    title: 'the database starts with everything that apmode render mariadb writes',
    looks: 'mariadbd --print-defaults, against the rendered file',
    why: 'A file that is read later wins silently, and only at the next start.',
    needs: ['startOptions', 'config'],
    judge: ({ startOptions, config }) => {
      const wanted = Object.entries(renderedOptions(renderMariadb(config, config.node)))
      const lost = wanted.filter(([name]) => startOptions[name] === undefined)
      const other = wanted.filter(([name, value]) => startOptions[name] !== undefined && startOptions[name] !== value)
      const faults = [
        ...other.map(([name, value]) => `${name} would be ${startOptions[name]}, expected ${value}`),
        ...lost.map(([name]) => `${name} is not set`),
      ]
      return unless('warning', faults, lost.length > 0 ? RENDER_MARIADB : SHOW_FILES, `${wanted.length} options`)
    },
  }),
  check({
    id: 'mariadb.durable',
    engines: REPLICATION,
    title: 'a commit is on the disk before it is acknowledged',
    looks: 'sync_binlog, innodb_flush_log_at_trx_commit, sync_relay_log',
    why: 'Without it a power cut takes back what a client was told, and the two machines disagree afterwards.',
    needs: ['variables', 'config'],
    judge: ({ variables, config }) =>
      settings('error', variables, [
        { name: 'sync_binlog', wanted: '1' },
        { name: 'innodb_flush_log_at_trx_commit', wanted: '1' },
        ...(config.database.durability === 'semi-sync' ? [{ name: 'sync_relay_log', wanted: '1' }] : []),
      ]),
  }),
  check({
    id: 'mariadb.binary-log',
    engines: REPLICATION,
    title: 'the binary log is on, has rows, and has what is replicated too',
    looks: 'log_bin, log_slave_updates, binlog_format',
    why: 'Each machine must be able to become the primary of the other one, and statements can mean two things.',
    needs: ['variables'],
    judge: ({ variables }) => {
      const off = ['log_bin', 'log_slave_updates'].filter((name) => differs(variables, { name, wanted: 'ON' }))
      if (off.length > 0) return bad('error', off.map((name) => `${name} is OFF`).join('; '), RENDER_MARIADB)
      return settings('error', variables, [{ name: 'binlog_format', wanted: 'ROW' }])
    },
  }),
  check({
    id: 'mariadb.strict',
    engines: REPLICATION,
    title: 'transactions out of order are an error',
    looks: 'gtid_strict_mode',
    why: "Otherwise two machines that diverged replicate on, over each other's rows.",
    needs: ['variables'],
    judge: ({ variables }) => settings('error', variables, [{ name: 'gtid_strict_mode', wanted: '1' }]),
  }),
  check({
    id: 'mariadb.server-id',
    engines: REPLICATION,
    title: 'the two databases have two numbers',
    looks: 'server_id here and at the peer, against the place in apmode.toml',
    why: 'A replica throws away every event that carries its own number.',
    needs: ['variables', 'config'],
    may: ['peerServer'],
    judge: ({ variables, config, peerServer }) => {
      const wanted = renderedOptions(renderMariadb(config, config.node)).server_id ?? ''
      const found = shown(variables, 'server_id')
      const mend = mariadb(`SET GLOBAL server_id = ${wanted}`)
      if (peerServer !== null && peerServer.serverId === found) {
        const mine = found === wanted
        return bad('error', `both have ${found}`, mine ? `${RENDER_MARIADB}; on the other machine` : mend)
      }
      return found === wanted ? ok(found) : bad('warning', `found ${found}, expected ${wanted}`, mend)
    },
  }),
  check({
    id: 'mariadb.semi-sync',
    engines: REPLICATION,
    title: 'semi-synchronous replication is as apmode needs it',
    looks: 'rpl_semi_sync_…: wait_point, timeout, wait_no_slave, slave_enabled, kill_conn_timeout',
    why: 'The supervisor, and not a timeout of MariaDB, decides when a commit may do without the peer.',
    needs: ['variables', 'config'],
    judge: ({ variables, config }) => {
      if (config.database.durability === 'async') {
        return settings('warning', variables, [{ name: 'rpl_semi_sync_slave_enabled', wanted: 'OFF' }])
      }
      return settings('error', variables, [
        { name: 'rpl_semi_sync_master_wait_point', wanted: 'AFTER_SYNC' },
        { name: 'rpl_semi_sync_master_timeout', wanted: '86400000' },
        { name: 'rpl_semi_sync_master_wait_no_slave', wanted: 'ON' },
        { name: 'rpl_semi_sync_slave_enabled', wanted: 'ON' },
        { name: 'rpl_semi_sync_slave_kill_conn_timeout', wanted: '1' },
      ])
    },
  }),
  check({
    id: 'mariadb.patience',
    engines: REPLICATION,
    title: 'a silent primary is noticed within seconds, and logs are kept for days',
    looks: 'slave_net_timeout, expire_logs_days',
    why: 'The default of 60 s is a minute without a second copy; a log that is gone means a machine to be cloned anew.',
    needs: ['variables'],
    judge: ({ variables }) => {
      const silence = Number(variables.slave_net_timeout ?? 0)
      if (silence > 10) {
        return bad(
          'warning',
          `slave_net_timeout is ${silence}, expected 4`,
          mariadb('SET GLOBAL slave_net_timeout = 4'),
        )
      }
      const days = Number(variables.expire_logs_days ?? 1)
      if (days !== 0) return ok(`slave_net_timeout = ${silence}, expire_logs_days = ${days}`)
      const endless = 'expire_logs_days is 0: the binary log grows for ever'
      return bad('warning', endless, mariadb('SET GLOBAL expire_logs_days = 10'))
    },
  }),
  check({
    id: 'mariadb.connections',
    title: 'there is room for connections',
    looks: 'max_connections, Max_used_connections',
    why: '"Too many connections" happens exactly at a failover, when every client comes at once.',
    needs: ['variables', 'counters'],
    judge: ({ variables, counters }) => {
      const most = Number(variables.max_connections ?? 0)
      const used = Number(counters.Max_used_connections ?? 0)
      const found = `${used} of ${most} have been used at once`
      const wanted = Math.max(151, Math.ceil((used * 2) / 50) * 50)
      const tight = most < 50 || used > most * 0.85
      return tight ? bad('warning', found, mariadb(`SET GLOBAL max_connections = ${wanted}`)) : ok(found)
    },
  }),
  check({
    id: 'mariadb.filters',
    engines: REPLICATION,
    title: 'everything is replicated',
    looks: 'replicate_do_…, replicate_ignore_…, binlog_do_db, binlog_ignore_db',
    why: 'What is filtered out is on one machine only: after a failover it is gone.',
    needs: ['variables', 'binlogFilter'],
    judge: ({ variables, binlogFilter }) => {
      const set = Object.entries(variables).filter(
        ([name, value]) => /^replicate_(wild_)?(do|ignore)_(db|table)$/.test(name) && value !== '',
      )
      const faults = set.map(([name, value]) => `${name} is ${value}`)
      if (binlogFilter !== '') faults.push(binlogFilter)
      const sql = set.map(([name]) => `SET GLOBAL ${name} = ''`).join('; ')
      const mend = set.length > 0 ? `${mariadb(sql)}   # where replication is stopped` : SHOW_FILES
      return unless(
        'error',
        [some(faults, 4)].filter((text) => text !== ''),
        mend,
        'no filter',
      )
    },
  }),
]
