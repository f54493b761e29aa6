/** The supervisor as it can be asked (ports/control.ts): the composition of commands, views and the queue. Decides nothing. */
import { givenUp, startSentence } from '../core/starting.ts'
import type { Control, ModeView, Status } from '../ports/control.ts'
import type { HistoryEntry } from '../ports/storage.ts'
import { checkView } from './check-view.ts'
import { Commands } from './commands.ts'
import { refused, type Tell } from './jobs.ts'
import { planView } from './plan-view.ts'
import { Reclone } from './reclone.ts'
import { Rejoin } from './rejoin.ts'
import { statusView } from './status-view.ts'
import type { Supervisor } from './supervisor.ts'

/** `status` looks anew unless the last look is younger than this. */
const FRESH_MS = 200
/** Beyond a unit's own time limit plus this, a job that still runs counts as stuck. */
const STUCK_MS = 30_000

export function createControl(supervisor: Supervisor): Control {
  const { settler, queue, parts } = supervisor
  const commands = new Commands(supervisor)
  const rejoin = new Rejoin(supervisor, commands)
  const reclone = recloneOf(supervisor, commands, rejoin)
  let lookedAt = Number.NEGATIVE_INFINITY

  /** What the reasons of `status` do not say already. */
  const startProblems = () => {
    if (settler.last === null) return []
    const { observed, judgement } = settler.last
    const said = [...judgement.unfit, ...judgement.holds]
    return givenUp(observed)
      .map(startSentence)
      .filter((sentence) => !said.includes(sentence))
  }
  const problems = () => [
    ...supervisor.problems.values(),
    ...settler.hooks.problems,
    ...startProblems(),
    ...(supervisor.modeProblem === null ? [] : [supervisor.modeProblem]),
    ...(settler.mode.unsaved === null ? [] : [`the mode could not be saved: ${settler.mode.unsaved}`]),
  ]

  // Read once: whoever asks from memory must not wait for a disk.
  const before = parts.history.newest(1).at(-1) ?? null
  const lastChange = (): HistoryEntry | null => settler.lastEntry ?? before

  const known = (): Status => statusView({ parts, settler, problems: problems(), lastChange: lastChange() })

  return {
    notify(event) {
      if (event.instance !== null && event.instance !== parts.config.vrrp.instance) {
        return { accepted: false, sentence: `instance ${event.instance} is not ${parts.config.vrrp.instance}` }
      }
      supervisor.hear(event)
      return { accepted: true, sentence: `${event.state.toUpperCase()} is queued` }
    },
    mode(): ModeView {
      return { mode: settler.state.mode, being: settler.mode.being, problem: supervisor.modeProblem }
    },
    async status(): Promise<Status> {
      // Before the first look there is nothing to tell: wait for it.
      const first = settler.last === null
      if (first || (queue.running === null && performance.now() - lookedAt > FRESH_MS)) {
        lookedAt = performance.now()
        await Promise.all([supervisor.refresh(), settler.bond.word.ask()])
      }
      return known()
    },
    known,
    onChange: (listener) => supervisor.changes.on(listener),
    history: (count) => parts.history.newest(count),
    check: (what) => checkView(supervisor, what),
    set: (request, onProgress) => commands.set(request, onProgress),
    units: (command, onProgress) => commands.units(command, onProgress),
    handover: (request, onProgress) => commands.handOver(request, onProgress),
    rejoin: (request, onProgress) => rejoin.run(request, onProgress),
    reclone: (request, onProgress) => reclone.run(request, onProgress),
    bootstrap: (request, onProgress) => commands.cluster.run(request, onProgress),
    cluster: () => commands.cluster.view(),
    plan: (request) => planView(supervisor, { commands, rejoin, reclone }, request),
    alive() {
      const { running } = queue
      const busyMs = running === null ? 0 : performance.now() - running.since
      const limitMs = parts.config.unitTimeoutMs * parts.config.units.length * 2 + STUCK_MS
      return busyMs < limitMs
        ? { ok: true, sentence: running === null ? 'idle' : `at work: ${running.name}` }
        : { ok: false, sentence: `${running?.name} has not ended for ${Math.round(busyMs / 1000)} s` }
    },
  }
}

function recloneOf(supervisor: Supervisor, commands: Commands, rejoin: Rejoin): Pick<Reclone, 'run' | 'plan'> {
  const { cloner } = supervisor.parts
  if (cloner !== null) {
    const back = (force: boolean, tell: Tell) => rejoin.run({ force, timeoutMs: null }, tell)
    return new Reclone(supervisor, { cloner, commands, rejoin: back })
  }
  const no = refused('reclone', 'there is no database to clone')
  return { run: async () => no, plan: async () => ({ checks: [], steps: [], refusal: no }) }
}
