/** The name of every step, as a list; the compiler asks for a new one. */
import type { StepName } from './step.ts'
import type { Engine } from './vocabulary.ts'

const ALL: Readonly<Record<StepName, 'data' | 'machine'>> = {
  fence: 'data',
  'kill-database': 'data',
  'wait-for-peer': 'data',
  'declare-unfit': 'machine',
  'stop-unit': 'machine',
  'remove-vip': 'machine',
  'cut-replication': 'data',
  'mask-files': 'machine',
  drain: 'data',
  'stop-replication': 'data',
  'offer-lead': 'data',
  'record-lead': 'data',
  'forget-primary': 'data',
  'commit-with-peer': 'data',
  'commit-alone': 'data',
  'allow-writes': 'data',
  'declare-fit': 'machine',
  'start-unit': 'machine',
  follow: 'data',
  'keep-transactions': 'data',
  'change-files': 'machine',
}

export const STEP_NAMES = Object.keys(ALL) as readonly StepName[]

/** Those that can come on a machine with this engine. */
export function stepNamesOf(engine: Engine): readonly StepName[] {
  return STEP_NAMES.filter((name) => engine !== 'none' || ALL[name] !== 'data')
}
