/**
 * Which server this is, from the first packet that it sends. Pure.
 * Invariant: a server that is not a MariaDB of at least 10.5 is named before any credential is sent to it.
 */
import { DatabaseFailure } from './failure.ts'

export interface ServerVersion {
  /** As the server says it, without the prefix 5.5.5- that old clients need: `10.11.19-MariaDB-0+deb12u1`. */
  readonly text: string
  readonly major: number
  readonly minor: number
}

const OLDEST = { major: 10, minor: 5 }

/** The version in a greeting packet (protocol 10: four bytes of header, 10, text, NUL); null when it is an error packet. */
export function greetingVersion(packet: Buffer): string | null {
  if (packet.length < 6 || packet[4] !== 10) return null
  const end = packet.indexOf(0, 5)
  return end < 0 ? null : packet.toString('latin1', 5, end)
}

/** Throws DatabaseFailure `unsupported` for MySQL and its other descendants, by name, and for a MariaDB that is too old. */
export function supportedVersion(greeting: string, where: string): ServerVersion {
  if (!/mariadb/i.test(greeting)) {
    throw new DatabaseFailure(
      'unsupported',
      `${where} is MySQL ${greeting}, not MariaDB: its replication and its GTIDs are others`,
    )
  }
  const text = greeting.replace(/^5\.5\.5-/, '')
  const found = /^(\d+)\.(\d+)/.exec(text)
  const version = { text, major: Number(found?.[1] ?? 0), minor: Number(found?.[2] ?? 0) }
  if (!atLeast(version, OLDEST.major, OLDEST.minor)) {
    throw new DatabaseFailure('unsupported', `${where} is MariaDB ${text}; the oldest that works is 10.5`)
  }
  return version
}

export function atLeast(version: ServerVersion, major: number, minor: number): boolean {
  return version.major > major || (version.major === major && version.minor >= minor)
}
