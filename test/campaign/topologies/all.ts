/** The topologies of the campaign beside the MariaDB pair. Invariant: keys are unique; a new topology is a row here. */
import type { Machine } from '../../pair/apmode-pair.ts'
import { type Client, startClient } from '../../pair/lab/client.ts'
import type { Progress } from '../../pair/lab/image.ts'
import { VIP } from '../../pair/lab/network.ts'
import { waitFor } from '../../pair/lab/wait.ts'
import { type Apaches, startApaches } from '../../pair/recipes/apache.ts'
import { startBalancers } from '../../pair/recipes/balancers.ts'
import { type GaleraRecipe, startGalera } from '../../pair/recipes/galera.ts'
import { startProxies } from '../../pair/recipes/proxies.ts'
import { faultsOf } from './faults.ts'
import type { Standing, Topology } from './topology.ts'

/** On a pair one machine at a time; of three also two. */
const ONE = ['holder', 'standby'] as const
const ONE_OR_TWO = ['holder', 'standby', 'both'] as const

const HAPROXY: Topology = {
  key: 'haproxy',
  title: 'two HAProxy balancers',
  recipe: 'haproxy',
  faults: faultsOf('haproxy', 'HAProxy', ONE),
  withinMs: 5000,
  async start(progress) {
    const { pair, client, stop } = await startBalancers(progress)
    return { names: pair.names, nodes: pair.machines, answers: () => client.reads, stop }
  },
}

const HOLDER: Topology = {
  key: 'holder',
  title: 'services of the holder: a mount, Apache, a VIP that comes home',
  recipe: 'apache',
  faults: faultsOf('apache2', 'Apache', ONE),
  withinMs: 6000,
  isMissing: (holder) => (holder.node === 'host1' ? null : 'the VIP has not come home to host1'),
  async start(progress) {
    return asked(await startApaches(progress))
  },
}

const TRIO: Topology = {
  key: 'trio',
  title: 'three SQL proxies',
  recipe: 'sql-proxies',
  faults: faultsOf('haproxy', 'the proxy', ONE_OR_TWO),
  withinMs: 5000,
  async start(progress) {
    const { trio, hosts, dialer, stop } = await startProxies(progress)
    return { names: trio.names, nodes: hosts, answers: () => dialer.greetings.map(({ at }) => at), stop }
  },
}

/** Those of HAProxy, and the same of the member beside it. */
const MEMBERS = faultsOf('mariadb', 'a member', ONE)
  .filter(({ key }) => key.startsWith('unit-'))
  .map((fault) => ({ ...fault, key: fault.key.replace('unit-', 'member-') }))

const GALERA: Topology = {
  key: 'galera',
  title: 'three members of a Galera cluster',
  recipe: 'galera',
  faults: [...faultsOf('haproxy', 'HAProxy', ONE), ...MEMBERS],
  withinMs: 6000,
  start: (progress) => members('galera', progress),
}

const GALERA_PAIR: Topology = {
  key: 'galera-pair',
  title: 'two members of a Galera cluster',
  recipe: 'galera-pair',
  faults: [...MEMBERS, ...faultsOf('mariadb', 'a member', ONE).filter(({ key }) => !key.startsWith('unit-'))],
  withinMs: 8000,
  start: (progress) => members('galera-pair', progress),
}

export const TOPOLOGIES: readonly Topology[] = [HAPROXY, HOLDER, TRIO, GALERA, GALERA_PAIR]

async function members(recipe: GaleraRecipe, progress: Progress): Promise<Standing> {
  const { cluster, hosts, client, sampler, stop } = await startGalera(recipe, progress)
  return {
    names: cluster.names,
    nodes: hosts,
    answers: () => client.acknowledged.map(({ at }) => at),
    apart: () => sampler.apart(),
    lost: () => lostOnAny(client, hosts),
    stop,
  }
}

/** What was acknowledged a second ago or earlier and is not on each member. */
async function lostOnAny(client: Client, hosts: readonly Machine[]): Promise<readonly string[]> {
  const until = Date.now()
  await waitFor(() => client.firstBegunAfter(until), { patienceMs: 5000, reason: 'a write' }).catch(() => {})
  const each = await Promise.all(
    hosts.map(async (host) => {
      const lost = await client.lostOn(host, until - 1000)
      return lost.length === 0 ? [] : [`${host.name} lacks ${lost.length} acknowledged writes, ${lost[0]} the first`]
    }),
  )
  return each.flat()
}

function asked({ pair, stop }: Apaches): Standing {
  const door = { host: VIP, port: 80 }
  const client = startClient(pair, { via: 'api', door, writeEveryMs: 0, readEveryMs: 10 })
  return {
    names: pair.names,
    nodes: pair.machines,
    answers: () => client.reads,
    async stop() {
      await client.stop()
      await stop()
    },
  }
}
