/**
 * The kinds of value that a key can have: how each is read, what it is called in the documentation, and what is said to
 * be expected when it does not fit. A value that is rendered into keepalived's or MariaDB's files can hold no character
 * that means something there; that is decided here, once.
 */
import type { UnitCheck } from '../config.ts'
import { canBelongToMachine, parseAddress, parsePrefixed } from './address.ts'
import { describe, type Found } from './tree.ts'

export type Reading<T> =
  | { readonly ok: true; readonly value: T }
  /** Each part replaces what would be said otherwise: the value as it stands, the type's `expected`. */
  | { readonly ok: false; readonly found?: string; readonly expected?: string }

export interface ValueType<T> {
  /** For the table in the documentation. */
  readonly label: string
  /** Ends the sentence "found …, expected …". */
  readonly expected: string
  read(found: Found): Reading<T>
}

const NO: Reading<never> = { ok: false }
const yes = <T>(value: T): Reading<T> => ({ ok: true, value })

export function text(label: string, expected: string, fits: (value: string) => boolean): ValueType<string> {
  return {
    label,
    expected,
    read: (found) =>
      found.kind === 'string' && typeof found.value === 'string' && fits(found.value) ? yes(found.value) : NO,
  }
}

export function oneOf<const T extends string>(words: readonly T[]): ValueType<T> {
  const expected = words.map((word) => `"${word}"`).join(' or ')
  return {
    label: expected,
    expected,
    read: (found) => {
      if (found.kind !== 'string') return NO
      const word = words.find((candidate) => candidate === found.value)
      return word === undefined ? NO : yes(word)
    },
  }
}

export const yesNo: ValueType<boolean> = {
  label: 'true or false',
  expected: 'true or false',
  read: (found) => (found.kind === 'boolean' && typeof found.value === 'boolean' ? yes(found.value) : NO),
}

/** Whole numbers from `min` to `max`, both included. */
export function whole(min: number, max: number): ValueType<number> {
  return {
    label: `whole number, ${min}–${max}`,
    expected: `a whole number from ${min} to ${max}`,
    read: (found) =>
      found.kind === 'integer' && typeof found.value === 'number' && found.value >= min && found.value <= max
        ? yes(found.value)
        : NO,
  }
}

/** keepalived keeps VRRPv3's interval in hundredths of a second, in 12 bits (RFC 5798, 5.2.7). */
export const advertInterval: ValueType<number> = {
  label: 'seconds, 0.01–40.95',
  expected: 'seconds from 0.01 to 40.95, in steps of 0.01 (the limits of VRRPv3)',
  read: (found) => {
    if ((found.kind !== 'integer' && found.kind !== 'float') || typeof found.value !== 'number') return NO
    const hundredths = Math.round(found.value * 100)
    const isWhole = Math.abs(found.value * 100 - hundredths) < 1e-6
    return isWhole && hundredths >= 1 && hundredths <= 4095 ? yes(hundredths / 100) : NO
  },
}

/** keepalived's preempt_delay: seconds with a fraction, 1000 at most (keepalived.conf(5)). */
export const preemptDelay: ValueType<number> = {
  label: 'seconds, 0–1000',
  expected: 'a number of seconds from 0 to 1000',
  read: (found) =>
    (found.kind === 'integer' || found.kind === 'float') &&
    typeof found.value === 'number' &&
    found.value >= 0 &&
    found.value <= 1000
      ? yes(found.value)
      : NO,
}

/** Seconds in the file, milliseconds in the program. */
export function seconds(min: number, max: number): ValueType<number> {
  return {
    label: `seconds, ${min}–${max}`,
    expected: `a number of seconds from ${min} to ${max}`,
    read: (found) =>
      (found.kind === 'integer' || found.kind === 'float') &&
      typeof found.value === 'number' &&
      found.value >= min &&
      found.value <= max
        ? yes(Math.round(found.value * 1000))
        : NO,
  }
}

function isMachineAddress(value: string): boolean {
  const parsed = parseAddress(value)
  return parsed !== null && canBelongToMachine(parsed)
}

export const address = text(
  'IP address',
  'the IPv4 or IPv6 address of one machine, without a prefix length',
  isMachineAddress,
)

export const prefixedAddress = text(
  'IP address/prefix',
  'an address with its prefix length, as "192.168.33.100/24"',
  (value) => {
    const parsed = parsePrefixed(value)
    return parsed !== null && canBelongToMachine(parsed.address)
  },
)

export const addresses: ValueType<readonly string[]> = {
  label: 'list of IP addresses',
  expected: 'a list of IP addresses, as ["192.168.33.1"]',
  read: (found) => {
    if (found.kind !== 'list') return NO
    const values: string[] = []
    for (const item of found.items) {
      const reading = address.read(item)
      if (!reading.ok) return { ok: false, found: `${describe(item)} in the list` }
      values.push(reading.value)
    }
    return yes(values)
  },
}

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i
const isHostname = (value: string) => value.length <= 64 && value.split('.').every((part) => LABEL.test(part))

/** hostname(7): 64 characters on Linux. */
export const hostname = text('host name', 'a host name (letters, digits, "-", "."; 64 characters at most)', isHostname)

/** The kernel's limit is 15 characters (IFNAMSIZ); the characters are those that keepalived reads without quoting. */
export const interfaceName = text(
  'interface name',
  'the name of a network interface, as "enp0s8" (15 characters at most)',
  (value) => /^[A-Za-z0-9_.-]{1,15}$/.test(value) && value !== '.' && value !== '..',
)

const PATH_LIMIT = 4095
const isPath = (value: string) => /^\/.*[^/]$/.test(value) && !/\p{Cc}/u.test(value) && value.length <= PATH_LIMIT

export const absolutePath = text('absolute path', 'an absolute path of a file, as "/opt/ap-mode"', isPath)

/** unix(7): sun_path holds 108 bytes with its final NUL. No character that my.cnf would have quoted. */
export const socketPath = text(
  'absolute path',
  'the absolute path of a Unix socket, 107 characters at most, without spaces, "#" or quotes',
  (value) => isPath(value) && value.length <= 107 && /^[A-Za-z0-9_./:@+-]+$/.test(value),
)

/** systemd.unit(5): the characters of a unit's prefix; the suffix is ours. */
export const codename = text(
  'unit name without suffix',
  'a unit name without its suffix, as "ap" (letters, digits, ":", "-", "_", ".")',
  (value) => /^[A-Za-z0-9_][A-Za-z0-9:_.-]{0,99}$/.test(value) && !/\.(service|socket|target|timer)$/.test(value),
)

export const unitName = text(
  'unit name',
  'the full name of a systemd unit, as "nginx.service"',
  (value) =>
    value.length <= 255 &&
    /^[A-Za-z0-9:_.\\-]+(@[A-Za-z0-9:_.\\-]+)?\.(service|socket|target|timer|mount|path)$/.test(value),
)

/** Stands unquoted in keepalived.conf and in the FIFO's lines. */
export const instanceName = text('name', 'a name of letters, digits, "_", "." or "-"', (value) =>
  /^[A-Za-z0-9_.-]{1,64}$/.test(value),
)

/** MariaDB's limit is 128 characters; the characters are those that need no quoting anywhere. */
export const accountName = text('account name', 'an account name of letters, digits, "_", "." or "-"', (value) =>
  /^[A-Za-z0-9_.-]{1,80}$/.test(value),
)

export interface Listen {
  readonly host: string
  readonly port: number
}

export const listen: ValueType<Listen | null> = {
  label: 'host:port or "off"',
  expected: 'an address and a port, as "127.0.0.1:8008" or "[::1]:8008", or "off"',
  read: (found) => {
    if (found.kind !== 'string' || typeof found.value !== 'string') return NO
    if (found.value === 'off') return yes(null)
    const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(found.value)
    if (match === null) return NO
    const [, bracketed, plain, digits] = match
    const host = bracketed ?? plain ?? ''
    const port = Number(digits)
    const isHost =
      bracketed === undefined ? parseAddress(host) !== null || isNamedHost(host) : parseAddress(host)?.family === 6
    return isHost && port >= 1 && port <= 65535 ? yes({ host, port }) : NO
  },
}

/** `http://host:port/path`, `tcp://host:port`, or the words of a program, the first an absolute path. */
export const unitCheck: ValueType<UnitCheck | null> = {
  label: '`http://…`, `tcp://host:port`, or a program',
  expected:
    'a check: "http://127.0.0.1:8080/health", "tcp://127.0.0.1:8080", or the absolute path of a program with its words',
  read: (found) => {
    if (found.kind !== 'string' || typeof found.value !== 'string') return NO
    const check = found.value.startsWith('/') ? programOf(found.value) : addressedCheck(found.value)
    return check === null ? NO : yes(check)
  },
}

function programOf(value: string): UnitCheck | null {
  const argv = value.split(' ').filter((word) => word !== '')
  return isPath(argv[0] ?? '') && !/\p{Cc}/u.test(value) ? { kind: 'command', argv } : null
}

function addressedCheck(value: string): UnitCheck | null {
  if (!URL.canParse(value)) return null
  const { protocol, hostname: host, port, pathname, search, username, hash } = new URL(value)
  const name = host.replace(/^\[(.*)\]$/, '$1')
  if (name === '' || username !== '' || hash !== '') return null
  if (protocol === 'http:') return { kind: 'http', host: name, port: Number(port || 80), path: `${pathname}${search}` }
  if (protocol !== 'tcp:' || port === '' || (pathname !== '' && pathname !== '/')) return null
  return { kind: 'tcp', host: name, port: Number(port) }
}

/** A name, not a mistyped address: `127.0.0.300` is no host name. */
function isNamedHost(host: string): boolean {
  return isHostname(host) && !/^[\d.]+$/.test(host)
}
