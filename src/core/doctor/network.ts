/** The checks of the way to the peer and to the world: interface, VIP, firewall, witness, the read-only port. Data. */
import type { Config, NodeConfig } from '../config.ts'
import { bad, type Check, check, ok, unless, type Verdict } from './check.ts'
import { type Packet, passage, type Ruleset } from './firewall.ts'

const bare = (address: string) => address.split('/')[0] ?? ''

export interface Way {
  readonly config: Config
  readonly peer: NodeConfig
  readonly hook: Packet['hook']
  readonly protocol: Packet['protocol']
  /** That of the database where nothing else is said. */
  readonly port?: number
}

/** null: the rules let it through, or nobody can tell. */
export function barred(firewall: Ruleset | null, way: Way): Verdict | null {
  const { config, peer, hook, protocol, port = config.database.port } = way
  const { node } = config
  const [from, to] = hook === 'input' ? [peer.address, node.address] : [node.address, peer.address]
  const packet: Packet = { hook, interface: node.interface, from, to, protocol, port }
  const found = firewall === null ? null : passage(firewall, packet)
  if (found === null || found.outcome !== 'dropped') return null
  const { family, table, name } = found.chain
  const ip = peer.address.includes(':') ? 'ip6' : 'ip'
  const side = hook === 'input' ? 'saddr' : 'daddr'
  const what = protocol === 'vrrp' ? 'meta l4proto 112' : `tcp dport ${port}`
  const rule = `${ip} ${side} ${peer.address} ${what} accept`
  const mend = `nft insert rule ${family} ${table} ${name} ${rule}   # and into /etc/nftables.conf`
  return bad('error', `the firewall drops it: ${found.by}`, mend)
}

/** The first of the other machines whose adverts are dropped. */
function vrrpBarred(firewall: Ruleset | null, config: Config, hook: Packet['hook']): Verdict | null {
  for (const peer of config.peers) {
    const verdict = barred(firewall, { config, peer, hook, protocol: 'vrrp' })
    if (verdict !== null) return verdict
  }
  return null
}

const NO_PEER = 'one machine is configured'

const notBound = (vip: string) => (name: string) => `${name} could not bind ${vip}`

export const NETWORK: readonly Check[] = [
  check({
    id: 'network.interface',
    title: 'the interface is up and has the address of this machine',
    looks: 'the interface of this [[node]]: state, carrier, addresses',
    why: 'VRRP, replication and the VIP are there.',
    needs: ['config', 'interfaces'],
    judge: ({ config: { node }, interfaces }) => {
      const found = interfaces.find(({ name }) => name === node.interface)
      if (found === undefined) {
        const names = interfaces.map(({ name }) => name).join(', ')
        return bad(
          'error',
          `there is no ${node.interface}; there are ${names}`,
          'ip -brief address   # then [[node]] interface',
        )
      }
      if (!found.up) return bad('error', `${node.interface} is down`, `ip link set ${node.interface} up`)
      const faults = found.carrier ? [] : [`${node.interface} has no carrier`]
      const own = found.addresses.map(bare).includes(node.address)
      if (!own) faults.push(`${node.interface} has not ${node.address}, but ${found.addresses.join(', ') || 'none'}`)
      return unless('error', faults, 'ip -brief address; ip -brief link', `${node.interface} has ${node.address}`)
    },
  }),
  check({
    id: 'network.vip',
    title: 'the VIP is where keepalived puts it, and nowhere else',
    looks: 'the addresses of all interfaces',
    why: 'An address that was added by hand, or left behind, answers for a machine that does not serve.',
    needs: ['config', 'interfaces', 'units'],
    judge: ({ config, interfaces, units }) => {
      const vip = bare(config.vrrp.vip)
      const places = interfaces.flatMap(({ name, addresses }) =>
        addresses.filter((address) => bare(address) === vip).map((address) => ({ name, address })),
      )
      const router = units.get(config.units.find(({ kind }) => kind === 'router')?.name ?? '')
      const dead = router !== undefined && router.active !== 'active'
      const stray = places.filter(({ name }) => name !== config.node.interface || dead)
      const faults = stray.map(
        ({ name, address }) => `${address} is on ${name}${dead ? ', and keepalived does not run' : ''}`,
      )
      const mend = stray.map(({ name, address }) => `ip address del ${address} dev ${name}`).join(' && ')
      return unless('error', faults, mend, places.length > 0 ? `on ${config.node.interface}` : 'not here')
    },
  }),
  check({
    id: 'network.nonlocal-bind',
    title: 'what runs everywhere may bind the VIP before it is here',
    looks:
      'net.ipv4.ip_nonlocal_bind (IPv6: net.ipv6), who listens on the VIP, and whether a unit that runs everywhere and is ' +
      'down now said "Cannot assign requested address"',
    why: 'Without it such a unit starts on the machine with the VIP alone: after its next start the other one is not fit.',
    needs: ['config', 'binding', 'interfaces'],
    judge: ({ config, binding: { nonlocal, bound, refused }, interfaces }) => {
      const vip = bare(config.vrrp.vip)
      const key = `net.${vip.includes(':') ? 'ipv6' : 'ipv4'}.ip_nonlocal_bind`
      if (nonlocal) return ok(`${key} is 1`)
      const here = interfaces.some(({ addresses }) => addresses.map(bare).includes(vip))
      // Bound without the VIP: it asked for that itself (IP_FREEBIND).
      const needed = [...(here ? bound.map((name) => `${name} binds ${vip}`) : []), ...refused.map(notBound(vip))]
      const file = '/etc/sysctl.d/60-nonlocal-bind.conf'
      const mend = `echo '${key} = 1' > ${file} && sysctl -p ${file}   # on all machines`
      const faults = needed.length === 0 ? [] : [...needed, `${key} is 0`]
      return unless('warning', faults, mend, 'nothing that runs everywhere needs it')
    },
  }),
  check({
    id: 'network.sql-out',
    title: "this machine reaches the peer's database",
    looks: 'a connection to its port, and the rules of the firewall for the way out',
    why: 'Before a promotion it is asked whether it still serves (G3), and it is what this machine follows.',
    needs: ['config', 'reach'],
    may: ['firewall', 'modeFile'],
    judge: ({ config, reach, firewall, modeFile }) => {
      const { peer, database } = config
      if (peer === null) return ok(config.peers.length === 0 ? NO_PEER : 'there is no one peer')
      const verdict = barred(firewall, { config, peer, hook: 'output', protocol: 'tcp' })
      if (verdict !== null) return verdict
      if (reach === null) return ok(`${peer.address}:${database.port} accepts`)
      const mend = `apmode doctor   # on ${peer.name}`
      // The machine is there, and its database rests: in maintenance, say. Or nobody expects it to be there.
      const rests = /ECONNREFUSED/.test(reach) || (modeFile !== null && modeFile.mode !== 'ap')
      return bad(rests ? 'warning' : 'error', `${peer.address}:${database.port}: ${reach}`, mend)
    },
  }),
  check({
    id: 'network.sql-in',
    title: 'the peer reaches the database of this machine',
    looks: 'sessions of the replication account from its address, and the rules of the firewall for the way in',
    why: 'Without it the peer cannot follow, nor be sure that this machine does not serve.',
    needs: ['config', 'peerSessions', 'modeFile'],
    may: ['firewall'],
    judge: ({ config, peerSessions, modeFile, firewall }) => {
      const { peer, database } = config
      if (peer === null) return ok(config.peers.length === 0 ? NO_PEER : 'there is no one peer')
      const verdict = barred(firewall, { config, peer, hook: 'input', protocol: 'tcp' })
      if (verdict !== null) return verdict
      if (peerSessions > 0) return ok(`sessions from ${peer.address}: ${peerSessions}`)
      const found = `nobody is here from ${peer.address}`
      if (modeFile.mode !== 'ap') return bad('note', found, `apmode status   # on ${peer.name}`)
      return bad('warning', found, `mariadb -h ${config.node.address} -P ${database.port}   # on ${peer.name}`)
    },
  }),
  check({
    id: 'network.vrrp-out',
    title: 'VRRP gets out',
    looks: 'the rules of the firewall for IP protocol 112 to the peer; what the peer says it hears',
    why: 'A peer that hears nothing from the holder takes the VIP as well.',
    needs: ['config'],
    may: ['firewall', 'status', 'peerWord'],
    judge: ({ config, firewall, status, peerWord }) => {
      const { peer } = config
      if (config.peers.length === 0) return ok(NO_PEER)
      const verdict = vrrpBarred(firewall, config, 'output')
      if (verdict !== null) return verdict
      const theirs = peerWord?.presence?.vrrp
      if (peer === null || status?.vrrp !== 'master' || theirs === undefined) return ok('no rule drops it')
      if (theirs === 'backup') return ok(`${peer.name} hears this machine`)
      const found = `this machine is MASTER, and ${peer.name} says ${theirs.toUpperCase()}`
      return bad(theirs === 'master' ? 'error' : 'note', found, `apmode doctor   # on ${peer.name}`)
    },
  }),
  check({
    id: 'network.vrrp-in',
    title: 'VRRP gets in',
    looks: 'the rules of the firewall for IP protocol 112 from the peer; what keepalived says here',
    why: 'A machine that hears nothing from the holder takes the VIP as well.',
    needs: ['config'],
    may: ['firewall', 'status'],
    judge: ({ config, firewall, status }) => {
      if (config.peers.length === 0) return ok(NO_PEER)
      const verdict = vrrpBarred(firewall, config, 'input')
      if (verdict !== null) return verdict
      return ok(status?.vrrp === 'backup' ? `adverts of ${config.peer?.name ?? 'a holder'} arrive` : 'no rule drops it')
    },
  }),
  check({
    id: 'network.witness',
    title: 'each witness answers',
    looks: 'one ping to each address in vrrp.witness',
    why: 'A machine that sees neither its peer nor a witness fences itself (G9).',
    needs: ['witness'],
    judge: ({ witness }) => {
      const silent = witness.filter(({ problem }) => problem !== null)
      const mend = `ping -c 3 ${silent[0]?.address ?? ''}`
      const faults = silent.map(({ address, problem }) => `${address}: ${problem}`)
      const good = witness.length === 0 ? 'none is configured' : witness.map(({ address }) => address).join(', ')
      return unless(silent.length === witness.length ? 'error' : 'warning', faults, mend, good)
    },
  }),
  check({
    id: 'network.health',
    title: 'the read-only port answers',
    looks: 'GET /health on health.listen',
    why: 'Load balancers and monitoring ask there.',
    needs: ['health', 'config'],
    judge: ({ health, config }) => {
      const at = config.health === null ? '' : `${config.health.host}:${config.health.port}`
      return health === null ? ok(at) : bad('warning', `${at}: ${health}`, 'systemctl restart apmode')
    },
  }),
]
