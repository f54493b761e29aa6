/** Where the VIP is, seen from outside: in the kernel's own table of each machine, so that no supervisor spends time on it. */
import { readFileSync } from 'node:fs'
import type { Machine } from '../../test/pair/apmode-pair.ts'
import { VIP } from '../../test/pair/lab/network.ts'
import { waitFor } from '../../test/pair/lab/wait.ts'

const LOCAL = new RegExp(`\\|-- ${VIP.replaceAll('.', '\\.')}\\n\\s+/32 host LOCAL`)

export function carriesVip(machine: Machine): boolean {
  try {
    return LOCAL.test(readFileSync(`/proc/${machine.leaderPid() ?? 'none'}/net/fib_trie`, 'utf8'))
  } catch {
    return false // off
  }
}

/** The machine with the VIP, once there is one that is none of these. */
export function movedTo(
  machines: readonly Machine[],
  struck: readonly Machine[],
  patienceMs = 20_000,
): Promise<Machine> {
  const there = () => machines.find((machine) => !struck.includes(machine) && carriesVip(machine))
  const reason = struck.length === 0 ? 'a machine with the VIP' : `the VIP on another machine than ${struck[0]?.name}`
  return waitFor(there, { patienceMs, reason, everyMs: 10 })
}
