/**
 * What changes where a member stands in its Galera cluster: it falls behind on purpose, forms a primary component, takes writes.
 * Invariant: a change that the server could not be stopped from finishing later is not begun while it cannot be done at once.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { clusterStatements } from '../../core/cluster-statements.ts'
import { ApmodeError } from '../../core/errors.ts'
import { statements } from '../../core/statements.ts'
import type { Primary } from '../../ports/database.ts'
import type { Call } from '../../ports/systemd.ts'
import { DatabaseFailure } from './failure.ts'
import type { Link } from './link.ts'
import { lookAtMember, type Member } from './membership.ts'
import { isWritable } from './observe.ts'
import type { PeerLook } from './peer.ts'
import { type Countdown, countdown, linkOf, operate, type Session } from './session.ts'

const LOOK_EVERY_MS = 5

export async function desync(session: Session, on: boolean, call: Call): Promise<void> {
  await operate(session, on ? 'fall behind on purpose' : 'keep up again', call, async (link, left) => {
    const { cluster } = inCluster(await lookAtMember(link, left.leftMs()))
    if (cluster.desynced === on) return
    if (cluster.component !== 'Primary') throw new ApmodeError('refused', `it is ${cluster.component}`)
    // A donor, or under a backup's FLUSH TABLES WITH READ LOCK: nobody waits for it already, and the statement would hang until
    // that ends, whatever limit it has, and count twice when it is said again.
    if (on && cluster.state === 'Donor/Desynced') return
    left.check()
    await link.run([clusterStatements.desync(on)], left.leftMs())
  })
}

export async function formComponent(session: Session, call: Call): Promise<void> {
  await operate(session, 'form a primary component', call, async (link, left) => {
    const { cluster } = inCluster(await lookAtMember(link, left.leftMs()))
    if (cluster.component === 'Primary') {
      throw new ApmodeError('refused', `it is in a primary component already, one of ${cluster.size}`)
    }
    left.check()
    await link.run([clusterStatements.formComponent()], left.leftMs())
    await takesStatements(link, left)
  })
}

async function takesStatements(link: Link, left: Countdown): Promise<void> {
  for (;;) {
    const { cluster } = await lookAtMember(link, left.leftMs())
    if (cluster.component === 'Primary' && cluster.ready) return
    left.check()
    await pause(LOOK_EVERY_MS)
  }
}

function inCluster(member: Member): Member {
  if (member.cluster.component !== 'Disconnected') return member
  throw new ApmodeError('refused', 'it is in no Galera cluster (wsrep_cluster_status Disconnected)')
}

/** `scheduler`: switch the event scheduler on again. */
export async function takeWrites(session: Session, scheduler: boolean, call: Call): Promise<void> {
  await operate(session, 'allow writes', call, async (link, left) => {
    left.check()
    const state = (await link.run(statements.allowWrites(), left.leftMs())).at(-1)?.[0]
    if (!isWritable(state?.read_only)) {
      throw new DatabaseFailure('error', `${link.where} still says read_only=${state?.read_only ?? 'nothing'}`)
    }
    if (scheduler) await link.run([statements.enableEvents()], left.leftMs())
  })
}

/** Until the peer has applied what is committed here now. Never throws. */
export async function waitForMember(session: Session, look: PeerLook, peer: Primary, call: Call) {
  const left = countdown(call)
  try {
    const goal = (await lookAtMember(await linkOf(session, 'observe', left.leftMs()), left.leftMs())).cluster
    for (;;) {
      const { cluster, detail } = await look.observe(peer, { ...call, timeoutMs: left.leftMs() })
      if (cluster !== null && cluster.uuid === goal.uuid && cluster.seqno >= goal.seqno) {
        return { complete: true, detail: `${peer.host} has applied ${goal.uuid}:${goal.seqno}` }
      }
      if (call.signal?.aborted || left.leftMs() === 0) {
        const found = cluster === null ? detail : `${cluster.uuid}:${cluster.seqno}`
        return { complete: false, detail: `${peer.host}: ${found}, not ${goal.uuid}:${goal.seqno}` }
      }
      await pause(LOOK_EVERY_MS)
    }
  } catch (error) {
    return { complete: false, detail: error instanceof Error ? error.message : String(error) }
  }
}
