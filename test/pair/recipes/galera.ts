/**
 * The machines of docs/recipes/galera (three, with HAProxy) or docs/recipes/galera-pair (two), set up as their manual says it: what
 * `apmode render` writes, the first member by `apmode bootstrap`, the others join. With a client that writes through the VIP
 * and a sampler that looks for two components. For the tests, the bench and the campaign.
 */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { LAB_SECRET, type Machine, storyOf } from '../apmode-pair.ts'
import { type Client, startClient } from '../lab/client.ts'
import type { Progress } from '../lab/image.ts'
import { type MemberSampler, startMemberSampler } from '../lab/member-sampler.ts'
import { VIP } from '../lab/network.ts'
import { waitFor } from '../lab/wait.ts'
import { SECRET_FILE } from '../prepared.ts'
import { type StatelessPair, startStateless } from '../stateless-pair.ts'

const RECIPES = resolve(import.meta.dirname, '../../../docs/recipes')
const SETTINGS = '/etc/mysql/mariadb.conf.d/90-apmode.cnf'
const PATIENT = { timeoutMs: 60_000 }

export type GaleraRecipe = 'galera' | 'galera-pair'

export interface GaleraCluster {
  readonly cluster: StatelessPair
  readonly hosts: readonly Machine[]
  readonly client: Client
  readonly sampler: MemberSampler
  /** Waits for an acknowledged write that began after a moment; now by default. */
  written(reason: string, since?: number): Promise<void>
  stop(): Promise<void>
}

export async function startGalera(recipe: GaleraRecipe, progress: Progress): Promise<GaleraCluster> {
  const text = (name: string) => readFileSync(join(RECIPES, recipe, name), 'utf8')
  const balanced = recipe === 'galera'
  const cluster = await startStateless({
    nodes: balanced ? 3 : 2,
    config: text('apmode.toml'),
    files: balanced ? { '/etc/haproxy/haproxy.cfg': text('haproxy.cfg') } : {},
    packages: balanced ? ['haproxy'] : [],
    rendered: { mariadb: SETTINGS },
    provision: (machine) => machine.writeFile(SECRET_FILE, `${LAB_SECRET}\n`, 0o600),
    progress,
  })
  const hosts = cluster.machines
  const watched = { names: cluster.names, nodes: hosts }
  let client: Client | undefined
  let sampler: MemberSampler | undefined
  const stop = async () => {
    await Promise.allSettled([client?.stop(), sampler?.stop()])
    await cluster.stop()
  }
  try {
    progress('the first member, then the others …')
    await setUp(hosts)
    sampler = startMemberSampler(watched)
    const writes = startClient(watched, { door: { host: VIP, port: 3306 }, writeEveryMs: 10, readEveryMs: 0 })
    client = writes
    const written = (reason: string, since = Date.now()) => acknowledged(writes, hosts, reason, since)
    await written('a first write through the VIP')
    return { cluster, hosts, client, sampler, written, stop }
  } catch (thrown) {
    await stop()
    throw thrown
  }
}

async function setUp(hosts: readonly Machine[]): Promise<void> {
  const [first, ...others] = hosts
  if (first === undefined) throw new Error('cannot set a cluster up: there is no machine')
  await typed(first, 'set ap')
  await typed(first, 'bootstrap')
  await first.shell('apmode render grants | mariadb')
  // A change of the component while one gives its data may leave the giver a donor for good (docs/surprises.md).
  for (const host of others) await typed(host, 'set ap --now')
  await complete(hosts)
}

/** A command that must end with 0; otherwise its machine's story is told. */
export async function typed(machine: Machine, words: string): Promise<string> {
  const { code, stdout, stderr } = await machine.apmode(words, PATIENT)
  if (code === 0) return stdout
  throw new Error(`apmode ${words} on ${machine.name}: exit ${code}: ${stdout}${stderr}\n${await machine.journal(80)}`)
}

/** Waits until each of them is a fit member that takes writes, in a component of all, and one has the VIP. */
export async function complete(hosts: readonly Machine[], patienceMs = 60_000): Promise<void> {
  const whole = async () => {
    const all = await Promise.all(hosts.map((host) => host.status()))
    const members = all.every(
      ({ mode, fit, writable, being }) => mode === 'ap' && being === null && fit === true && writable === true,
    )
    return members && all.filter(({ holder }) => holder === true).length === 1
  }
  await waitFor(whole, { patienceMs, reason: 'a complete cluster' }).catch(async (thrown: unknown) => {
    throw new Error(`${thrown}\n${(await Promise.all(hosts.map(storyOf))).join('\n')}`)
  })
}

async function acknowledged(client: Client, hosts: readonly Machine[], reason: string, since: number): Promise<void> {
  const there = () => client.firstBegunAfter(since)
  await waitFor(there, { patienceMs: 15_000, reason }).catch(async (thrown: unknown) => {
    const stories = await Promise.all(hosts.filter((host) => host.running()).map(storyOf))
    throw new Error(`${thrown}\n${JSON.stringify([...client.refusals()])}\n${stories.join('\n')}`)
  })
}
