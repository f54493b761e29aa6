/** What can be found on a machine before anybody is asked, and the defaults that follow from it. Pure. */
import { parseAddress, parsePrefixed } from '../config/address.ts'
import type { KnownMode } from '../vocabulary.ts'
import { type Answers, listOf, unitOf } from './answers.ts'

export interface FoundInterface {
  readonly name: string
  /** Of global scope, in the kernel's order. */
  readonly addresses: readonly { readonly address: string; readonly prefix: number }[]
}

export interface FoundUnit {
  /** The primary name: `mysql` is found as `mariadb.service`. */
  readonly id: string
  readonly active: boolean
}

export interface Found {
  readonly hostname: string
  /** The text of /etc/apmode/node. */
  readonly nodeFile: string | null
  /** Without the loopback. */
  readonly interfaces: readonly FoundInterface[]
  /** Those of the asked ones that systemd knows, by the name that was asked for. */
  readonly units: ReadonlyMap<string, FoundUnit>
}

export const DATABASES = ['mariadb.service', 'mysql.service', 'mysqld.service'] as const
export const APIS = ['nginx.service', 'apache2.service', 'httpd.service', 'caddy.service', 'lighttpd.service'] as const
export const ROUTER = 'keepalived.service'

/** `host1` → `host2`, `db-a` → `db-b`: a guess to be confirmed; null where the name has no such end. */
export function guessPeer(node: string): string | null {
  const [, head, end = '', domain = ''] = /^([^.]*[-_]|[^.]*(?=[12]))([12ab])(\..*)?$/.exec(node) ?? []
  const other: Readonly<Record<string, string>> = { '1': '2', '2': '1', a: 'b', b: 'a' }
  return head === undefined || other[end] === undefined ? null : `${head}${other[end]}${domain}`
}

function isIn(network: { readonly address: string; readonly prefix: number }, text: string): boolean {
  const [own, other] = [parseAddress(network.address), parseAddress(text)]
  if (own === null || other === null || own.family !== other.family) return false
  return own.bytes.every((byte, index) => {
    const bits = Math.min(8, Math.max(0, network.prefix - index * 8))
    const mask = (0xff << (8 - bits)) & 0xff
    return (byte & mask) === ((other.bytes[index] ?? 0) & mask)
  })
}

/** The networks of this machine in which that address lies. */
export function networksWith(found: Found, text: string | undefined) {
  const bare = text?.split('/')[0] ?? ''
  return found.interfaces.flatMap(({ name, addresses }) =>
    addresses.filter((network) => isIn(network, bare)).map((network) => ({ interface: name, ...network })),
  )
}

function interfaceFor(found: Found, given: Answers): string | undefined {
  const having = found.interfaces.find(({ addresses }) => addresses.some(({ address }) => address === given.address))
  if (having !== undefined) return having.name
  for (const other of [given.peerAddress, given.vip]) {
    const names = new Set(networksWith(found, other).map((network) => network.interface))
    if (names.size === 1) return [...names][0]
  }
  const usable = found.interfaces.filter(({ addresses }) => addresses.length > 0)
  return usable.length === 1 ? usable[0]?.name : undefined
}

/** Its own one, which is not the VIP, in the network of the peer or the VIP where there are several. */
function addressOn(found: Found, name: string | undefined, given: Answers): string | undefined {
  const all = found.interfaces.find((candidate) => candidate.name === name)?.addresses ?? []
  const vip = given.vip?.split('/')[0]
  const others = all.filter(({ address }) => address !== vip)
  // A VIP that is this machine's only address is a mistake, and the parser says so.
  const own = others.length > 0 ? others : all
  for (const other of [given.peerAddress, given.vip]) {
    const near = own.find((network) => isIn(network, other?.split('/')[0] ?? ''))
    if (near !== undefined) return near.address
  }
  const first = own.filter(({ address }) => parseAddress(address)?.family === 4)
  return (first.length > 0 ? first : own).map(({ address }) => address)[0]
}

/** Without a prefix length it gets that of the network in which it lies. */
function vipOf(found: Found, given: string | undefined): string | undefined {
  if (given === undefined || given.includes('/')) return given
  const [network] = networksWith(found, given)
  return network === undefined ? given : `${given}/${network.prefix}`
}

/** `given`, and for the rest what was found or is usual; what is still missing has to be asked. Never invents a peer. */
export function withDefaults(found: Found, given: Answers): Answers {
  const known = (names: readonly string[]) => [...new Set(names.flatMap((name) => found.units.get(name)?.id ?? []))]
  const card = given.interface ?? interfaceFor(found, given)
  const address = given.address ?? addressOn(found, card, given)
  const vip = vipOf(found, given.vip)
  const units = (text: string) => listOf(text).map(unitOf).join(',') || 'none'
  return {
    ...given,
    node: given.node ?? (found.nodeFile?.trim() || found.hostname),
    role: given.role ?? 'active',
    ...(vip === undefined ? {} : { vip }),
    ...(card === undefined ? {} : { interface: card }),
    ...(address === undefined ? {} : { address }),
    ...((given.peerInterface ?? card) === undefined ? {} : { peerInterface: given.peerInterface ?? card ?? '' }),
    routerId: given.routerId ?? '50',
    witness: given.witness ?? 'none',
    database: units(given.database ?? known(DATABASES)[0] ?? DATABASES[0]),
    api: units(given.api ?? known(APIS).join(',')),
    router: unitOf(given.router ?? ROUTER),
    codename: given.codename ?? 'ap',
    modeFile: given.modeFile ?? '/opt/ap-mode',
    durability: given.durability ?? 'semi-sync',
    replicationUser: given.replicationUser ?? 'replication',
    socket: given.socket ?? '/run/mysqld/mysqld.sock',
  }
}

/** What is no fault and still worth a look, in sentences. */
export function notesOn(found: Found, own: { readonly address: string; readonly interface: string }, vip: string) {
  const notes: string[] = []
  const card = found.interfaces.find(({ name }) => name === own.interface)
  if (card === undefined) {
    const names = found.interfaces.map(({ name }) => name).join(', ') || 'none'
    notes.push(`this machine has no interface ${own.interface} now (found: ${names})`)
  } else if (!card.addresses.some(({ address }) => address === own.address)) {
    const has = card.addresses.map(({ address }) => address).join(', ') || 'none'
    notes.push(`${own.address} is not on ${own.interface} now (found: ${has})`)
  }
  const parsed = parsePrefixed(vip)
  if (
    parsed !== null &&
    card !== undefined &&
    !card.addresses.some((network) => isIn(network, vip.split('/')[0] ?? ''))
  )
    notes.push(`the VIP ${vip} lies in none of the networks of ${own.interface}`)
  return notes
}

/** A mode file that is older than the configuration: of the scripts that apmode replaces, say. */
export function leftMode(path: string, mode: KnownMode): string[] {
  if (mode === 'unset') return []
  return [
    `${path} is there already (${mode}): the supervisor makes that hold as soon as it has a configuration; ` +
      `to begin without a mode, first: mv ${path} ${path}.old`,
  ]
}
