/** The command that an operator would sensibly type next, from the status of this machine. Pure. */
import { isPrimary } from '../core/cluster.ts'
import { isRunning } from '../core/observed.ts'
import { hasDatabase } from '../core/without-database.ts'
import type { NextCommand, Status } from '../ports/control.ts'

type Facts = Omit<Status, 'next'>

const say = (command: string, why: string): NextCommand => ({ command, on: null, why })

const NO_MODE = 'no mode has been set: make this machine a member of the pair'
const UNREADABLE = 'the mode file cannot be understood: decide what this machine is'
const MENDED = 'when the maintenance is done or the fault is mended: back into the pair'

const OUT_OF_THE_WAY = 'once its own rows are out of the way, as the reason says: it gets a whole copy'
const SET_AP_NOW = 'apmode set ap --now'

/** MariaDB: what this replica lacks is in no binary log of its primary any more. */
const LOG_IS_GONE = 1236

/** `servicesRun`: every service unit but keepalived is running. null: nothing to do. */
export function nextCommand(status: Facts, servicesRun: boolean): NextCommand | null {
  const router = status.units.find((unit) => unit.kind === 'router')
  const allRuns = router !== undefined && isRunning(router) && servicesRun
  if (!hasDatabase(status)) return withoutDatabase(status, allRuns)
  // Of more than one other member nothing is known here: whoever starts joins whoever is there.
  if (status.engine === 'galera' && status.peer === null) return withoutDatabase(status, allRuns)
  const peerServes = status.peer?.writable === true
  if (status.mode !== 'unset' && peerServes && status.holder !== true) {
    if (status.reasons.some((reason) => reason.startsWith('G6 diverged')))
      return status.engine === 'galera'
        ? say('apmode rejoin', OUT_OF_THE_WAY)
        : say('apmode reclone', `this machine has diverged: a fresh copy from ${status.peer?.name}`)
    if (status.replication?.errno === LOG_IS_GONE)
      return say('apmode reclone', `${status.peer?.name} has no longer what this machine lacks: a fresh copy`)
  }
  switch (status.mode) {
    case 'unset':
      return say(SET_AP_NOW, NO_MODE)
    case 'unreadable':
      return say('apmode set m', UNREADABLE)
    case 'm':
      if (peerServes) return say('apmode rejoin', MENDED)
      // Where its data stands is looked for in `ap` only, and the other one asks for it.
      return status.engine === 'galera'
        ? say('apmode set ap', `${MENDED}; apmode start follows`)
        : say(SET_AP_NOW, MENDED)
    case 's':
      return whenAlone(status, allRuns)
    case 'ap':
      if (allRuns) return null
      return peerServes && status.peer?.attached !== true && status.holder !== true
        ? say('apmode rejoin', 'not everything runs: catch up and stand by')
        : say('apmode start', 'not everything runs')
  }
}

/** Whether another machine serves is not known here. */
function withoutDatabase({ mode, peer, peers, cluster }: Facts, allRuns: boolean): NextCommand | null {
  switch (mode) {
    case 'unset':
      return say(SET_AP_NOW, NO_MODE)
    case 'unreadable':
      return say('apmode set m', UNREADABLE)
    case 'm':
      return peer === null ? say(SET_AP_NOW, MENDED) : say('apmode rejoin', MENDED)
    case 'ap':
      return allRuns ? null : say('apmode start', 'not everything runs')
    case 's':
      if (!allRuns) return say('apmode start', 'not everything runs')
      if (isPrimary(cluster) && peers.some(({ address }) => cluster?.members.includes(address)))
        return say('apmode set ap', 'another member is there: this one is not alone any more')
      return peer === null
        ? null
        : say('apmode set ap', `once ${peer.name} is mended and stands by again (apmode rejoin there): make it a pair`)
  }
}

function whenAlone({ holder, peer }: Facts, allRuns: boolean): NextCommand | null {
  if (!allRuns) return say('apmode start', 'not everything runs')
  if (peer === null) return null
  if (peer.attached === true) return say('apmode set ap', 'the peer is back and follows: make it a pair again')
  if (holder !== true) return null
  return { command: 'apmode rejoin', on: peer.name, why: 'once it is mended: it follows this machine again' }
}
