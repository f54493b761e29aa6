/** The checks of the pair: do the two machines agree, does the data flow, is each of them able to serve. Data. */
import type { NextCommand } from '../../ports/control.ts'
import { bad, type Check, check, ok, REPLICATION, unless } from './check.ts'

/** A supervisor says how it is at least every 30 s (`host/presence.ts`). */
const SILENT_MS = 90_000
const CLOCK_WARNING_MS = 500
const CLOCK_ERROR_MS = 5_000
const LAG_SECONDS = 10

/** What status would type next, and where. */
const typed = (next: NextCommand | null | undefined) =>
  next == null ? null : `${next.command}${next.on === null ? '' : `   # on ${next.on}`}`

/** `10.11.19-MariaDB-…` → `10.11` */
const series = (version: string) => /^\d+\.\d+/.exec(version)?.[0] ?? version

export const PAIR: readonly Check[] = [
  check({
    id: 'pair.fit',
    title: 'this machine may serve, and says nothing is wrong',
    looks: 'fit, reasons and problems in apmode status',
    why: 'A machine that is not fit never takes the VIP, whatever happens to the other one.',
    needs: ['status', 'modeFile'],
    judge: ({ status: { fit, reasons, problems, next }, modeFile: { mode } }) => {
      if (mode === 'm') return ok('in maintenance')
      const faults = [...reasons, ...problems]
      if (fit === false && faults.length === 0) faults.push('it is unfit')
      return unless(
        'warning',
        faults,
        typed(next) ?? 'apmode status',
        fit === true ? 'fit' : 'nothing is known against it',
      )
    },
  }),
  check({
    id: 'pair.login',
    title: "the replication account gets into the peer's database",
    looks: 'a log-in there with the password of this machine',
    why: 'The same account and password are used to follow, and to ask before a promotion.',
    needs: ['login', 'config'],
    judge: ({ login, config: { database, peer } }) => {
      if (login === null) return ok(`${database.replicationUser} at ${peer?.address ?? 'no peer'}`)
      return bad(
        'error',
        login,
        `apmode render grants | mariadb   # on ${peer?.name ?? 'the peer'}, with the same password file`,
      )
    },
  }),
  check({
    id: 'pair.word',
    title: 'the supervisor of the peer says how it is',
    looks: "the peer's row in its apmode.node: its time",
    why: 'One that has fallen silent cannot take over, and is not asked before this machine gives up (G4).',
    needs: ['peerWord', 'config'],
    judge: ({ peerWord: { presence, ageMs }, config: { peer } }) => {
      const mend = `systemctl restart apmode   # on ${peer?.name ?? 'the peer'}`
      if (presence === null || ageMs === null) return bad('warning', `${peer?.name} has said nothing yet`, mend)
      const found = `${Math.max(0, Math.round(ageMs / 1000))} s ago`
      return ageMs > SILENT_MS ? bad('warning', `${peer?.name} has said nothing since ${found}`, mend) : ok(found)
    },
  }),
  check({
    id: 'pair.configuration',
    title: 'both machines have the same apmode.toml',
    looks: 'the fingerprint of the file here, and what the peer says in apmode.node',
    why: 'Two files mean two VIPs, two intervals or two orders of start, and nobody sees it until a failover.',
    needs: ['fingerprint', 'peerWord', 'config'],
    judge: ({ fingerprint, peerWord: { presence }, config: { peer } }) => {
      if (presence === null) return bad('note', `${peer?.name} has said nothing yet`, 'apmode doctor')
      if (presence.configuration === fingerprint) return ok(`${fingerprint} on both`)
      const found = `${fingerprint} here, ${presence.configuration} on ${peer?.name}`
      return bad(
        'error',
        found,
        `scp /etc/apmode/apmode.toml ${peer?.address}:/etc/apmode/ && ssh ${peer?.address} systemctl reload apmode`,
      )
    },
  }),
  check({
    id: 'pair.versions',
    title: 'both machines run the same apmode and the same series of MariaDB',
    looks: 'what the peer says in apmode.node, and the greeting of its database',
    why: 'A replica may be newer than its primary, and never older; a handover changes who is which.',
    needs: ['apmode', 'peerWord', 'peerServer', 'config'],
    may: ['variables'],
    judge: ({ apmode, peerWord: { presence }, peerServer, config: { peer }, variables }) => {
      const faults: string[] = []
      if (presence !== null && presence.version !== apmode) {
        faults.push(`apmode ${apmode} here, ${presence.version} on ${peer?.name}`)
      }
      const own = variables?.version ?? peerServer.version
      if (series(own) !== series(peerServer.version)) {
        faults.push(`MariaDB ${own} here, ${peerServer.version} on ${peer?.name}`)
      }
      const mend =
        'apt install ./apmode_*.deb mariadb-server   # on the machine with the older one, while it is the standby'
      return unless('warning', faults, mend, `apmode ${apmode}, MariaDB ${series(own)}`)
    },
  }),
  check({
    id: 'pair.whole',
    engines: REPLICATION,
    title: 'both machines are in ap, one of them with each role',
    looks: 'mode and role here and of the peer',
    why: 'Only a whole pair survives the next fault.',
    needs: ['modeFile', 'peerWord', 'config'],
    may: ['status'],
    judge: ({ modeFile: { mode }, peerWord: { presence }, config: { peer }, status }) => {
      if (presence === null) return bad('note', `${peer?.name} has said nothing yet`, 'apmode status')
      const found = `(${mode}, ${presence.mode})`
      const next = typed(status?.next) ?? (mode === 'm' ? 'apmode rejoin' : `apmode rejoin   # on ${peer?.name}`)
      if (mode === 's' && presence.mode === 's')
        return bad('error', `${found}: each thinks that it is alone`, 'apmode status')
      if (mode !== 'ap' || presence.mode !== 'ap')
        return bad('warning', `${found}: one machine, and no second one`, next)
      if (status !== null && status.role === presence.role) {
        return bad('warning', `both have the role ${status.role}`, 'apmode handover   # on the machine that serves')
      }
      return ok(found)
    },
  }),
  check({
    id: 'pair.replication',
    engines: REPLICATION,
    title: 'the standby follows, and is not behind',
    looks: 'the replica of the machine that does not serve: both threads, lag, error, whom it follows',
    why: 'What it has not got is lost with the other machine; what it has not applied is waited for in a failover.',
    needs: ['variables', 'replica', 'modeFile', 'config'],
    may: ['peerReplica', 'peerServer'],
    judge: ({ variables, replica, modeFile: { mode }, config: { peer, node, database }, peerReplica, peerServer }) => {
      if (mode !== 'ap') return ok(`mode ${mode}: nothing need be followed`)
      const serves = /^(OFF|0)$/i.test(variables.read_only ?? '')
      const follower = serves ? peer : node
      const found = serves ? peerReplica : replica
      const source = `${serves ? node.address : peer?.address}:${database.port}`
      if (serves && peerServer === null)
        return bad('warning', `${peer?.name} cannot be asked`, `apmode status   # on ${peer?.name}`)
      const mend = serves ? `apmode rejoin   # on ${follower?.name}` : 'apmode rejoin'
      if (found === null) return bad('error', `${follower?.name} follows nobody`, mend)
      const faults = found.source === source ? [] : [`${follower?.name} follows ${found.source}, expected ${source}`]
      if (found.io !== 'Yes') faults.push(`its IO thread: ${found.io}`)
      if (!found.sql) faults.push('its SQL thread does not run')
      if (found.error !== '') faults.push(`error ${found.errno}: ${found.error}`)
      if (faults.length > 0) return bad('error', faults.join('; '), mend)
      const lag = found.lagSeconds ?? 0
      return unless(
        'warning',
        lag > LAG_SECONDS ? [`${lag} s behind`] : [],
        'apmode status',
        `${follower?.name}, ${lag} s behind`,
      )
    },
  }),
  check({
    id: 'pair.acknowledged',
    engines: REPLICATION,
    title: 'a write is acknowledged when both machines have it',
    looks:
      'Rpl_semi_sync_master_status and _clients on the machine that serves, Rpl_semi_sync_slave_status on the other one',
    why: 'With durability = "semi-sync" no acknowledged write is lost while both are well; alone, that promise rests.',
    needs: ['variables', 'counters', 'modeFile', 'config'],
    judge: ({ variables, counters, modeFile: { mode }, config: { database, peer } }) => {
      if (database.durability === 'async') return ok('durability = "async": it is not promised')
      if (mode !== 'ap' || peer === null) return ok(`mode ${mode}: this machine may serve alone`)
      const serves = /^(OFF|0)$/i.test(variables.read_only ?? '')
      const on = (name: string) => counters[name] === 'ON'
      if (!serves) {
        if (on('Rpl_semi_sync_slave_status')) return ok('this machine acknowledges')
        return bad('warning', 'this machine acknowledges nothing (Rpl_semi_sync_slave_status is OFF)', 'apmode rejoin')
      }
      const clients = Number(counters.Rpl_semi_sync_master_clients ?? 0)
      if (on('Rpl_semi_sync_master_status') && clients > 0) return ok(`${clients} acknowledges`)
      return bad('warning', 'this machine acknowledges writes alone', `apmode rejoin   # on ${peer.name}`)
    },
  }),
  check({
    id: 'pair.clock',
    title: 'both clocks agree',
    looks: "UTC_TIMESTAMP(6) of the peer's database, against the clock of this machine",
    why: 'apmode measures with no clock of the day, but people read two journals side by side, and rows carry times.',
    needs: ['peerServer', 'config'],
    judge: ({ peerServer: { clockAheadMs, clockErrorMs }, config: { peer } }) => {
      const off = Math.max(0, Math.abs(clockAheadMs) - clockErrorMs)
      const found = `${peer?.name} is ${(Math.abs(clockAheadMs) / 1000).toFixed(3)} s ${clockAheadMs < 0 ? 'behind' : 'ahead'}`
      if (off <= CLOCK_WARNING_MS) return ok(found)
      return bad(off > CLOCK_ERROR_MS ? 'error' : 'warning', found, 'timedatectl set-ntp true   # on both')
    },
  }),
]
