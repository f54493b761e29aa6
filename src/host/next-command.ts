/** The command that an operator would sensibly type next on this machine, from its status. Pure. */
import type { Status } from '../ports/control.ts'

type Facts = Omit<Status, 'next'>

const say = (command: string, why: string) => ({ command, why })

/** `servicesRun`: every service unit but keepalived is running. null: nothing to do. */
export function nextCommand(status: Facts, servicesRun: boolean): Status['next'] {
  const router = status.units.find((unit) => unit.kind === 'router')
  const routerRuns = router?.active === 'active'
  switch (status.mode) {
    case 'unset':
      return say('apmode set ap --now', 'no mode has been set: make this machine a member of the pair')
    case 'unreadable':
      return say('apmode set m', 'the mode file cannot be understood: decide what this machine is')
    case 'm':
      return say('apmode set ap --now', 'when the maintenance is done or the fault is mended: back into the pair')
    case 's':
      if (!routerRuns || !servicesRun) return say('apmode start', 'not everything runs')
      return status.peer?.attached === true
        ? say('apmode set ap', 'the peer is back and follows: make it a pair again')
        : null
    case 'ap':
      if (!routerRuns || !servicesRun) return say('apmode start', 'not everything runs')
      return null
  }
}
