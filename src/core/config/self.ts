/** Which of the configured machines this one is: what /etc/apmode/node says, or else the host name. */

export interface Self {
  readonly hostname: string
  /** The text of /etc/apmode/node; null when there is none. */
  readonly nodeFile: string | null
}

export type SelfResult<N> = { readonly ok: true; readonly node: N } | { readonly ok: false; readonly message: string }

/** `host1.example.org` is `host1` where no node has the long name: hostname(1) gives one or the other. */
export function findSelf<N extends { readonly name: string }>(nodes: readonly N[], self: Self): SelfResult<N> {
  const byName = (name: string) => nodes.find((node) => node.name.toLowerCase() === name.toLowerCase())
  const names = nodes.map((node) => `"${node.name}"`).join(' or ')
  if (self.nodeFile !== null) {
    const wanted = self.nodeFile.trim()
    const node = byName(wanted)
    if (node !== undefined) return { ok: true, node }
    return { ok: false, message: `found ${JSON.stringify(wanted.slice(0, 64))} in /etc/apmode/node, expected ${names}` }
  }
  const node = byName(self.hostname) ?? byName(self.hostname.split('.')[0] ?? '')
  if (node !== undefined) return { ok: true, node }
  const message = `found no node named as this machine, "${self.hostname}", expected ${names}, or one of them in /etc/apmode/node`
  return { ok: false, message }
}
