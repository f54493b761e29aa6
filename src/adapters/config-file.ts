/**
 * Reads the configuration from the disk: apmode.toml, /etc/apmode/node, the host name, and the state of the password file
 * (never its content beyond "is it empty"). What is wrong is a value, a list of every problem; nothing expected throws.
 * It is imported lazily by commands that need a configuration: the thin client never loads it.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync, readSync } from 'node:fs'
import { hostname } from 'node:os'
import { parseConfig } from '../core/config/parse.ts'
import type { Config, ConfigProblem } from '../core/config.ts'

export const CONFIG_PATH = '/etc/apmode/apmode.toml'
export const NODE_PATH = '/etc/apmode/node'

export interface LoadOptions {
  /** Default: the environment's APMODE_CONFIG, or /etc/apmode/apmode.toml. */
  readonly path?: string
  readonly nodePath?: string
  readonly hostname?: string
  /** Read as this machine, whatever it is called (`render --node`). */
  readonly node?: string
  /** False: the password file need not be there yet (`render keepalived`). */
  readonly checkSecrets?: boolean
}

export type LoadResult =
  | { readonly ok: true; readonly path: string; readonly config: Config }
  | { readonly ok: false; readonly path: string; readonly problems: readonly ConfigProblem[] }

export type SecretResult =
  | { readonly ok: true; readonly secret: string }
  | { readonly ok: false; readonly problem: string }

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown error'
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'a file that this user may not read',
  EISDIR: 'a directory',
  ENOTDIR: 'a path through something that is no directory',
  ELOOP: 'a symbolic link',
}
const reasonOf = (thrown: unknown) => REASONS[codeOf(thrown)] ?? codeOf(thrown)

const octal = (mode: number) => (mode & 0o7777).toString(8).padStart(4, '0')
const SECRET_LIMIT = 4096

/**
 * The replication password: the first line of its file. Refused when anybody but its owner can read or write the file, when
 * the owner is neither root nor this process's user, and when there is nothing in it. Read at the moment of use, never kept.
 */
export function readSecret(path: string): SecretResult {
  const no = (problem: string): SecretResult => ({ ok: false, problem: `found ${problem}` })
  let fd: number
  try {
    // O_NONBLOCK: a FIFO in its place must not hold us up.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (thrown) {
    return no(`${reasonOf(thrown)} (${path}), expected a readable file with the password`)
  }
  try {
    // Of the open file, so that what is checked is what is read.
    const stat = fstatSync(fd)
    if (!stat.isFile()) return no(`something that is no regular file (${path}), expected a file with the password`)
    if ((stat.mode & 0o077) !== 0) {
      return no(`mode ${octal(stat.mode)} (${path}), expected 0600: nothing for group and others`)
    }
    if (stat.uid !== 0 && stat.uid !== process.getuid?.()) {
      return no(`owner ${stat.uid} (${path}), expected root or the user that runs apmode`)
    }
    const buffer = Buffer.alloc(SECRET_LIMIT)
    const text = buffer.toString('utf8', 0, readSync(fd, buffer, 0, SECRET_LIMIT, 0))
    const secret = text.split('\n')[0]?.replace(/\r$/, '') ?? ''
    return secret === '' ? no(`an empty first line (${path}), expected the password`) : { ok: true, secret }
  } catch (thrown) {
    return no(`${reasonOf(thrown)} (${path}), expected a readable file with the password`)
  } finally {
    closeSync(fd)
  }
}

/** null where the file is not there. */
function optionalText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return null
    throw thrown
  }
}

/** Reads and checks everything. `line` 0 in a problem: it concerns a file as a whole. */
export function loadConfig(options: LoadOptions = {}): LoadResult {
  const path = options.path ?? process.env.APMODE_CONFIG ?? CONFIG_PATH
  const nodePath = options.nodePath ?? NODE_PATH
  let reading = path
  try {
    const text = readFileSync(path, 'utf8')
    reading = nodePath
    const self = { hostname: options.hostname ?? hostname(), nodeFile: options.node ?? optionalText(nodePath) }
    const passwordFileProblem = (file: string) => {
      const result = readSecret(file)
      return result.ok ? null : result.problem
    }
    const facts = options.checkSecrets === false ? undefined : { passwordFileProblem }
    return { path, ...parseConfig(text, self, facts) }
  } catch (thrown) {
    const expected = reading === path ? 'the configuration' : 'the name of this node'
    const message = `found ${reasonOf(thrown)} (${reading}), expected a readable file with ${expected}`
    return { ok: false, path, problems: [{ line: 0, key: '', message }] }
  }
}

/** For people: one line for each problem, aligned. */
export function formatProblems(path: string, problems: readonly ConfigProblem[]): string {
  const places = problems.map(({ line }) => (line === 0 ? 'file' : `line ${line}`))
  const width = Math.max(0, ...places.map((place) => place.length))
  const lines = problems.map(({ key, message }, index) => {
    const place = (places[index] ?? '').padEnd(width)
    return `  ${place}  ${key === '' ? '' : `${key}: `}${message}`
  })
  const count = problems.length === 1 ? '1 fault' : `${problems.length} faults`
  return [`${path}: ${count}`, ...lines].join('\n')
}

/** For programs (`apmode config check --json`). */
export function problemsAsJson(path: string, problems: readonly ConfigProblem[]): object {
  return { ok: problems.length === 0, path, problems }
}
