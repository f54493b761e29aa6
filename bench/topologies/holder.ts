/** docs/recipes/apache: a mount and Apache are started where the VIP comes; it goes home by itself. A client asks every 10 ms. */
import { startClient } from '../../test/pair/lab/client.ts'
import { VIP } from '../../test/pair/lab/network.ts'
import { APACHE_UNITS, ranLong, startApaches } from '../../test/pair/recipes/apache.ts'
import { whole } from '../../test/pair/stateless-pair.ts'
import { hung, KEEPALIVED_STOPPED, killed, silences } from './faults.ts'
import { hungMs, type Topology } from './topology.ts'

export const HOLDER: Topology = {
  key: 'holder',
  title: 'Apache, started on the holder',
  recipe: 'apache',
  faults: [killed('Apache', 'apache2'), hung('Apache', 'apache2', hungMs(1)), ...silences(250), KEEPALIVED_STOPPED],
  async start(say) {
    const { pair, home, away, stop } = await startApaches(say)
    const door = { host: VIP, port: 80 }
    const client = startClient(pair, { via: 'api', door, writeEveryMs: 0, readEveryMs: 10 })
    return {
      machines: pair.machines,
      meter: { answers: () => client.reads, refusals: () => JSON.stringify([...client.refusals()]) },
      starts: APACHE_UNITS,
      async makeWhole(struck) {
        // What was off, or whose keepalived was stopped by hand, needs a word; the rest comes home by itself.
        for (const machine of struck) {
          const { code, stdout, stderr } = await machine.apmode('start', { timeoutMs: 60_000 })
          if (code !== 0) throw new Error(`apmode start on ${machine.name}: exit ${code}: ${stdout}${stderr}`)
        }
        await whole([home, away])
        // One that falls over before this counts as not started.
        await ranLong(home)
      },
      async stop() {
        await client.stop()
        await stop()
      },
    }
  },
}
