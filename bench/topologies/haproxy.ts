/** docs/recipes/haproxy: two balancers, HAProxy on both all the time; a client asks over HTTP every 10 ms. */
import { startBalancers } from '../../test/pair/recipes/balancers.ts'
import { hung, KEEPALIVED_KILLED, KEEPALIVED_STOPPED, killed, MAINTENANCE, silences } from './faults.ts'
import { hungMs, type Topology } from './topology.ts'

export const HAPROXY: Topology = {
  key: 'haproxy',
  title: 'two HAProxy balancers',
  recipe: 'haproxy',
  faults: [
    killed('HAProxy', 'haproxy'),
    hung('HAProxy', 'haproxy', hungMs(1)),
    ...silences(250),
    KEEPALIVED_KILLED,
    KEEPALIVED_STOPPED,
    MAINTENANCE,
  ],
  async start(say) {
    const { pair, client, comesHome, stop } = await startBalancers(say)
    return {
      machines: pair.machines,
      meter: { answers: () => client.reads, refusals: () => JSON.stringify([...client.refusals()]) },
      starts: [],
      async makeWhole([fallen]) {
        const holder = pair.machines.find((machine) => machine !== fallen)
        if (fallen !== undefined && holder !== undefined) await comesHome(fallen, holder)
      },
      stop,
    }
  },
}
