/**
 * What all machines say of their part of the cluster, side by side: this one from memory, the others by their read-only ports,
 * and where nobody answers by a look at the database. Invariant: it changes nothing, and whoever does not answer is unknown.
 */
import { isPrimaryView, type Member } from '../../core/bootstrap.ts'
import type { NodeConfig } from '../../core/config.ts'
import { messageOf } from '../../core/errors.ts'
import type { Position } from '../../core/galera-state.ts'
import type { MemberView } from '../../ports/cluster.ts'
import type { Tell } from '../jobs.ts'
import { databaseAt, type Parts } from '../parts.ts'
import { SEEKING } from './own-position.ts'

const ASK_MS = 1_500
const DATABASE_MS = 500
const AGAIN_MS = 300
/** A recovery takes as long as the logs are; whoever asks may ask again. */
export const PATIENCE_MS = 60_000

export interface Words {
  /** Machines that a person gives up. */
  readonly without: readonly string[]
  readonly positions: ReadonlyMap<string, Position>
}

export const NO_WORDS: Words = { without: [], positions: new Map() }

/** `patienceMs`: how long whoever is about to know more is waited for. */
export async function survey(
  parts: Parts,
  own: () => Promise<MemberView>,
  { words, patienceMs, tell }: { readonly words: Words; readonly patienceMs: number; readonly tell: Tell },
): Promise<readonly Member[]> {
  const { config, clock } = parts
  const until = clock.elapsed() + patienceMs
  let told = false
  for (;;) {
    const members = await Promise.all(
      config.nodes.map(async (node): Promise<Member> => {
        const heard = node === config.node ? { view: await own(), silence: '' } : await once(parts, node)
        const given = words.positions.get(node.name) ?? null
        return { node: node.name, ...heard, given, without: words.without.includes(node.name) }
      }),
    )
    const primary = members.some(({ view }) => isPrimaryView(view))
    const seeking = members.filter(({ view }) => view?.detail === SEEKING).map(({ node }) => node)
    if (primary || seeking.length === 0 || clock.elapsed() >= until) return members
    if (!told)
      tell({ type: 'note', sentence: `waiting until it is known where the data of ${seeking.join(' and ')} stands` })
    told = true
    await clock.sleep(AGAIN_MS)
  }
}

type Heard = Pick<Member, 'view' | 'silence'>

async function once(parts: Parts, node: NodeConfig): Promise<Heard> {
  const { cluster } = parts
  if (cluster === null) return { view: null, silence: 'no cluster is configured' }
  try {
    const view = await cluster.neighbours.ask(node.address, { timeoutMs: ASK_MS })
    if (view.node === node.name) return { view, silence: '' }
    return { view: null, silence: `${node.address} says that it is ${view.node}` }
  } catch (thrown) {
    return fromDatabase(parts, node, messageOf(thrown))
  }
}

/** A machine whose supervisor is away may serve all the same. */
async function fromDatabase({ database, config }: Parts, node: NodeConfig, silence: string): Promise<Heard> {
  const found = await database?.observePeer(databaseAt(node, config), { timeoutMs: DATABASE_MS }).catch(() => null)
  if (found?.reachable !== true) return { view: null, silence }
  const { component = null, state = null, uuid = null, seqno = null } = found.cluster ?? {}
  const view: MemberView = {
    ...{ node: node.name, running: true, component, state, uuid, seqno },
    safeToBootstrap: null,
    known: uuid === null ? null : 'running',
    forming: false,
    detail: uuid === null ? `its database answers, and does not say where it stands; its supervisor: ${silence}` : '',
  }
  return { view, silence }
}
