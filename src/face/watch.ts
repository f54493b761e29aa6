/**
 * `apmode status --watch`: on a terminal one screen that is redrawn in place, elsewhere one block of text for each change that
 * matters, with --json one line for each change. Ends with Ctrl-C, which is no failure. Never asks for anything but to be told.
 */
import type { PeerView, Status } from '../ports/control.ts'
import type { ReplicationStatus } from '../ports/database.ts'
import type { Context } from './context.ts'
import { EXIT, type Exit } from './exit.ts'
import { follow } from './follow.ts'
import { untilInterrupted } from './interrupted.ts'
import { showLive } from './live.ts'
import { showStatus } from './show/status.ts'

interface WatchFlags {
  readonly json: boolean
}

export async function watchStatus(context: Context, { json }: WatchFlags): Promise<Exit> {
  const { outIsTerminal, environment } = context.terminal
  const live = outIsTerminal && environment.TERM !== 'dumb' && !json
  await untilInterrupted((ended) => (live ? showLive(context, ended) : asText(context, json, ended)))
  return EXIT.done
}

async function asText({ client, terminal, paint }: Context, json: boolean, ended: AbortSignal): Promise<void> {
  let shown = ''
  for await (const told of follow(client, { history: 0, ended })) {
    if (told.type === 'lost') terminal.err(`apmode: ${told.failure.message}; trying again\n`)
    if (told.type !== 'status') continue
    if (json) {
      terminal.out(`${JSON.stringify(told.status)}\n`)
      continue
    }
    const matters = JSON.stringify(whatMatters(told.status))
    if (matters === shown) continue
    const between = shown === '' ? '' : '\n'
    shown = matters
    terminal.out(`${between}${showStatus(told.status, { paint, width: terminal.width }, Date.now())}`)
  }
}

/** Without what moves all the time while nothing happens. */
function whatMatters(status: Status): unknown {
  const { peer, replication } = status
  return { ...status, gtid: null, replication: still(replication), peer: peer === null ? null : stillPeer(peer) }
}

function stillPeer(peer: PeerView): unknown {
  return { ...peer, saidAt: null, gtid: null, replication: still(peer.replication) }
}

function still(replication: ReplicationStatus | null): unknown {
  return replication === null ? null : { ...replication, lagSeconds: null, gtid: null, received: null }
}
