/** The name of every step, as a list; the compiler asks for a new one. */
import type { StepName } from './step.ts'

const ALL: Readonly<Record<StepName, true>> = {
  fence: true,
  'kill-database': true,
  'wait-for-peer': true,
  'declare-unfit': true,
  'stop-unit': true,
  'remove-vip': true,
  'cut-replication': true,
  'mask-files': true,
  drain: true,
  'stop-replication': true,
  'offer-lead': true,
  'record-lead': true,
  'forget-primary': true,
  'commit-with-peer': true,
  'commit-alone': true,
  'allow-writes': true,
  'declare-fit': true,
  'start-unit': true,
  follow: true,
  'keep-transactions': true,
  'change-files': true,
}

export const STEP_NAMES = Object.keys(ALL) as readonly StepName[]
