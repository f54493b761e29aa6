/**
 * The whole circle, on two real machines under load: a failover, `rejoin`, `set ap`, `handover` back; and power cuts in the
 * middle of a handover. One pair; in the end of each round both have the same data.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { messageOf } from '../../src/core/errors.ts'
import { dataOf } from '../campaign/evidence.ts'
import { type ApmodePair, healthy, type Machine, startApmodePair, storyOf, supervisorOf } from './apmode-pair.ts'
import { FAULTS } from './faults.ts'
import { startClient, type Client as Writer } from './lab/client.ts'
import { whyNoLab } from './lab/requirements.ts'
import { startSampler } from './lab/sampler.ts'
import { waitFor } from './lab/wait.ts'

const obstacle = whyNoLab()
const PATIENT = { timeoutMs: 90_000 }
const ROUNDS = 10

describe.skipIf(obstacle !== null)('the way home', () => {
  let pair: ApmodePair
  let firstNumber = 1

  beforeAll(async () => {
    pair = await startApmodePair({ progress: (sentence) => process.stderr.write(`${sentence}\n`) })
  })
  afterAll(async () => {
    await pair?.stop()
  })

  const stories = async () => (await Promise.all(pair.nodes.map(storyOf))).join('\n')

  async function must(running: Promise<Awaited<ReturnType<Machine['apmode']>>>): Promise<string> {
    const result = await running
    if (result.code !== 0) throw new Error(`exit ${result.code}: ${result.stdout}${result.stderr}\n${await stories()}`)
    return result.stdout
  }

  /** Acts while a client writes and both databases are watched; nothing acknowledged may be missing on `lead` in the end. */
  async function underLoad(act: (client: Writer) => Promise<Machine>): Promise<Machine> {
    const client = startClient(pair, { firstNumber })
    firstNumber += 1_000_000
    const sampler = startSampler(pair)
    let lead: Machine
    try {
      await waitFor(() => client.acknowledged.length > 50, { patienceMs: 20_000, reason: 'acknowledged writes' })
      lead = await act(client)
    } finally {
      await client.stop()
    }
    expect((await sampler.stop()).bothWritable).toEqual([])
    expect(await client.lostOn(lead)).toEqual([])
    return lead
  }

  const serves = (client: Writer, since: number) =>
    waitFor(() => client.firstBegunAfter(since) !== undefined, {
      patienceMs: 40_000,
      reason: 'an acknowledged write',
    })

  async function sameData(): Promise<void> {
    await waitFor(async () => (await dataOf(pair.host1)) === (await dataOf(pair.host2)), {
      patienceMs: 10_000,
      reason: 'the same data on both',
    })
  }

  async function holders(): Promise<[Machine, Machine]> {
    return (await pair.host1.holdsVip()) ? [pair.host1, pair.host2] : [pair.host2, pair.host1]
  }

  test(`${ROUNDS} times in a row: failover, rejoin, set ap, handover back`, { timeout: 480_000 }, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const fault = FAULTS[round % FAULTS.length]
      if (fault === undefined) throw new Error('there are no faults')
      const [holder, standby] = await holders()
      await healthy(holder, standby)
      process.stderr.write(`round ${round + 1}: ${fault.name}\n`)
      await underLoad(async (client) => {
        await serves(client, await fault.strike(holder))
        await waitFor(() => standby.writable(), { patienceMs: 20_000, reason: `${standby.name} serves` })
        if (fault.fallsOut) {
          await waitFor(async () => (await holder.modeFile()) === 'm', { patienceMs: 20_000, reason: 'm' })
        }
        await fault.mend(holder)
        const said = await must(holder.apmode('rejoin', PATIENT))
        expect(said).toContain(`now, on ${standby.name}: apmode set ap`)
        await must(standby.apmode('set ap', PATIENT))
        await healthy(standby, holder)
        const back = Date.now()
        await must(standby.apmode('handover', PATIENT))
        await serves(client, back)
        return holder
      })
      await healthy(holder, standby)
      await sameData()
    }
  })

  /** The steps of a handover on the machine that hands over; in the last one the other one serves already. */
  const STEPS = ['fence', 'offer-lead', 'wait-for-peer', 'follow', 'declare-unfit', 'declare-fit']

  /** `apmode handover` over the control socket, seen from outside; tells each step as it begins. */
  function handOver(machine: Machine, onStep: (step: string) => void): Promise<unknown> {
    return supervisorOf(machine)
      .command('/handover', { kill: false, timeoutMs: null }, PATIENT.timeoutMs, (progress) => {
        if (progress.type === 'begin') onStep(progress.step)
      })
      .catch(messageOf)
  }

  test.each(
    STEPS.flatMap((step) =>
      (['the one that hands over', 'the one that takes over'] as const).map((who) => [who, step] as const),
    ),
  )(
    'the power of %s is cut when the step %s begins: the other one serves without a person, and nothing is lost',
    async (who, step) => {
      const [holder, standby] = await holders()
      await healthy(holder, standby)
      const victim = who === 'the one that hands over' ? holder : standby
      const survivor = victim === holder ? standby : holder
      const lead = await underLoad(async (client) => {
        const cuts: Promise<number>[] = []
        const running = handOver(holder, (begun) => {
          if (begun === step) cuts.push(victim.powerOff())
        })
        await Promise.race([running, waitFor(() => cuts[0], { patienceMs: 20_000, reason: `the step ${step}` })])
        const cut = await cuts[0]
        if (cut === undefined) throw new Error(`without the step ${step}: ${JSON.stringify(await running)}`)
        await serves(client, cut)
        process.stderr.write(`${Math.round(client.longestGap(cut - 1000)?.ms ?? Number.NaN)} ms without a write\n`)
        await running
        return survivor
      })
      expect(await lead.writable(), await stories()).toBe(true)
      await victim.cable('plugged')
      await victim.powerOn()
      const said = await must(victim.apmode('rejoin', PATIENT))
      if (said.includes('set ap')) await must(survivor.apmode('set ap', PATIENT))
      await healthy(survivor, victim)
      await sameData()
    },
  )

  test('both machines are started at once after a power cut of both: one serves, the other follows, nobody decides', async () => {
    const [holder, standby] = await holders()
    await healthy(holder, standby)
    await Promise.all(pair.nodes.map((node) => node.powerOff()))
    for (const node of pair.nodes) await node.cable('plugged')
    await Promise.all(pair.nodes.map((node) => node.powerOn()))
    await Promise.all(pair.nodes.map((node) => node.apmode('start', PATIENT)))
    await waitFor(async () => (await pair.host1.writable()) !== (await pair.host2.writable()), {
      patienceMs: 30_000,
      reason: 'one of them serves',
    })
    const [lead, other] = await holders()
    if ((await lead.status()).mode !== 'ap') await must(lead.apmode('set ap', PATIENT))
    await healthy(lead, other)
    await sameData()
  })
})
