/**
 * The two machines of docs/recipes/apache, its files as they stand, with the web servers behind them: Apache with
 * mod_proxy_balancer behind a mount unit, on the holder only, and a VIP that comes home. For the test, the bench and the
 * campaign.
 */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Machine } from '../apmode-pair.ts'
import { must } from '../lab/command.ts'
import type { Progress } from '../lab/image.ts'
import { waitFor } from '../lab/wait.ts'
import { type StatelessPair, startServing, startStateless } from '../stateless-pair.ts'
import { startBackends } from './behind.ts'

const RECIPE = resolve(import.meta.dirname, '../../../docs/recipes/apache')
const recipe = (name: string) => readFileSync(join(RECIPE, name), 'utf8')
const MODULES = 'proxy proxy_http proxy_balancer lbmethod_byrequests slotmem_shm'

/** In the order in which they are started. */
export const APACHE_UNITS = ['srv-data.mount', 'apache2.service'] as const
/** preempt_delay of the recipe. */
export const HOLD_MS = 5000
/** A unit that has run for so long has started: its check's time and two seconds, and a little. */
export const STEADY_S = 3.5

export interface Apaches {
  readonly pair: StatelessPair
  /** Where the VIP belongs. */
  readonly home: Machine
  readonly away: Machine
  stop(): Promise<void>
}

export async function startApaches(progress: Progress): Promise<Apaches> {
  const pair = await startStateless({
    config: recipe('apmode.toml'),
    files: {
      '/usr/local/lib/systemd/system/srv-data.mount': recipe('srv-data.mount'),
      '/etc/systemd/system/apache2.service.d/data.conf': recipe('apache2-data.conf'),
    },
    packages: ['apache2'],
    provision: async (machine) => {
      await machine.writeFile('/etc/apache2/sites-available/balancer.conf', recipe('balancer.conf'))
      const commands = `a2dissite -q 000-default; a2enmod -q ${MODULES}; a2ensite -q balancer; systemctl disable -q apache2`
      await must(['chroot', machine.root, 'sh', '-euc', commands], { timeoutMs: 20_000 })
    },
    progress,
  })
  try {
    const backends = await startBackends(pair.names, [
      { name: 'web1', address: '192.168.33.11', port: 8080, speaks: 'http' },
      { name: 'web2', address: '192.168.33.12', port: 8080, speaks: 'http' },
    ])
    await startServing(pair.machines)
    const stop = async () => {
      await backends.stop()
      await pair.stop()
    }
    return { pair, home: pair.machine('host1'), away: pair.machine('host2'), stop }
  } catch (thrown) {
    await pair.stop()
    throw thrown
  }
}

/** Waits until the newest Apache of this machine counts as started: what falls over before that may be given up. */
export async function ranLong(machine: Machine): Promise<void> {
  const long = async () => {
    const since = await machine.must(['systemctl', 'show', '-P', 'ActiveEnterTimestampMonotonic', 'apache2'])
    const now = (await machine.readFile('/proc/uptime')).split(' ')[0]
    return Number(now) - Number(since) / 1e6 > STEADY_S
  }
  await waitFor(long, { patienceMs: 12_000, reason: `${machine.name} having served for ${STEADY_S} s` })
}
