/**
 * A cable that loses packets and delays each by another time: a small relay (bad-cable.py, by the machine's own Python)
 * between the machine's port of the switch and the switch, since not every kernel has netem.
 * Invariant: the relay is in the run's cgroup and ends with it; plugging the cable in anew takes it away.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Machine } from '../pair/apmode-pair.ts'
import { createCgroup } from '../pair/lab/cgroup.ts'
import { must, PLAIN_ENVIRONMENT, run } from '../pair/lab/command.ts'
import type { Pair } from '../pair/lab/pair.ts'

export interface BadCable {
  readonly lossPercent: number
  /** Each packet is delayed by a time between 0 and this. */
  readonly jitterMs: number
}

const LIMIT = { timeoutMs: 5000 }
const PROGRAM = fileURLToPath(new URL('./bad-cable.py', import.meta.url))

/** Names of interfaces have 15 letters at most. */
const relayOf = (machine: Machine) => `${machine.name}-bad`

/** Resolves when the relay works. `mendCable` ends it. */
export async function badCable(pair: Pick<Pair, 'names'>, machine: Machine, cable: BadCable): Promise<void> {
  const { switchNamespace, cgroup } = pair.names
  const relay = relayOf(machine)
  await mendCable(pair, machine)
  const commands = [
    `link add ${relay} type veth peer name ${relay}-sw`,
    `link set ${relay}-sw master bridge`,
    `link set ${relay}-sw up`,
    `link set ${relay} up`,
    `link set ${machine.name} nomaster`,
  ]
  await must(['ip', '-n', switchNamespace, '-batch', '-'], { ...LIMIT, input: `${commands.join('\n')}\n` })
  const { doors } = createCgroup(cgroup, 'tools')
  const enter = doors.map((door) => `echo $$ > ${door}`).join(' && ')
  const python = ['chroot', machine.root, 'python3', '-c', readFileSync(PROGRAM, 'utf8')]
  const settings = [machine.name, relay, String(cable.lossPercent), String(cable.jitterMs), machine.name]
  const argv = ['nsenter', `--net=/run/netns/${switchNamespace}`, ...python, ...settings]
  const child = spawn('sh', ['-c', `${enter} && exec "$@"`, 'sh', ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: PLAIN_ENVIRONMENT,
  })
  child.unref()
  await new Promise<void>((resolve, reject) => {
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk
    })
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`cannot relay ${machine.name}: exit code ${code}: ${said}`)))
    child.stdout.once('data', () => resolve())
  })
}

/** Ends the relay (its interface goes, and it with it) and plugs the cable in. Harmless without one. */
export async function mendCable(pair: Pick<Pair, 'names'>, machine: Machine): Promise<void> {
  await run(['ip', '-n', pair.names.switchNamespace, 'link', 'delete', relayOf(machine)], LIMIT)
  await machine.cable('plugged')
}
