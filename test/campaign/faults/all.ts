/** The long list. Invariant: keys are unique; the order is that of `--list`. */
import type { Fault } from '../fault.ts'
import { API_FAULTS } from './api.ts'
import { CLOCK_FAULTS } from './clock.ts'
import { DATABASE_FAULTS } from './database.ts'
import { DISK_FAULTS } from './disk.ts'
import { KEEPALIVED_FAULTS } from './keepalived.ts'
import { NETWORK_FAULTS } from './network.ts'
import { OPERATOR_FAULTS } from './operator.ts'
import { POWER_FAULTS } from './power.ts'
import { SUPERVISOR_FAULTS } from './supervisor.ts'

export const FAULTS: readonly Fault[] = [
  ...DATABASE_FAULTS,
  ...DISK_FAULTS,
  ...API_FAULTS,
  ...KEEPALIVED_FAULTS,
  ...SUPERVISOR_FAULTS,
  ...POWER_FAULTS,
  ...NETWORK_FAULTS,
  ...CLOCK_FAULTS,
  ...OPERATOR_FAULTS,
]
