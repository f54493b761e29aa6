/**
 * Does one match of an nftables rule fit a packet? Three answers: yes, no, and null, "cannot tell". Pure.
 * The JSON is libnftables-json(5)'s: `{op, left, right}`.
 */
import { parseAddress } from '../config/address.ts'
import type { Packet } from './firewall.ts'

export type Tri = boolean | null

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** A port of a client, which can be any. */
const ANY_PORT = 'any port'

export function testMatch(match: unknown, packet: Packet): Tri {
  if (!isRecord(match)) return null
  const { op, left, right } = match
  const actual = fieldOf(left, packet)
  if (actual === null) return null
  if (actual === ABSENT) return false
  const fits = equals(actual, right)
  if (op === '==' || op === 'in') return fits
  return op === '!=' && fits !== null ? !fits : null
}

/** A field that such a packet does not have: nothing fits it. */
const ABSENT = Symbol('absent')

function fieldOf(left: unknown, packet: Packet): string | typeof ABSENT | null {
  if (!isRecord(left)) return null
  const { payload, meta, ct } = left
  if (isRecord(ct)) return ct.key === 'state' ? 'new' : null
  if (isRecord(meta)) return metaOf(String(meta.key), packet)
  if (isRecord(payload)) return payloadOf(String(payload.protocol), String(payload.field), packet)
  // tcp flags & (fin | syn | rst | ack) == syn: the packet that opens a connection.
  const [masked] = listOf(left['&'])
  const flags = isRecord(masked) && isRecord(masked.payload) && masked.payload.field === 'flags'
  if (!flags) return null
  return packet.protocol === 'tcp' ? 'syn' : ABSENT
}

function metaOf(key: string, packet: Packet): string | null {
  const v6 = packet.to.includes(':')
  switch (key) {
    case 'l4proto':
      return packet.protocol
    case 'nfproto':
      return v6 ? 'ipv6' : 'ipv4'
    case 'protocol':
      return v6 ? 'ip6' : 'ip'
    case 'iif':
    case 'iifname':
      return packet.hook === 'input' ? packet.interface : ''
    case 'oif':
    case 'oifname':
      return packet.hook === 'output' ? packet.interface : ''
    default:
      return null
  }
}

function payloadOf(protocol: string, field: string, packet: Packet): string | typeof ABSENT | null {
  const v6 = packet.to.includes(':')
  if (protocol === 'ip' || protocol === 'ip6') {
    if ((protocol === 'ip6') !== v6) return ABSENT
    if (field === 'saddr') return packet.from
    if (field === 'daddr') return packet.to
    return field === 'protocol' || field === 'nexthdr' ? packet.protocol : null
  }
  if (protocol === 'th' || protocol === 'tcp' || protocol === 'udp') {
    if (packet.protocol !== 'tcp' || protocol === 'udp') return ABSENT
    if (field === 'dport') return String(packet.port)
    if (field === 'flags') return 'syn'
    return field === 'sport' ? ANY_PORT : null
  }
  return protocol === 'icmp' || protocol === 'icmpv6' || protocol === 'vrrp' ? ABSENT : null
}

const NUMBERS: Readonly<Record<string, string>> = { '6': 'tcp', '112': 'vrrp', '17': 'udp', '1': 'icmp' }

function equals(actual: string, wanted: unknown): Tri {
  if (actual === ANY_PORT) return null
  if (Array.isArray(wanted)) return any(wanted.map((item) => equals(actual, item)))
  if (isRecord(wanted)) {
    if ('set' in wanted) return any(listOf(wanted.set).map((item) => equals(actual, item)))
    if (isRecord(wanted.prefix)) return inPrefix(actual, String(wanted.prefix.addr), Number(wanted.prefix.len))
    if (Array.isArray(wanted.range)) return inRange(actual, wanted.range)
    return null
  }
  // A named set: its elements are elsewhere.
  const text = String(wanted)
  if (text.startsWith('@')) return null
  if (text.endsWith('*')) return actual.startsWith(text.slice(0, -1))
  return actual === text || actual === NUMBERS[text] || sameAddress(actual, text)
}

function any(tests: readonly Tri[]): Tri {
  if (tests.includes(true)) return true
  return tests.includes(null) ? null : false
}

function sameAddress(one: string, other: string): boolean {
  const [a, b] = [parseAddress(one), parseAddress(other)]
  return a !== null && b !== null && a.bytes.join() === b.bytes.join()
}

function inPrefix(actual: string, address: string, length: number): Tri {
  const [a, b] = [parseAddress(actual), parseAddress(address)]
  if (a === null || b === null || a.family !== b.family) return false
  const bits = (bytes: readonly number[]) => bytes.map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return bits(a.bytes).slice(0, length) === bits(b.bytes).slice(0, length)
}

function inRange(actual: string, range: readonly unknown[]): Tri {
  const [low, high] = range.map(Number)
  const number = Number(actual)
  if (low === undefined || high === undefined || Number.isNaN(low + high + number)) return null
  return number >= low && number <= high
}
