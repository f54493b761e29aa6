/**
 * IP addresses as text and as bytes. Two spellings of one address (`fe80::1`, `FE80:0::1`) are equal here because the
 * bytes are compared. It never looks a name up.
 */

export interface Address {
  readonly family: 4 | 6
  /** 4 or 16 bytes, network order. */
  readonly bytes: readonly number[]
}

export interface Prefixed {
  readonly address: Address
  readonly prefix: number
}

function bytesOfV4(text: string): number[] | null {
  const parts = text.split('.')
  if (parts.length !== 4) return null
  // A leading zero is octal to some programs and decimal to others: refused.
  return parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255) ? parts.map(Number) : null
}

/** The groups of one side of `::`, as bytes; the last group may be written as IPv4. */
function bytesOfGroups(text: string, isTail: boolean): number[] | null {
  if (text === '') return []
  const bytes: number[] = []
  const groups = text.split(':')
  for (const [index, group] of groups.entries()) {
    if (group.includes('.')) {
      const v4 = isTail && index === groups.length - 1 ? bytesOfV4(group) : null
      if (v4 === null) return null
      bytes.push(...v4)
      continue
    }
    if (!/^[0-9a-f]{1,4}$/i.test(group)) return null
    const value = Number.parseInt(group, 16)
    bytes.push(value >> 8, value & 0xff)
  }
  return bytes
}

function bytesOfV6(text: string): number[] | null {
  const halves = text.split('::')
  if (halves.length > 2) return null
  const [head = '', tail] = halves
  const left = bytesOfGroups(head, tail === undefined)
  if (left === null) return null
  if (tail === undefined) return left.length === 16 ? left : null
  const right = bytesOfGroups(tail, true)
  if (right === null || left.length + right.length > 14) return null
  return [...left, ...new Array<number>(16 - left.length - right.length).fill(0), ...right]
}

/** null: neither an IPv4 nor an IPv6 address. A zone (`fe80::1%eth0`) is refused. */
export function parseAddress(text: string): Address | null {
  const v4 = bytesOfV4(text)
  if (v4 !== null) return { family: 4, bytes: v4 }
  const v6 = text.includes(':') ? bytesOfV6(text) : null
  return v6 === null ? null : { family: 6, bytes: v6 }
}

/** `192.168.33.100/24`; null when there is no prefix length or anything else is wrong. */
export function parsePrefixed(text: string): Prefixed | null {
  const [host = '', length, ...rest] = text.split('/')
  const address = parseAddress(host)
  if (address === null || length === undefined || rest.length > 0 || !/^\d{1,3}$/.test(length)) return null
  const prefix = Number(length)
  return prefix >= 1 && prefix <= (address.family === 4 ? 32 : 128) ? { address, prefix } : null
}

export function isSameAddress(a: Address, b: Address): boolean {
  return a.family === b.family && a.bytes.every((byte, index) => byte === b.bytes[index])
}

/** Unspecified, loopback, multicast and broadcast addresses belong to no single machine. */
export function canBelongToMachine({ family, bytes }: Address): boolean {
  const first = bytes[0] ?? 0
  if (family === 4) return first !== 0 && first !== 127 && first < 224
  const isLow = bytes.slice(0, 15).every((byte) => byte === 0) && (bytes[15] ?? 0) <= 1
  return first !== 0xff && !isLow
}
