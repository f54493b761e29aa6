/** What persons do at the wrong moment: commands, on one machine and on both at once, and the mode file by hand. Data. */
import { setTimeout as pause } from 'node:timers/promises'
import { type Fault, nothing, PLACES, type Scene, shell } from '../fault.ts'

/** The mode that a person leaves behind is the person's decision, and so is that nobody serves then. */
const common = {
  subject: 'operator',
  layer: 'guest',
  places: PLACES,
  personsDecision: true,
  lastsMs: [300, 3000],
  mend: nothing,
} as const

const COMMANDS = [
  'handover',
  'handover --timeout 0.2',
  'rejoin --timeout 10',
  'set ap',
  'set ap --now',
  'set s',
  'set s --now',
  'set m',
  'set m --now',
  'start',
  'stop',
  'restart',
] as const

/** Whatever it answers is right, as long as it answers. */
const types = (command: string) => async (scene: Pick<Scene, 'machine'>) => {
  const { timedOut } = await scene.machine.apmode(command, { timeoutMs: 60_000 })
  if (timedOut) throw new Error(`cannot run apmode ${command}: no answer within a minute`)
}

const command = (words: string): Fault => ({
  ...common,
  key: `operator-${words.replaceAll(/[ -]+/g, '-')}`,
  title: `apmode ${words}`,
  strike: types(words),
})

export const OPERATOR_FAULTS: readonly Fault[] = [
  ...[
    'handover',
    'rejoin --timeout 20',
    'set m',
    'set m --now',
    'set m --force',
    'set s',
    'set ap --now',
    'stop',
    'restart',
  ].map(command),
  {
    ...common,
    key: 'operator-random',
    title: 'four commands, one after the other, at random',
    async strike({ machine, random }) {
      for (let count = 0; count < 4; count += 1) {
        await types(random.pick(COMMANDS))({ machine })
        await pause(random.whole(0, 500))
      }
    },
  },
  {
    ...common,
    key: 'operator-many',
    title: 'four commands at once, at random',
    async strike({ machine, random }) {
      await Promise.all(Array.from({ length: 4 }, () => types(random.pick(COMMANDS))({ machine })))
    },
  },
  {
    ...common,
    key: 'operators-on-both',
    title: 'commands on both machines at the same time, at random',
    places: ['holder'],
    async strike({ machine, peer, random }) {
      for (let count = 0; count < 3; count += 1) {
        const words = [random.pick(COMMANDS), random.pick(COMMANDS)] as const
        await Promise.all([types(words[0])({ machine }), types(words[1])({ machine: peer })])
      }
    },
  },
  {
    ...common,
    key: 'mode-by-hand',
    title: 'the mode file changed by hand',
    async strike({ machine, random }) {
      await machine.shell(`echo ${random.pick(['ap', 'm', 's'])} > /opt/ap-mode`)
    },
  },
  {
    ...common,
    key: 'mode-garbage',
    title: 'the mode file holds garbage',
    strike: shell('echo "being honest" > /opt/ap-mode'),
  },
]
