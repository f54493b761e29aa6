/**
 * A short name for a configuration, without what differs from machine to machine: two machines with the same name have
 * the same file in mind. Pure. It is no secret: the configuration holds none.
 */
import { createHash } from 'node:crypto'
import type { Config } from '../core/config.ts'

/** Twelve hexadecimal digits. */
export function fingerprint(config: Config): string {
  const { node: self, peer: _other, peers: _others, nodes, health, ...shared } = config
  // Each member of a Galera cluster listens on its own address.
  const listens = health?.host === self.address ? { ...health, host: 'its own address' } : health
  const both = {
    ...shared,
    health: listens,
    nodes: [...nodes].sort((one, other) => one.name.localeCompare(other.name)),
  }
  return createHash('sha256').update(canonical(both)).digest('hex').slice(0, 12)
}

/** JSON with the keys of every object in order. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`
}
