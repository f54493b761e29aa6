/**
 * The interface that carries the VIP: who has the address, is there a carrier, take the address away.
 * Invariant: what it says was read from the kernel in that call; nothing is remembered. It never adds an address: that
 * is keepalived's.
 */
import { readFileSync } from 'node:fs'
import { isIPv6, SocketAddress } from 'node:net'
import { networkInterfaces } from 'node:os'
import { ApmodeError, messageOf } from '../../core/errors.ts'
import type { Network } from '../../ports/network.ts'
import { runIp } from './ip-command.ts'
import { createMonitor } from './ip-monitor.ts'

export interface NetworkOptions {
  /** `enp0s8`. */
  readonly interface: string
  /** Address with or without prefix length: `192.168.33.100/24`. */
  readonly vip: string
  readonly log?: (level: 'debug' | 'info' | 'warn' | 'error', sentence: string) => void
}

export function createNetwork(options: NetworkOptions): Network {
  const { interface: name, log = () => {} } = options
  const vip = canonical(options.vip.split('/')[0] ?? '')
  const monitor = createMonitor(name, log)

  return {
    /**
     * libuv lists only interfaces that are up *and* running (uv__ifaddr_exclude): on one without a carrier the VIP is
     * not seen, and does not serve either. An address with a label is listed under the label, as `eth0:vip`.
     */
    holdsVip() {
      try {
        const addresses = Object.entries(networkInterfaces()).filter(
          ([listed]) => listed === name || listed.startsWith(`${name}:`),
        )
        return addresses.some(([, list]) => list?.some(({ address }) => canonical(address) === vip))
      } catch (thrown) {
        log('warn', `cannot list the addresses of ${name}: ${messageOf(thrown)}`)
        return false
      }
    },

    carrier() {
      try {
        return readFileSync(`/sys/class/net/${name}/carrier`, 'ascii').trim() === '1'
      } catch (thrown) {
        // EINVAL: the interface is administratively down. Anything else (there is none): unknown.
        return (thrown as NodeJS.ErrnoException).code === 'EINVAL' ? false : null
      }
    },

    /** Looks with `ip addr show`, not with holdsVip: an interface that is down keeps its addresses. */
    async removeVip(call) {
      for (const address of await vipsOn(name, vip, call)) {
        const problem = await runIp(['address', 'del', address, 'dev', name], call).then(
          () => null,
          (thrown: unknown) => thrown,
        )
        if (problem === null) continue
        call.signal?.throwIfAborted()
        // keepalived may have taken it away in the meantime.
        const left = await vipsOn(name, vip, call)
        if (left.includes(address)) {
          const code = problem instanceof ApmodeError ? problem.code : 'failed'
          throw new ApmodeError(code, `cannot remove ${address} from ${name}: ${messageOf(problem)}`, {
            cause: problem,
          })
        }
      }
    },

    watch: (listener) => monitor.watch(listener),
  }
}

interface IpAddress {
  readonly local?: string
  readonly prefixlen?: number
}

/** With their prefix lengths: the kernel removes an address only when that agrees too. */
async function vipsOn(name: string, vip: string, call: Parameters<Network['removeVip']>[0]): Promise<string[]> {
  const text = await runIp(['-json', 'address', 'show', 'dev', name], call)
  const interfaces = JSON.parse(text || '[]') as readonly { addr_info?: readonly IpAddress[] }[]
  return interfaces
    .flatMap((one) => one.addr_info ?? [])
    .filter(({ local }) => local !== undefined && canonical(local) === vip)
    .map(({ local, prefixlen }) => `${local}/${prefixlen}`)
}

/** IPv6 has many spellings of one address. */
function canonical(address: string): string {
  const bare = address.split('%')[0] ?? ''
  return isIPv6(bare) ? new SocketAddress({ address: bare, family: 'ipv6' }).address : bare
}
