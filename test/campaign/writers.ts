/**
 * The clients of a round: one through the VIP, and one on each machine over its own socket, all as an ordinary account.
 * Invariant: every number is written by one client once; what counts as acknowledged was answered.
 */
import type { ApmodePair, Machine } from '../pair/apmode-pair.ts'
import { type Client, type Gap, startClient } from '../pair/lab/client.ts'

export interface Writers {
  readonly vip: Client
  /** In all. */
  acknowledged(): number
  /** The longest time without an acknowledged write through the VIP, of those that end after a moment. */
  longestGap(afterEpochMs: number): Gap | null
  stop(): Promise<void>
  /** `host1 7`: number 7, acknowledged on host1's socket, is not in the database of `machine`. */
  lostOn(machine: Machine): Promise<string[]>
}

/** More than a client writes in a round. */
export const NUMBERS_PER_CLIENT = 1_000_000

/** Takes three times NUMBERS_PER_CLIENT numbers, from `firstNumber` on. */
export function startWriters(pair: ApmodePair, firstNumber: number): Writers {
  const vip = startClient(pair, { firstNumber, writeEveryMs: 10, readEveryMs: 50 })
  const local = pair.nodes.map((machine, index) => ({
    name: machine.name,
    client: startClient(pair, {
      via: machine,
      firstNumber: firstNumber + (index + 1) * NUMBERS_PER_CLIENT,
      writeEveryMs: 40,
      readEveryMs: 0,
    }),
  }))
  const all = [{ name: 'VIP', client: vip }, ...local]
  return {
    vip,
    acknowledged: () => all.reduce((sum, { client }) => sum + client.acknowledged.length, 0),
    longestGap: (after) => vip.longestGap(after),
    async stop() {
      await Promise.all(all.map(({ client }) => client.stop()))
    },
    async lostOn(machine) {
      const last = firstNumber + all.length * NUMBERS_PER_CLIENT
      const sql = `SELECT n FROM app.entry WHERE n >= ${firstNumber} AND n < ${last}`
      const rows = await machine.must(['mariadb', '-N', '-e', sql], { timeoutMs: 20_000 })
      const there = new Set(rows.split('\n').map(Number))
      return all.flatMap(({ name, client }) =>
        client.acknowledged.filter(({ n }) => !there.has(n)).map(({ n }) => `${name} ${n}`),
      )
    },
  }
}
