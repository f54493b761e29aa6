/** The name of every step, as a list; the compiler asks for a new one. */
import type { StepName } from './step.ts'
import type { Engine } from './vocabulary.ts'

/** `replica`: of a pair with one primary. `member`: of a Galera cluster. `data`: of both. */
const ALL: Readonly<Record<StepName, 'data' | 'replica' | 'member' | 'machine'>> = {
  fence: 'data',
  'kill-database': 'data',
  'wait-for-peer': 'data',
  'declare-unfit': 'machine',
  'stop-unit': 'machine',
  desync: 'member',
  'drain-clients': 'member',
  resync: 'member',
  'form-component': 'member',
  'remove-vip': 'machine',
  'cut-replication': 'replica',
  'mask-files': 'machine',
  drain: 'replica',
  'stop-replication': 'replica',
  'offer-lead': 'data',
  'record-lead': 'data',
  'forget-primary': 'replica',
  'commit-with-peer': 'replica',
  'commit-alone': 'replica',
  'allow-writes': 'data',
  'declare-fit': 'machine',
  'start-unit': 'machine',
  follow: 'replica',
  'keep-transactions': 'replica',
  'change-files': 'machine',
}

export const STEP_NAMES = Object.keys(ALL) as readonly StepName[]

const KINDS = {
  mariadb: ['data', 'replica', 'machine'],
  galera: ['data', 'member', 'machine'],
  none: ['machine'],
} as const satisfies Readonly<Record<Engine, readonly string[]>>

/** Those that can come on a machine with this engine. */
export function stepNamesOf(engine: Engine): readonly StepName[] {
  const kinds: readonly string[] = KINDS[engine]
  return STEP_NAMES.filter((name) => kinds.includes(ALL[name]))
}
