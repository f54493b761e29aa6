/**
 * All the evidence of a round that is over, once the pair has had a moment to come to rest.
 * Invariant: what cannot be asked is told as such; it never throws and always ends.
 */
import type { ApmodePair } from '../pair/apmode-pair.ts'
import { waitFor } from '../pair/lab/wait.ts'
import { accountOf, dataOf, historyAfter, secretsOf } from './evidence.ts'
import { type Evidence, falsehoods } from './oracles.ts'
import { firstLine } from './strikes.ts'
import type { Writers } from './writers.ts'

/** The two machines need a moment to say the same: replication, and a status between two looks. */
const AGREEMENT_PATIENCE_MS = 10_000

export interface Known extends Omit<Evidence, 'accounts' | 'lost' | 'data' | 'histories' | 'secrets'> {
  readonly writers: Writers
  readonly struckAt: number
  readonly secret: string
  /** By machine, the newest before the round. */
  readonly decisions: ReadonlyMap<string, string | null>
}

export async function gather(pair: ApmodePair, order: Known): Promise<Evidence> {
  const { writers, struckAt, decisions, secret, ...known } = order
  const soon = { patienceMs: AGREEMENT_PATIENCE_MS, everyMs: 300 }
  let data: Record<string, string> = {}
  await waitFor(
    async () => {
      data = Object.fromEntries(await Promise.all(pair.nodes.map(async (node) => [node.name, await dataOf(node)])))
      return new Set(Object.values(data)).size === 1
    },
    { ...soon, reason: 'the same data on both' },
  ).catch(() => {})
  let accounts: Evidence['accounts'] = []
  await waitFor(
    async () => {
      accounts = await Promise.all(pair.nodes.map(accountOf))
      return accounts.every((account) => falsehoods(account).length === 0)
    },
    { ...soon, reason: 'a status that agrees with the machine' },
  ).catch(() => {})
  const lead = pair.nodes.find(({ name }) => accounts.find((account) => account.name === name)?.truth.writable)
  const histories = await Promise.all(
    pair.nodes.map(
      async (node) => [node.name, await historyAfter(node, decisions.get(node.name) ?? null).catch(() => [])] as const,
    ),
  )
  return {
    ...known,
    data,
    accounts,
    lost: lead === undefined ? null : await writers.lostOn(lead).catch(() => null),
    histories: Object.fromEntries(histories),
    secrets: (
      await Promise.all(
        pair.nodes.map((node) => secretsOf(node, secret, struckAt).catch((thrown) => [firstLine(thrown)])),
      )
    ).flat(),
  }
}
