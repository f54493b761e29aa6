/**
 * What answers on the control socket while there is nothing to supervise: every question gets the reason, every fault of
 * the configuration included. And the switch between it and the real control, so that the door opens once.
 */
import { formatProblems, type LoadResult } from '../adapters/config-file.ts'
import { ApmodeError } from '../core/errors.ts'
import type { Control } from '../ports/control.ts'

/** Everything goes to whichever control there is at the moment of the call. */
export function delegating(current: () => Control): Control {
  return {
    notify: (event) => current().notify(event),
    mode: () => current().mode(),
    status: () => current().status(),
    known: () => current().known(),
    onChange: (listener) => current().onChange(listener),
    history: (count) => current().history(count),
    check: (what) => current().check(what),
    set: (request, onProgress) => current().set(request, onProgress),
    units: (command, onProgress) => current().units(command, onProgress),
    handover: (request, onProgress) => current().handover(request, onProgress),
    rejoin: (request, onProgress) => current().rejoin(request, onProgress),
    reclone: (request, onProgress) => current().reclone(request, onProgress),
    bootstrap: (request, onProgress) => current().bootstrap(request, onProgress),
    cluster: () => current().cluster(),
    plan: (request) => current().plan(request),
    alive: () => current().alive(),
  }
}

/** Answers before there is anything to supervise: every question gets the reason. */
export function waitingControl(loaded: () => LoadResult): Control {
  const reason = () => {
    const result = loaded()
    return result.ok
      ? new ApmodeError('unreachable', 'cannot answer yet: the supervisor is starting')
      : new ApmodeError(
          'config',
          `cannot supervise: the configuration cannot be used\n${formatProblems(result.path, result.problems)}`,
        )
  }
  const no = () => {
    throw reason()
  }
  return {
    notify: () => ({ accepted: false, sentence: reason().message }),
    mode: no,
    status: async () => no(),
    known: no,
    onChange: () => () => {},
    history: no,
    check: no,
    set: async () => no(),
    units: async () => no(),
    handover: async () => no(),
    rejoin: async () => no(),
    reclone: async () => no(),
    bootstrap: async () => no(),
    cluster: no,
    plan: async () => no(),
    alive: () => ({ ok: true, sentence: reason().message }),
  }
}
