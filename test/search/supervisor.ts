/**
 * The supervisor of one machine, one task at a time: the real core decides (interpret, transition, judge), the loop of
 * `src/host/settle.ts` and the commands of `src/host/commands.ts` are told again here, in pieces between which anything
 * may happen. Invariant: a look is atomic, a step is atomic, nothing else is.
 */
import type { Config } from '../../src/core/config.ts'
import { interpret, lookUp, withoutStaleWord } from '../../src/core/interpret.ts'
import { judge } from '../../src/core/judge.ts'
import { lineageReasons } from '../../src/core/lineage.ts'
import { transition } from '../../src/core/machine.ts'
import type { Observed } from '../../src/core/observed.ts'
import { type MachineEvent, type State, sameState } from '../../src/core/state.ts'
import { type Step, sentenceOf } from '../../src/core/step.ts'
import { becomes, runsRouter, withDatabase, withoutDatabase } from './around.ts'
import { notice } from './notice.ts'
import { configFor, observe, type Pair, peerOf, stateOf, viewOf } from './observe.ts'
import { perform } from './perform.ts'
import { hasVip, isOpen, type Machine, type Side, type Task, type World, withMachine } from './world.ts'

export type Decide = (observed: Observed, state: State) => MachineEvent | null

const movedTo = (state: State) => ({ mode: state.mode, role: state.role, vrrp: state.vrrp }) as Partial<Machine>

const stepTasks = (steps: readonly Step[]): Task[] =>
  steps.flatMap((step): Task[] => {
    if (step.do === 'commit-with-peer')
      return [
        { do: 'claim', claim: 'shared' },
        { do: 'step', step },
      ]
    if (step.do === 'commit-alone')
      return [
        { do: 'claim', claim: 'alone' },
        { do: 'step', step },
      ]
    return [{ do: 'step', step }]
  })

interface Planned {
  readonly withdraw: readonly Step[]
  readonly grant: readonly Step[]
}

const plans = new Map<string, Planned>()

/** The core is pure: what was judged once is known. */
function judged(world: World, side: Side, pair: Pair): Planned {
  const view = viewOf(world, side, pair)
  const known = plans.get(view)
  if (known !== undefined) return known
  const state = stateOf(world.machines[side])
  const circumstances = { event: 'search', from: state, planned: true }
  const { plan } = judge(state, observe(world, side, pair), configFor(pair, side), circumstances)
  // What only writes a file for a person changes nothing between the machines.
  const keep = (step: Step) => step.do !== 'keep-transactions' && step.do !== 'wait-for-peer'
  const planned = { withdraw: plan.withdraw.filter(keep), grant: plan.grant.filter(keep) }
  plans.set(view, planned)
  return planned
}

const moves = new Map<string, State>()

/** Where `event` (by its name) leads; `decide` is asked only for what is not known yet. */
function moved(world: World, side: Side, pair: Pair, name: string, decide: Decide): { to: State; takesOver: boolean } {
  const view = `${name} ${viewOf(world, side, pair)}`
  const from = stateOf(world.machines[side])
  const known = moves.get(view)
  if (known !== undefined) return { to: known, takesOver: takesOver(from, known) }
  const observed = observe(world, side, pair)
  const event = decide(observed, from)
  const now = withoutStaleWord(from, observed)
  const to = event === null ? now : transition(now, event)
  moves.set(view, to)
  return { to, takesOver: takesOver(from, to) }
}

/** Only MASTER leads from the pair to `s` without an operator (settle.ts). */
const takesOver = (from: State, to: State) => from.mode === 'ap' && to.mode === 's' && to.vrrp === 'master'

/** What is remembered at the end of a settling (settle.ts, `#remember`). */
function remembered(world: World, side: Side): World {
  const self = world.machines[side]
  const open = isOpen(world, side)
  const master = self.vrrp === 'master'
  const led = self.mode !== 'm' && (self.led || (open && master))
  const leadKept = master && (self.leadKept || (open && hasVip(self)))
  let { claim } = self
  if (open && master && hasVip(self) && claim !== 'shared') claim = 'alone'
  if (claim === 'taking' && !master && !open) claim = 'none'
  const same = led === self.led && leadKept === self.leadKept && claim === self.claim
  return same ? world : withMachine(world, side, { led, leadKept, claim })
}

/** Begins a settling: look, decide, and what is to be done. `then`: what a command has to do afterwards. */
export function settle(
  world: World,
  side: Side,
  pair: Pair,
  name: string,
  decide: Decide,
  then: readonly Task[] = [],
): World {
  let seen = notice(world, side, pair)
  if (seen.machines[side].routerDownExpected && runsRouter(seen.machines[side])) {
    seen = withMachine(seen, side, { routerDownExpected: false })
  }
  const from = stateOf(seen.machines[side])
  const { to, takesOver } = moved(seen, side, pair, name, decide)
  let next = sameState(from, to) ? seen : withMachine(seen, side, movedTo(to))
  if (takesOver && !name.startsWith('set')) next = withMachine(next, side, { claim: 'taking' })
  const { withdraw, grant } = judged(next, side, pair)
  if (withdraw.length === 0 && grant.length === 0) {
    const end = remembered(next, side)
    return then.length === 0 && end.machines[side].job.length === 0 ? end : withMachine(end, side, { job: then })
  }
  const granting: Task[] = withdraw.length === 0 ? stepTasks(grant) : grant.length > 0 ? [{ do: 'look-again' }] : []
  return withMachine(next, side, { job: [...stepTasks(withdraw), ...granting, ...then] })
}

const check =
  (pair: Pair, side: Side): Decide =>
  (observed, state) =>
    lookUp(state, observed, configFor(pair, side))

/** A task of one settling; a command has others too. */
export const ofSettling = (task: Task) => task.do === 'step' || task.do === 'claim' || task.do === 'look-again'

/** The one who works does the next task; the one who rests hears, or looks. Several worlds: it is open which. */
export function* advance(world: World, side: Side, pair: Pair): Generator<{ what: string; world: World }> {
  const self = world.machines[side]
  if (!self.power || !self.supervisor) return
  const [task, ...rest] = self.job
  if (task === undefined) {
    const [word, ...words] = self.words
    // What was said is heard before anything else.
    if (word !== undefined) {
      const decide: Decide = (observed, state) => {
        const heard = interpret(word, state, observed, configFor(pair, side))
        return heard.believed ? heard.event : null
      }
      yield {
        what: `{self} hears ${word.toUpperCase()}`,
        world: settle(withMachine(world, side, { words }), side, pair, word, decide),
      }
    } else yield { what: '{self} looks', world: settle(world, side, pair, 'look', check(pair, side)) }
    return
  }
  // G8: a withdrawing word ends what is being granted, if it is read in time.
  const granting = task.do === 'step' && task.step.effect === 'grant'
  const withdrawing = !self.routerDownExpected && self.words.some((word) => word !== 'master')
  if ((granting || task.do === 'claim') && withdrawing) {
    yield { what: '{self} breaks off', world: ended(withMachine(world, side, { job: [] }), side) }
  }
  yield {
    what: `{self}: ${wordsOf(task, configFor(pair, side))}`,
    world: doTask(withMachine(world, side, { job: rest }), side, pair, task),
  }
}

const LOCAL: readonly string[] = ['change-files', 'mask-files', 'forget-primary', 'stop-replication']
const isLocal = (task: Task | undefined): task is Task & { readonly do: 'step' } =>
  task?.do === 'step' && LOCAL.includes(task.step.do)

function wordsOf(task: Task, config: Config): string {
  switch (task.do) {
    case 'step':
      // Without the guard's name and the reason: docs/limits.md tells what happens, not in whose words.
      return sentenceOf(task.step, config)
        .replace(/ \(G\d[^)]*\)/, '')
        .replace(': search', '')
    case 'claim':
      return `note that it leads ${task.claim === 'alone' ? 'alone' : 'with a peer that could take over'}`
    case 'settle':
    case 'look-again':
      return 'look again'
    case 'stop':
      return `stop the ${task.unit === 'router' ? 'keepalived' : 'database'}`
    case 'start-database':
      return 'start the database'
    case 'start-router':
      return 'look before keepalived starts'
    case 'router-on':
      return 'start keepalived'
    case 'back':
      return 'the command has ended'
  }
}

/** The end of a job, or of one of its settlings. */
function ended(world: World, side: Side): World {
  const { job, withdrawn } = world.machines[side]
  const next = job.every((task) => !ofSettling(task)) ? remembered(world, side) : world
  return job.length === 0 && withdrawn ? withMachine(next, side, { withdrawn: false }) : next
}

function doTask(world: World, side: Side, pair: Pair, task: Task): World {
  const self = world.machines[side]
  switch (task.do) {
    case 'claim':
      return withMachine(world, side, { claim: task.claim })
    case 'step': {
      let after = perform(world, side, task.step)
      // What nobody else can see needs no place of its own in the order of things.
      for (
        let next = after?.machines[side].job[0];
        after !== null && isLocal(next);
        next = after?.machines[side].job[0]
      ) {
        const [, ...rest] = after.machines[side].job
        after = perform(withMachine(after, side, { job: rest }), side, next.step)
      }
      // A grant that fails ends its settling, and the command; it is looked at again later.
      if (after === null) return ended(withMachine(world, side, { job: [] }), side)
      return ended(after, side)
    }
    case 'look-again': {
      const seen = notice(world, side, pair)
      const { withdraw, grant } = judged(seen, side, pair)
      const granting: Task[] = withdraw.length === 0 ? stepTasks(grant) : [{ do: 'look-again' }]
      return ended(withMachine(seen, side, { job: [...stepTasks(withdraw), ...granting, ...self.job] }), side)
    }
    case 'settle':
      return settle(world, side, pair, 'look', check(pair, side), self.job)
    case 'stop': {
      if (task.unit === 'router') {
        if (self.keepalived === 'down') return world
        return withMachine(world, side, { ...becomes(self, 'down'), routerDownExpected: true })
      }
      return self.db === 'off' ? world : withMachine(world, side, withoutDatabase(self, 'off'))
    }
    case 'start-database': {
      if (self.db === 'up') return world
      const { writable, leadKnown, lead } = peerOf(world, side)
      const stillOurs = writable === false && leadKnown && lead?.node === configFor(pair, side).node.name
      const asReplica = writable === true || (self.claim === 'shared' && !stillOurs)
      return withMachine(world, side, withDatabase(self, asReplica))
    }
    case 'start-router':
      if (runsRouter(self)) return world
      return settle(world, side, pair, 'started', () => ({ type: 'started' }), [{ do: 'router-on' }, ...self.job])
    case 'router-on':
      // Unfit for another reason than that it waits for the peer: it is not started.
      if (broken(world, side, pair)) return withMachine(world, side, { job: [] })
      return withMachine(world, side, becomes(self, self.unfit || !self.nic ? 'fault' : 'backup'))
    case 'back':
      return withMachine(world, side, { withdrawn: false })
  }
}

function broken(world: World, side: Side, pair: Pair): boolean {
  const state = stateOf(world.machines[side])
  const observed = observe(world, side, pair)
  const config = configFor(pair, side)
  const { unfit } = judge(state, observed, config, { event: '', from: state, planned: true })
  const waits = lineageReasons(state, observed, config)
  return unfit.some((reason) => !waits.includes(reason))
}
