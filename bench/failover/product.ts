/**
 * The product, from its package, made as an operator makes it; the databases on disks of their own.
 * Invariant: after a fault the pair becomes whole by what an operator types (`apmode set ap --now` on the machine that
 * fell out, `apmode set ap` on the survivor), or it is given up; nothing is repaired behind the product's back.
 */
import { type ApmodePair, CONFIG, healthy, type Machine, startApmodePair } from '../../test/pair/apmode-pair.ts'
import type { LabNode } from '../../test/pair/lab/node.ts'
import { waitFor } from '../../test/pair/lab/wait.ts'
import { breakable } from './breakable-api.ts'
import { mountDataDisk } from './data-disk.ts'
import { type BenchPair, type Design, otherThan } from './design.ts'

/** The example's configuration, and how the API is asked whether it works. */
const CHECKED = CONFIG.replace('kind = "api"\n', 'kind = "api"\ncheck = "http://127.0.0.1:8080/"\n')

export const PRODUCT: Design = {
  key: 'product',
  title: 'apmode',
  looksEveryMs: { network: 100, dead: 100, hung: 1000 },
  async start(progress) {
    const provision = async (machine: LabNode) => {
      await breakable(machine)
      await mountDataDisk(machine)
    }
    return benchPair(await startApmodePair({ config: CHECKED, progress, provision }))
  },
}

function benchPair(pair: ApmodePair): BenchPair {
  return {
    pair,
    async holder() {
      for (const machine of pair.nodes) if ((await machine.status()).holder === true) return machine
      throw new Error('cannot find the holder: neither machine has the VIP')
    },
    async makeWhole(node, _fault, moved) {
      const struck = pair.node(node.name)
      const other = pair.node(otherThan(pair, struck).name)
      await answers(struck)
      if (!moved) {
        if (await wholeAgain(struck, other)) return
        // It neither gave the service away nor came back: what an operator does last.
        await struck.shell('systemctl kill -s KILL mariadb || true')
        await waitFor(() => other.writable(), { patienceMs: 10_000, reason: `${other.name} writable` })
      }
      await waitFor(async () => (await struck.status()).being === null, {
        patienceMs: 5000,
        reason: 'no change under way',
      })
      await typed(struck, 'set ap --now')
      await typed(other, 'set ap')
      await healthy(other, struck)
    },
    async promotionOf(node) {
      const entries = await pair.node(node.name).history()
      const last = entries.findLast(({ steps }) => steps.some(({ step, ok }) => step === 'allow-writes' && ok))
      return last === undefined ? null : Object.fromEntries(last.steps.map(({ step, ms }) => [step, ms]))
    },
    stop: () => pair.stop(),
  }
}

/** The service never left, and the pair may be whole without help: looked at for a few seconds. */
async function wholeAgain(holder: Machine, standby: Machine): Promise<boolean> {
  const whole = async () => {
    const [one, two] = await Promise.all([holder.status(), standby.status()])
    return one.holder === true && one.writable === true && one.peer?.attached === true && two.fit === true
  }
  try {
    return await waitFor(whole, { patienceMs: 4000, reason: 'a whole pair', everyMs: 200 })
  } catch {
    return false
  }
}

async function answers(machine: Machine): Promise<void> {
  const mode = async () => (await machine.apmode('mode')).code === 0
  await waitFor(mode, { patienceMs: 10_000, reason: `an answer of ${machine.name}'s supervisor` })
}

async function typed(machine: Machine, words: string): Promise<void> {
  const { code, stdout, stderr } = await machine.apmode(words, { timeoutMs: 40_000 })
  if (code !== 0) throw new Error(`apmode ${words} on ${machine.name}: exit ${code}: ${stdout}${stderr}`)
}
