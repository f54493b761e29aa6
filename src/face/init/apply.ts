/**
 * Does what was shown: the files, all or none, then the rest in order. Invariant: it ends at the first thing that fails, and
 * says what was done and what was not; doing it again goes on from there.
 */
import { messageOf } from '../../core/errors.ts'
import { type Action, actionSentence } from '../../core/init/plan.ts'
import { renderGrants } from '../../core/render/grants.ts'
import type { PlacedFile, SetupMachine } from '../../ports/setup.ts'
import type { Client } from '../client.ts'
import { EXIT } from '../exit.ts'
import { duration } from '../show/columns.ts'
import { changeSentence, type Outcome, type Plan } from './show.ts'

/** The supervisor looks for a configuration every two seconds. */
const SUPERVISOR_MS = 10_000
const ASK_MS = 2_000
const PAUSE_MS = 100

export interface Applying {
  readonly machine: SetupMachine
  readonly client: Pick<Client, 'ask'>
  readonly secret: string | null
  /** A supervisor runs with the configuration that was there before. */
  readonly wasUsable: boolean
  /** Told when something begins, so that what takes long is seen, and as it is done. */
  readonly begin: (sentence: string) => void
  readonly done: (sentence: string, took: string) => void
}

export async function apply(applying: Applying, plan: Plan): Promise<Outcome> {
  const { machine, begin } = applying
  const sentences = [
    ...plan.changes.map(changeSentence),
    ...plan.actions.map((action) => actionSentence(action, plan.config)),
  ]
  const done: string[] = []
  let placed: readonly PlacedFile[] = []
  const finish = (sentence: string, since: number) => {
    done.push(sentence)
    applying.done(sentence, duration(performance.now() - since))
  }
  try {
    const since = performance.now()
    placed = machine.place(plan.changes)
    for (const change of plan.changes) {
      const { backup = null } = placed.find(({ path }) => path === change.path) ?? {}
      finish(`${changeSentence(change)}${backup === null ? '' : `; the old one is ${backup}`}`, since)
    }
    for (const action of plan.actions) {
      const sentence = actionSentence(action, plan.config)
      const began = performance.now()
      begin(sentence)
      await perform(action, applying, plan)
      finish(sentence, began)
    }
  } catch (error) {
    const notDone = sentences.slice(done.length)
    return {
      exit: EXIT.failed,
      sentence: `${messageOf(error)}; run apmode init again when it is mended`,
      done,
      notDone,
      placed,
    }
  }
  return { exit: EXIT.done, sentence: `${plan.config.node.name} is set up`, done, notDone: [], placed }
}

async function perform(action: Action, applying: Applying, { config }: Plan): Promise<void> {
  const { machine, secret } = applying
  switch (action.do) {
    case 'reload-systemd':
      return machine.reloadSystemd()
    case 'restart':
      await machine.stop(action.unit)
      return machine.start(action.unit)
    case 'start':
      return machine.start(action.unit)
    case 'stop':
      return machine.stop(action.unit)
    case 'grant':
      return machine.runSql(config.database.socket, renderGrants(config, secret))
    case 'tell-supervisor':
      if (applying.wasUsable && action.changed) await machine.signalSupervisor()
      return supervisorAnswers(applying.client)
  }
}

/** So that the next command finds it ready. */
async function supervisorAnswers(client: Applying['client']): Promise<void> {
  const end = performance.now() + SUPERVISOR_MS
  for (;;) {
    try {
      await client.ask('GET', '/mode', undefined, ASK_MS)
      return
    } catch (error) {
      if (performance.now() > end) throw error
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }
}
