/** The interfaces of this machine with their addresses, from ip(8). A look, once; it changes nothing. */
import { ApmodeError } from '../../core/errors.ts'
import type { FoundInterface } from '../../core/init/found.ts'
import type { Call } from '../../ports/systemd.ts'
import { runIp } from './ip-command.ts'

interface Listed {
  readonly ifname?: string
  readonly addr_info?: readonly { readonly local?: string; readonly prefixlen?: number; readonly scope?: string }[]
}

/** Without the loopback; addresses of global scope only. Throws ApmodeError. */
export async function listInterfaces(call: Call): Promise<FoundInterface[]> {
  return interfacesIn(await runIp(['-json', 'address', 'show'], call))
}

export function interfacesIn(json: string): FoundInterface[] {
  let listed: readonly Listed[]
  try {
    listed = JSON.parse(json || '[]')
  } catch (error) {
    throw new ApmodeError('failed', 'cannot list the interfaces: the answer of ip is not JSON', { cause: error })
  }
  return listed.flatMap(({ ifname, addr_info }) => {
    if (ifname === undefined || ifname === 'lo') return []
    const addresses = (addr_info ?? []).flatMap(({ local, prefixlen, scope }) =>
      local === undefined || prefixlen === undefined || scope !== 'global'
        ? []
        : [{ address: local, prefix: prefixlen }],
    )
    return [{ name: ifname, addresses }]
  })
}
