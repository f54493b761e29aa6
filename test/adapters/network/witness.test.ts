import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it, vi } from 'vitest'

/** A namespace of its own, in which the loopback is the network. */
const SETUP = 'ip link set lo up; exec "$@"'
const PATIENCE = { timeout: 8000, interval: 10 }
const PROBE = fileURLToPath(new URL('./witness-probe.ts', import.meta.url))
const HERE = '10.77.0.9'
const NOWHERE = '10.77.0.10'
const skipped = process.platform !== 'linux' || process.getuid?.() !== 0 ? 'it needs root on Linux' : null
if (skipped !== null && process.env.CI === 'true') throw new Error(`cannot ping in a namespace: ${skipped}`)
if (skipped !== null) console.warn(`skipped, tests of the witness: ${skipped}`)

interface Probe {
  readonly process: ChildProcessByStdio<Writable, Readable, null>
  readonly logged: string[]
  readonly changes: unknown[]
  ask(word: string): Promise<unknown>
  inside(...command: string[]): string
  /** Process ids of its pings. */
  pings(): number[]
  echo(on: boolean): void
}

const probes: Probe[] = []
const setEcho = (on: boolean) => ['sh', '-c', `echo ${on ? 0 : 1} > /proc/sys/net/ipv4/icmp_echo_ignore_all`]

function allPings(parent?: number): number[] {
  return readdirSync('/proc').flatMap((entry) => {
    try {
      const ours = parent === undefined || readFileSync(`/proc/${entry}/status`, 'ascii').includes(`PPid:\t${parent}\n`)
      const isPing = readFileSync(`/proc/${entry}/cmdline`, 'ascii').split('\0')[0] === 'ping'
      return ours && isPing ? [Number(entry)] : []
    } catch {
      return []
    }
  })
}

async function begin(addresses: readonly string[], program = 'ping', setup = ''): Promise<Probe> {
  const child = spawn(
    'unshare',
    ['--net', '--', 'sh', '-euc', `${setup}${SETUP}`, 'sh', process.execPath, PROBE, program, ...addresses],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const answers: unknown[] = []
  const logged: string[] = []
  const changes: unknown[] = []
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said = JSON.parse(line) as { answer?: unknown; log?: string; changed?: unknown }
    if ('answer' in said) answers.push(said.answer)
    if (said.log !== undefined) logged.push(said.log)
    if ('changed' in said) changes.push(said.changed)
  })
  const inside = (...command: string[]) =>
    execFileSync('nsenter', ['-t', String(child.pid), '-n', '--', ...command], { encoding: 'utf8', timeout: 5000 })
  const probe: Probe = {
    process: child,
    logged,
    changes,
    inside,
    ask: async (word) => {
      const before = answers.length
      child.stdin.write(`${word}\n`)
      await vi.waitFor(() => expect(answers.length).toBeGreaterThan(before), PATIENCE)
      return answers.at(-1)
    },
    pings: () => allPings(child.pid),
    echo: (on) => void inside(...setEcho(on)),
  }
  probes.push(probe)
  return probe
}

/** With the address HERE on the loopback before the first ping. */
const reachable = (addresses: readonly string[]) => begin(addresses, 'ping', `ip address add ${HERE}/32 dev lo; `)
const seen = (probe: Probe, value: boolean | null) =>
  vi.waitFor(async () => expect(await probe.ask('seen')).toBe(value), PATIENCE)

describe.skipIf(skipped !== null)('the witness', () => {
  afterEach(() => {
    for (const { process: child } of probes.splice(0)) child.kill('SIGKILL')
  })

  it('without a configured address there is none, and no process', async () => {
    const probe = await begin([])
    expect(await probe.ask('known')).toBeNull()
    expect(probe.pings()).toEqual([])
  })

  it('is seen with the first answer, not after a second without one, and seen again with the next', async () => {
    const probe = await reachable([HERE])
    expect(await probe.ask('known')).toBe(true)
    probe.echo(false)
    await seen(probe, false)
    probe.echo(true)
    await seen(probe, true)
    expect(probe.changes).toEqual([true, false, true])
    expect(probe.logged).toEqual([])
  })

  it('one of several that answers is enough', async () => {
    const probe = await reachable([NOWHERE, HERE])
    expect(await probe.ask('known')).toBe(true)
  })

  it('a ping that dies is started again before its last answer is too old', async () => {
    const probe = await reachable([HERE])
    await seen(probe, true)
    const [first] = probe.pings()
    process.kill(Number(first), 'SIGKILL')
    await vi.waitFor(() => {
      expect(probe.pings()).toHaveLength(1)
      expect(probe.pings()).not.toContain(first)
    }, PATIENCE)
    expect(await probe.ask('seen')).toBe(true)
    expect(probe.changes).toEqual([true])
    expect(probe.logged).toEqual([])
  })

  it('without a network it is not seen, the reason is said once, and it is seen when there is one', async () => {
    const probe = await begin([HERE])
    expect(await probe.ask('known')).toBe(false)
    const reason = `cannot ping the witness ${HERE}: ping: connect: Network is unreachable`
    await vi.waitFor(async () => expect(await probe.ask('problem')).toBe(reason), PATIENCE)
    probe.inside('ip', 'address', 'add', `${HERE}/32`, 'dev', 'lo')
    await seen(probe, true)
    expect(probe.logged).toEqual([reason, `the witness ${HERE} is asked again`])
    expect(await probe.ask('problem')).toBeNull()
  })

  it('survives that the address leaves and comes back, without a new process', async () => {
    const probe = await reachable([HERE])
    await seen(probe, true)
    const before = probe.pings()
    probe.inside('ip', 'link', 'set', 'lo', 'down')
    await seen(probe, false)
    probe.inside('ip', 'link', 'set', 'lo', 'up')
    await seen(probe, true)
    expect(probe.pings()).toEqual(before)
  })

  it('without the program it is not seen, and that is said once', async () => {
    const probe = await begin([HERE], 'ping-that-is-not-there')
    expect(await probe.ask('known')).toBe(false)
    expect(await probe.ask('problem')).toBe(`cannot ping the witness ${HERE}: spawn ping-that-is-not-there ENOENT`)
    expect(probe.logged).toHaveLength(1)
  })

  it('what was answered while the supervisor stood still does not count when it runs again', async () => {
    const probe = await reachable([HERE])
    await seen(probe, true)
    const { pid = 0 } = probe.process
    process.kill(pid, 'SIGSTOP')
    // Answers go on into the pipe; then the witness falls silent for longer than an answer counts.
    probe.inside('ping', '-c', '4', '-i', '0.2', '-n', HERE)
    probe.echo(false)
    try {
      probe.inside('ping', '-c', '1', '-W', '1.3', '-n', HERE)
    } catch {
      // No answer is what it waited for.
    }
    process.kill(pid, 'SIGCONT')
    await seen(probe, false)
    expect(probe.changes).toEqual([true, false])
  })

  it('no ping is left after close; it can be opened again', async () => {
    const probe = await reachable([HERE, '127.0.0.2'])
    await seen(probe, true)
    await vi.waitFor(() => expect(probe.pings()).toHaveLength(2), PATIENCE)
    expect(await probe.ask('close')).toBe('closed')
    await vi.waitFor(() => expect(probe.pings()).toEqual([]), PATIENCE)
    expect(await probe.ask('seen')).toBe(false)
    await probe.ask('open')
    await seen(probe, true)
  })

  it('no ping is left after the supervisor was killed, answered or not', async () => {
    const probe = await reachable([HERE])
    await seen(probe, true)
    const silent = await reachable([HERE])
    // Before it is in its own namespace nothing may be changed in it.
    await seen(silent, true)
    silent.echo(false)
    await seen(silent, false)
    await vi.waitFor(() => expect(silent.pings()).toHaveLength(1), PATIENCE)
    const left = [...probe.pings(), ...silent.pings()]
    expect(left).toHaveLength(2)
    probe.process.kill('SIGKILL')
    silent.process.kill('SIGKILL')
    await vi.waitFor(() => expect(allPings().filter((pid) => left.includes(pid))).toEqual([]), PATIENCE)
  })
})
