/**
 * A machine's power, for faults that come at the same time: one thing at a time for each machine.
 * Invariant: nobody turns a machine on that somebody else is turning off; what was frozen is thawed before it is asked
 * for anything.
 */
import type { Machine } from '../pair/apmode-pair.ts'
import { freeze, thaw } from '../pair/lab/cgroup.ts'

const last = new Map<string, Promise<unknown>>()

/** Runs `act` when what was begun before on this machine has ended, well or badly. */
function inTurn<T>(machine: Machine, act: () => Promise<T>): Promise<T> {
  const turn = (last.get(machine.cgroup) ?? Promise.resolve()).catch(() => {}).then(act)
  last.set(machine.cgroup, turn)
  return turn
}

export const powerOff = (machine: Machine) => inTurn(machine, () => machine.powerOff())

/** On, thawed and plugged, whatever was done to it. */
export const ensureOn = (machine: Machine) =>
  inTurn(machine, async () => {
    if (machine.running()) thaw(machine.cgroup)
    else await machine.powerOn()
    await machine.cable('plugged')
  })

export const reboot = (machine: Machine) =>
  inTurn(machine, async () => {
    if (machine.running()) await machine.reboot()
  })

/** Every process of the machine stops where it is; nothing of it is lost. */
export const freezeMachine = (machine: Machine) =>
  inTurn(machine, async () => {
    if (machine.running()) freeze(machine.cgroup)
  })
