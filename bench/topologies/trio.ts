/** docs/recipes/sql-proxies: three HAProxy in TCP mode; a client dials through the VIP every 10 ms. */
import type { Machine } from '../../test/pair/apmode-pair.ts'
import { startProxies } from '../../test/pair/recipes/proxies.ts'
import { whole } from '../../test/pair/stateless-pair.ts'
import { backOn, hung, KEEPALIVED_KILLED, KEEPALIVED_STOPPED, killed, MAINTENANCE, silences } from './faults.ts'
import { movedTo } from './places.ts'
import { hungMs, silentMs, type Topology, type TopologyFault } from './topology.ts'

/** The next one of three, and the last one. */
const [SECOND, THIRD] = [176, 101]

const TWO_LOST: TopologyFault = {
  key: 'second-power-off',
  title: 'power off, of the second of three',
  aimMs: silentMs(THIRD),
  moves: true,
  async before({ machines }, holder) {
    await holder.powerOff()
    await movedTo(machines, [holder])
    return [holder]
  },
  strike: (machine) => machine.powerOff(),
  mend: backOn,
}

export const TRIO: Topology = {
  key: 'trio',
  title: 'three SQL proxies',
  recipe: 'sql-proxies',
  faults: [
    killed('HAProxy', 'haproxy'),
    hung('HAProxy', 'haproxy', hungMs(2)),
    ...silences(SECOND),
    TWO_LOST,
    KEEPALIVED_KILLED,
    KEEPALIVED_STOPPED,
    MAINTENANCE,
  ],
  async start(say) {
    const { hosts, dialer, stop } = await startProxies(say)
    return {
      machines: hosts,
      meter: {
        answers: () => dialer.greetings.map(({ at }) => at),
        refusals: () => JSON.stringify([...dialer.refusals]),
      },
      starts: [],
      async makeWhole(struck) {
        for (const machine of struck) {
          const { code, stdout, stderr } = await machine.apmode('set ap --now', { timeoutMs: 60_000 })
          if (code !== 0) throw new Error(`apmode set ap --now on ${machine.name}: exit ${code}: ${stdout}${stderr}`)
        }
        const holder = await movedTo(hosts, [])
        await whole([holder, ...hosts.filter((host) => host !== holder)] satisfies Machine[])
      },
      stop,
    }
  },
}
