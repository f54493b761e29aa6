/**
 * Does this machine hold the VIP, asked without a supervisor: the VIP is read from the configuration's text alone, so that
 * a fault elsewhere in it (which may be why there is no supervisor) does not matter. Loaded only when it is needed.
 */
import { readFileSync } from 'node:fs'
import { BlockList, isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'

/** false also when the configuration cannot be read: a machine without one carries nothing. */
export function holdsVip(environment: NodeJS.ProcessEnv, interfaces = networkInterfaces()): boolean {
  const vip = vipOf(environment.APMODE_CONFIG ?? '/etc/apmode/apmode.toml')
  if (vip === null) return false
  // A block list compares addresses, not their spellings.
  const wanted = new BlockList()
  try {
    wanted.addAddress(vip, family(vip))
  } catch {
    return false
  }
  return Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .some(({ address }) => wanted.check(address, family(address)))
}

function vipOf(path: string): string | null {
  try {
    return /^\s*(?:vrrp\s*\.\s*)?vip\s*=\s*["']([^"'/]+)/m.exec(readFileSync(path, 'utf8'))?.[1] ?? null
  } catch {
    return null
  }
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4'
}
