/** What doctor looks at between the machines: the interfaces, the firewall, the peer's port and database, the witness. */
import type { Config } from '../../core/config.ts'
import type { Facts, InterfaceFact } from '../../core/doctor/facts.ts'
import { parseRuleset } from '../../core/doctor/firewall.ts'
import { isRecord, listOf } from '../../core/doctor/firewall-match.ts'
import { type Look, type Looks, none, seen, unknown } from '../../core/doctor/look.ts'
import { ApmodeError, messageOf } from '../../core/errors.ts'
import type { Examination, Sql } from '../../ports/examination.ts'
import { primaryOf } from '../parts.ts'
import { attempt, complaint, LOOK } from './attempt.ts'
import { lookAtBinding } from './looks-binding.ts'

const QUERY_MS = 2_000
/** A machine that is there answers in a millisecond. */
const REACH = { timeoutMs: 1_500 }

export async function lookAtNetwork(outside: Examination, config: Config) {
  const { vrrp, health } = config
  const [interfaces, binding, firewall, witness, neighbours, port] = await Promise.all([
    attempt(async () => interfacesIn((await outside.run(['ip', '-json', 'address'], LOOK)).out)),
    attempt(() => lookAtBinding(outside, config)),
    attempt(async () => {
      const { code, out, err } = await outside.run(['nft', '-j', 'list', 'ruleset'], LOOK)
      if (code !== 0) throw new Error(`nft ended with ${code}: ${err.trim()}`)
      return parseRuleset(out)
    }),
    attempt(() =>
      Promise.all(vrrp.witness.map(async (address) => ({ address, problem: await pinged(outside, address) }))),
    ),
    attempt(() => neighboursOf(outside, config)),
    attempt(() =>
      health === null
        ? null
        : complaint(async () => {
            const host = health.host === '0.0.0.0' ? '127.0.0.1' : health.host === '::' ? '::1' : health.host
            const status = await outside.get(host, health.port, '/health', REACH)
            if (status !== 200) throw new Error(`/health answers ${status}`)
          }),
    ),
  ])
  return {
    interfaces,
    binding,
    firewall,
    witness,
    neighbours: config.database.engine === 'galera' ? neighbours : none('database.engine is not "galera"'),
    health: health === null ? none('health.listen is "off"') : port,
  } satisfies Partial<Looks>
}

async function neighboursOf(outside: Examination, { peers, health, database }: Config): Promise<Facts['neighbours']> {
  if (database.engine !== 'galera' || health === null) return []
  return Promise.all(
    peers.map(async ({ name, address }) => {
      const problem = await complaint(async () => {
        const status = await outside.get(address, health.port, '/cluster', REACH)
        if (status !== 200) throw new Error(`/cluster answers ${status}`)
      })
      return { name, at: `${address}:${health.port}`, problem }
    }),
  )
}

async function pinged(outside: Examination, address: string): Promise<string | null> {
  return complaint(async () => {
    const { code } = await outside.run(['ping', '-n', '-c', '1', '-W', '1', address], LOOK)
    if (code !== 0) throw new Error('it does not answer a ping')
  })
}

function interfacesIn(json: string): InterfaceFact[] {
  return listOf(JSON.parse(json))
    .filter(isRecord)
    .map((link) => {
      const flags = listOf(link.flags)
      const addresses = listOf(link.addr_info).filter(isRecord)
      return {
        name: String(link.ifname),
        up: flags.includes('UP'),
        carrier: flags.includes('LOWER_UP'),
        addresses: addresses.map(({ local, prefixlen }) => `${local}/${prefixlen}`),
      }
    })
}

type PeerLooks = Pick<Looks, 'reach' | 'login' | 'peerServer' | 'peerWord' | 'peerReplica'>

export async function lookAtPeer(outside: Examination, config: Config): Promise<PeerLooks> {
  const peer = primaryOf(config)
  if (peer === null || config.peer === null) {
    const several = config.database.engine === 'none' ? 'database.engine is "none"' : 'there is no one peer'
    const look = none(config.peers.length === 0 ? 'one machine is configured' : several)
    return { reach: look, login: look, peerServer: look, peerWord: look, peerReplica: look }
  }
  const reach = await complaint(() => outside.connect(peer.host, peer.port, REACH))
  const away = unknown(`the database of ${config.peer.name} cannot be asked`)
  const silent = { peerServer: away, peerWord: away, peerReplica: away }
  if (reach !== null) return { reach: seen(reach), login: away, ...silent }
  let sql: Sql
  try {
    sql = await outside.remote(peer, LOOK)
  } catch (thrown) {
    const refused = thrown instanceof ApmodeError && (thrown.code === 'denied' || thrown.code === 'storage')
    return { reach: seen(null), login: refused ? seen(messageOf(thrown)) : unknown(messageOf(thrown)), ...silent }
  }
  try {
    const server = await attempt(() => serverOf(outside, sql))
    const presence = await attempt(() => sql.presence(config.peer?.name ?? '', QUERY_MS))
    const peerReplica = await attempt(() => sql.replica(QUERY_MS))
    return { reach: seen(null), login: seen(null), ...wordOf(outside, server, presence), peerReplica }
  } finally {
    sql.close()
  }
}

async function serverOf(outside: Examination, sql: Sql): Promise<Facts['peerServer']> {
  const [row] = await sql.rows('SELECT @@global.server_id AS id, @@global.read_only AS read_only', QUERY_MS)
  const before = outside.now()
  const [clock] = await sql.rows('SELECT UTC_TIMESTAMP(6) AS at', QUERY_MS)
  const after = outside.now()
  const theirs = Date.parse(`${(clock?.at ?? '').replace(' ', 'T')}Z`)
  return {
    version: sql.version,
    serverId: row?.id ?? '',
    readOnly: row?.read_only !== '0' && row?.read_only !== 'OFF',
    clockAheadMs: theirs - (before + after) / 2,
    clockErrorMs: (after - before) / 2,
  }
}

/** How old its word is, by its own clock. */
function wordOf(outside: Examination, peerServer: Look<Facts['peerServer']>, presence: Look<Facts['ownWord']>) {
  if (presence.kind !== 'seen') return { peerServer, peerWord: presence }
  const said = presence.value
  const now = outside.now() + (peerServer.kind === 'seen' ? peerServer.value.clockAheadMs : 0)
  return { peerServer, peerWord: seen({ presence: said, ageMs: said === null ? null : now - Date.parse(said.at) }) }
}
