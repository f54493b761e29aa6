import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'

/** A namespace of its own, with a veth pair whose far end is the cable, and a /sys that shows it. */
const SETUP = `
mount -t sysfs sysfs /sys
ip link set lo up
ip link add apm0 type veth peer name far0
ip link set apm0 up; ip link set far0 up
exec "$@"
`
const PATIENCE = { timeout: 5000, interval: 5 }
const PROBE = fileURLToPath(new URL('./probe.ts', import.meta.url))
const skipped = process.platform !== 'linux' || process.getuid?.() !== 0 ? 'it needs root on Linux' : null
if (skipped !== null && process.env.CI === 'true') throw new Error(`cannot run on a real interface: ${skipped}`)
if (skipped !== null) console.warn(`skipped, tests on a real interface: ${skipped}`)

describe.skipIf(skipped !== null).each([
  ['IPv4', '10.66.0.100/24', '10.66.0.100/24'],
  ['IPv4, with another prefix length than configured', '10.66.0.100/24', '10.66.0.100/32'],
  ['IPv6, in another spelling', '2001:0db8:0:0::64/64', '2001:db8::64/64'],
])('a VIP on a real interface: %s', (_, configured, actual) => {
  let probe: ChildProcessByStdio<Writable, Readable, null>
  const answers: unknown[] = []
  const logged: string[] = []
  let hints = 0

  const inside = (...command: string[]) =>
    execFileSync('nsenter', ['-t', String(probe.pid), '-n', '--', ...command], { encoding: 'utf8', timeout: 5000 })
  const ask = async (word: string) => {
    const before = answers.length
    probe.stdin.write(`${word}\n`)
    await vi.waitFor(() => expect(answers.length).toBeGreaterThan(before), PATIENCE)
    return answers.at(-1)
  }
  const addVip = (...more: string[]) => inside('ip', 'address', 'replace', actual, 'dev', 'apm0', ...more)
  const monitors = () =>
    readdirSync('/proc').filter((entry) => {
      try {
        const isChild = readFileSync(`/proc/${entry}/status`, 'ascii').includes(`PPid:\t${probe.pid}\n`)
        return isChild && readFileSync(`/proc/${entry}/cmdline`, 'ascii').includes('monitor')
      } catch {
        return false
      }
    })

  beforeAll(async () => {
    const inNamespaces = [
      '--net',
      '--mount',
      '--',
      'sh',
      '-euc',
      SETUP,
      'sh',
      process.execPath,
      PROBE,
      'apm0',
      configured,
    ]
    probe = spawn('unshare', inNamespaces, { stdio: ['pipe', 'pipe', 'inherit'] })
    createInterface({ input: probe.stdout }).on('line', (line) => {
      const said = JSON.parse(line) as { answer?: unknown; log?: string; hint?: boolean }
      if ('answer' in said) answers.push(said.answer)
      if (said.log !== undefined) logged.push(said.log)
      if (said.hint) hints += 1
    })
    await vi.waitFor(async () => expect(await ask('carrier')).toBe(true), PATIENCE)
  })
  afterAll(() => {
    probe?.kill('SIGKILL')
  })
  beforeEach(async () => {
    inside('ip', 'address', 'flush', 'dev', 'apm0', 'scope', 'global')
    inside('ip', 'link', 'set', 'far0', 'up')
    inside('ip', 'link', 'set', 'apm0', 'up')
    await vi.waitFor(async () => expect(await ask('carrier')).toBe(true), PATIENCE)
  })

  it('is held exactly while it is there', async () => {
    expect(await ask('holds')).toBe(false)
    addVip()
    expect(await ask('holds')).toBe(true)
    expect(await ask('remove')).toBe('removed')
    expect(await ask('holds')).toBe(false)
    expect(await ask('remove')).toBe('removed')
  })

  it.runIf(!actual.includes(':'))('is held under a label too', async () => {
    addVip('label', 'apm0:vip')
    expect(await ask('holds')).toBe(true)
    expect(await ask('remove')).toBe('removed')
    expect(await ask('holds')).toBe(false)
  })

  it('is taken away from an interface without a carrier', async () => {
    addVip()
    inside('ip', 'link', 'set', 'far0', 'down')
    expect(await ask('carrier')).toBe(false)
    expect(await ask('remove')).toBe('removed')
    expect(inside('ip', 'address', 'show', 'dev', 'apm0', 'scope', 'global')).toBe('')
  })

  it('an interface that is down has no carrier', async () => {
    inside('ip', 'link', 'set', 'apm0', 'down')
    expect(await ask('carrier')).toBe(false)
  })

  it('changes are hinted at, also after ip monitor was killed; nothing is left when nobody watches', async () => {
    hints = 0
    await ask('watch')
    await vi.waitFor(() => {
      addVip()
      inside('ip', 'address', 'flush', 'dev', 'apm0', 'scope', 'global')
      expect(hints).toBeGreaterThan(0)
    }, PATIENCE)
    const [monitor] = monitors()
    process.kill(Number(monitor), 'SIGKILL')
    await vi.waitFor(() => expect(logged).toContain('ip monitor ended (SIGKILL); starting it again'), PATIENCE)
    await vi.waitFor(() => expect(monitors()).toHaveLength(1), PATIENCE)
    hints = 0
    await vi.waitFor(() => {
      addVip()
      inside('ip', 'address', 'flush', 'dev', 'apm0', 'scope', 'global')
      expect(hints).toBeGreaterThan(0)
    }, PATIENCE)
    await ask('unwatch')
    await vi.waitFor(() => expect(monitors()).toEqual([]), PATIENCE)
  })
})
