/** docs/recipes/galera: three members that all take writes, HAProxy on each; a client writes through the VIP every 10 ms. */
import { complete, startGalera, typed } from '../../test/pair/recipes/galera.ts'
import { hung, killed, MAINTENANCE, silences } from './faults.ts'
import { TOLD_MS, type Topology, type TopologyFault } from './topology.ts'

/** evs.suspect_timeout of `apmode render mariadb`: for so long commits wait for a member that is gone, however it went. */
const SUSPECT_MS = 400
const aimMs = SUSPECT_MS + TOLD_MS

const member = killed('a member', 'mariadb')

/** The same on one that has not the VIP: nothing moves. */
const elsewhere = (fault: TopologyFault): TopologyFault => ({
  ...fault,
  key: `other-${fault.key}`,
  title: `${fault.title}, without the VIP`,
  victim: 'other',
  moves: false,
})

export const GALERA: Topology = {
  key: 'galera',
  title: 'three members of a Galera cluster',
  recipe: 'galera',
  faults: [
    { ...member, aimMs },
    elsewhere({ ...member, aimMs }),
    elsewhere(hung('a member', 'mariadb', aimMs)),
    ...silences(176).map((fault) => ({ ...fault, aimMs })),
    { ...killed('HAProxy', 'haproxy'), key: 'haproxy-killed' },
    MAINTENANCE,
    elsewhere(MAINTENANCE),
  ],
  async start(say) {
    const { hosts, client, stop } = await startGalera('galera', say)
    return {
      machines: hosts,
      meter: {
        answers: () => client.acknowledged.map(({ at }) => at),
        refusals: () => JSON.stringify([...client.refusals()]),
      },
      starts: [],
      async makeWhole(struck) {
        for (const machine of struck) await typed(machine, 'set ap --now')
        await complete(hosts)
      },
      stop,
    }
  },
}
