/**
 * docs/runbook.md, followed to the letter on two real machines: each situation is brought about, what `apmode status` proposes
 * is in the runbook, and typing it leads back to a whole pair. Nothing is typed but commands that stand there.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { FITNESS_MS } from '../../src/host/pace.ts'
import type { Status } from '../../src/ports/control.ts'
import { type ApmodePair, CONFIG, healthy, type Machine, startApmodePair, storyOf } from './apmode-pair.ts'
import { whyNoLab } from './lab/requirements.ts'
import { waitFor } from './lab/wait.ts'

const obstacle = whyNoLab()
const RUNBOOK = readFileSync(join(import.meta.dirname, '../../docs/runbook.md'), 'utf8')
const PATIENT = { timeoutMs: 120_000 }

describe.skipIf(obstacle !== null)('the runbook', () => {
  let pair: ApmodePair
  let serving: Machine
  let other: Machine

  beforeAll(async () => {
    pair = await startApmodePair({ progress: (sentence) => process.stderr.write(`${sentence}\n`) })
  })
  afterAll(async () => {
    await pair?.stop()
  })

  /** A command of the runbook. */
  async function type(machine: Machine, command: string): Promise<string> {
    expect(RUNBOOK).toContain(`\`apmode ${command}\``)
    const result = await machine.apmode(command, PATIENT)
    const stories = async () => (await Promise.all(pair.nodes.map(storyOf))).join('\n')
    if (result.code !== 0) throw new Error(`apmode ${command}: ${result.stdout}${result.stderr}\n${await stories()}`)
    return result.stdout
  }

  /** Waits until `status` proposes it: what a machine has heard of the other one may be some looks old. */
  async function proposes(
    machine: Machine,
    what: { readonly command: string; readonly on?: string | null },
  ): Promise<void> {
    await vi.waitFor(async () => expect(await proposed(machine)).toMatchObject(what), {
      timeout: 10_000,
      interval: 200,
    })
  }

  /** What `status` proposes, once it proposes anything. */
  async function proposed(machine: Machine): Promise<NonNullable<Status['next']>> {
    const next = async () => (await machine.status()).next
    await waitFor(async () => (await next()) !== null, {
      patienceMs: 15_000,
      reason: `${machine.name} proposes something`,
    })
    const found = await next()
    if (found === null) throw new Error('nothing is proposed')
    expect(RUNBOOK).toContain(`\`${found.command}\``)
    return found
  }

  async function places(): Promise<void> {
    ;[serving, other] = (await pair.host1.holdsVip()) ? [pair.host1, pair.host2] : [pair.host2, pair.host1]
  }

  async function whole(): Promise<void> {
    await places()
    await healthy(serving, other)
    expect([(await serving.status()).next, (await other.status()).next]).toEqual([null, null])
  }

  /** The holder falls out of a whole pair. It must have heard that the other machine is fit, or it would stay in the pair (G4). */
  const fallsOut = async (): Promise<void> => {
    await whole()
    await pause(FITNESS_MS)
    const fallen = serving
    await fallen.shell('systemctl kill -s KILL api')
    await waitFor(async () => (await fallen.modeFile()) === 'm' && (await other.writable()), {
      patienceMs: 20_000,
      reason: 'a failover',
    })
    await places()
  }

  test('the machine that failed is in m, the survivor in s', async () => {
    await fallsOut()
    await proposes(other, { command: 'apmode rejoin', on: null })
    await proposes(serving, { command: 'apmode rejoin', on: other.name })
    expect(await type(other, 'rejoin')).toContain(`now, on ${serving.name}: apmode set ap`)
    await waitFor(async () => (await proposed(serving)).command === 'apmode set ap', {
      patienceMs: 10_000,
      reason: 'it is attached',
    })
    await type(serving, 'set ap')
    await whole()
  })

  test('the standby has booted', async () => {
    await places()
    await other.reboot()
    await waitFor(async () => (await proposed(other)).command === 'apmode rejoin', {
      patienceMs: 10_000,
      reason: 'it has asked the other one',
    })
    expect(await type(other, 'rejoin')).toContain('nothing is left to do')
    await whole()
  })

  test('both have booted', async () => {
    await Promise.all(pair.nodes.map((node) => node.powerOff()))
    for (const node of pair.nodes) await node.cable('plugged')
    await Promise.all(pair.nodes.map((node) => node.powerOn()))
    for (const node of pair.nodes) await proposes(node, { command: 'apmode start' })
    await Promise.all(pair.nodes.map((node) => type(node, 'start')))
    await waitFor(async () => (await pair.host1.writable()) !== (await pair.host2.writable()), {
      patienceMs: 30_000,
      reason: 'one of them serves',
    })
    await places()
    if ((await serving.status()).mode === 's') await type(serving, 'set ap')
    await whole()
  })

  test('both in maintenance', async () => {
    await places()
    const first = serving
    await type(first, 'set m')
    await waitFor(async () => other.writable(), { patienceMs: 10_000, reason: 'the other one serves' })
    expect((await other.apmode('set m', PATIENT)).code).toBe(3)
    await type(other, 'set m --force')
    const last = other
    await proposes(last, { command: 'apmode set ap --now' })
    await type(last, 'set ap --now')
    await waitFor(() => last.writable(), { patienceMs: 20_000, reason: 'it serves' })
    await type(first, 'rejoin')
    await proposes(last, { command: 'apmode set ap' })
    await type(last, 'set ap')
    await whole()
  })

  test('the mode file holds something else', async () => {
    await places()
    await other.shell('echo nonsense > /opt/ap-mode')
    await proposes(other, { command: 'apmode set m' })
    await type(other, 'set m')
    await type(other, 'rejoin')
    await whole()
  })

  test('the configuration is not the same: handover and rejoin say so', async () => {
    await places()
    await other.writeFile('/etc/apmode/apmode.toml', `drift_interval = 9.0\n${CONFIG}`)
    await other.must(['systemctl', 'reload', 'apmode'])
    const refusal = async () => (await serving.apmode('plan handover')).stdout
    await waitFor(async () => /is not the same on both machines/.test(await refusal()), {
      patienceMs: 10_000,
      reason: 'it is noticed',
    })
    expect((await serving.apmode('handover')).code).toBe(3)
    await type(other, 'set m --now')
    const said = await other.apmode('rejoin', PATIENT)
    expect([said.code, said.stderr]).toEqual([3, expect.stringContaining('is not the same on both machines')])
    await other.writeFile('/etc/apmode/apmode.toml', CONFIG)
    await other.must(['systemctl', 'reload', 'apmode'])
    await waitFor(async () => (await other.apmode('mode')).code === 0, { patienceMs: 10_000, reason: 'the reload' })
    await type(other, 'rejoin')
    await whole()
  })
})
