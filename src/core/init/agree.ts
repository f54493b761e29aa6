/** A configuration that is there already, as the answers that would make it; and which flags say something else. Pure. */
import type { Config } from '../config.ts'
import { ANSWER_NAMES, type Answers, flagOf, listOf, unitOf } from './answers.ts'

/** `named`: whom the answers call the other machine; of more than two they know one at a time. */
export function answersOf(config: Config, named?: string): Answers {
  const { node, vrrp, database } = config
  const peer = config.peers.find(({ name }) => name === named) ?? config.peer
  const units = (kind: string) => config.units.filter((unit) => unit.kind === kind).map((unit) => unit.name)
  return {
    node: node.name,
    role: node.role,
    ...(peer === null ? {} : { peer: peer.name, peerAddress: peer.address, peerInterface: peer.interface }),
    vip: vrrp.vip,
    interface: node.interface,
    address: node.address,
    routerId: String(vrrp.virtualRouterId),
    witness: vrrp.witness.join(',') || 'none',
    database: database.engine === 'none' ? 'none' : units('database').join(','),
    api: [...units('api'), ...units('other')].join(',') || 'none',
    router: units('router').join(','),
    codename: config.codename,
    modeFile: config.modeFile,
    durability: database.durability,
    replicationUser: database.replicationUser,
    socket: database.socket,
  }
}

/** `--vip says "…", … says "…"`; empty: every flag that was given agrees with the file. */
export function disagreements(path: string, config: Config, given: Answers): string[] {
  const there = answersOf(config, given.peer)
  return ANSWER_NAMES.flatMap((name) => {
    const [wanted, has] = [given[name], there[name] ?? 'nothing']
    if (wanted === undefined || isSame(name, wanted, has)) return []
    return [`${flagOf(name)} says ${JSON.stringify(wanted)}, ${path} says ${JSON.stringify(has)}`]
  })
}

function isSame(name: keyof Answers, wanted: string, has: string): boolean {
  if (wanted === has) return true
  if (name === 'vip') return has.startsWith(`${wanted}/`)
  if (name === 'database' || name === 'api' || name === 'router')
    return listOf(wanted).map(unitOf).join(',') === listOf(has).join(',')
  return name === 'witness' && listOf(wanted).join(',') === listOf(has).join(',')
}
