/** The command that an operator would sensibly type next, from the status of this machine. Pure. */
import type { NextCommand, Status } from '../ports/control.ts'

type Facts = Omit<Status, 'next'>

const say = (command: string, why: string): NextCommand => ({ command, on: null, why })

/** MariaDB: what this replica lacks is in no binary log of its primary any more. */
const LOG_IS_GONE = 1236

/** `servicesRun`: every service unit but keepalived is running. null: nothing to do. */
export function nextCommand(status: Facts, servicesRun: boolean): NextCommand | null {
  const router = status.units.find((unit) => unit.kind === 'router')
  const allRuns = router?.active === 'active' && servicesRun
  const peerServes = status.peer?.writable === true
  if (status.mode !== 'unset' && peerServes && status.holder !== true) {
    if (status.reasons.some((reason) => reason.startsWith('G6 diverged')))
      return say('apmode reclone', `this machine has diverged: a fresh copy from ${status.peer?.name}`)
    if (status.replication?.errno === LOG_IS_GONE)
      return say('apmode reclone', `${status.peer?.name} has no longer what this machine lacks: a fresh copy`)
  }
  switch (status.mode) {
    case 'unset':
      return say('apmode set ap --now', 'no mode has been set: make this machine a member of the pair')
    case 'unreadable':
      return say('apmode set m', 'the mode file cannot be understood: decide what this machine is')
    case 'm':
      return peerServes
        ? say('apmode rejoin', 'when the maintenance is done or the fault is mended: back into the pair')
        : say('apmode set ap --now', 'when the maintenance is done or the fault is mended: back into the pair')
    case 's':
      return whenAlone(status, allRuns)
    case 'ap':
      if (allRuns) return null
      return peerServes && status.peer?.attached !== true && status.holder !== true
        ? say('apmode rejoin', 'not everything runs: catch up and stand by')
        : say('apmode start', 'not everything runs')
  }
}

function whenAlone({ holder, peer }: Facts, allRuns: boolean): NextCommand | null {
  if (!allRuns) return say('apmode start', 'not everything runs')
  if (peer === null) return null
  if (peer.attached === true) return say('apmode set ap', 'the peer is back and follows: make it a pair again')
  if (holder !== true) return null
  return { command: 'apmode rejoin', on: peer.name, why: 'once it is mended: it follows this machine again' }
}
