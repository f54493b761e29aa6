/**
 * The decisions, one JSON line each (/var/lib/apmode/history.jsonl): appended with one write, rotated by size, the one
 * older file kept as `.1`. Invariant: a line that a power cut or a full disk tore never spoils another one. Not synced:
 * a lost last line costs nothing but the memory of it. Never throws: recording must not stop what is recorded.
 */
import fs, { constants } from 'node:fs'
import { dirname } from 'node:path'
import type { History, HistoryEntry } from '../../ports/storage.ts'
import { reasonOf } from './durable.ts'
import { linesFromEnd } from './lines-from-end.ts'

const ROTATE_AT_BYTES = 4 * 1024 * 1024
const NEWLINE = 10
/** O_NONBLOCK: a FIFO in its place must not hold the supervisor. */
const APPEND = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK

type AppendCalls = Pick<typeof fs, 'openSync' | 'fstatSync' | 'readSync' | 'writeSync' | 'closeSync' | 'renameSync'>

export class DiskHistory implements History {
  private readonly path: string
  private readonly rotateAtBytes: number
  private readonly calls: AppendCalls

  constructor(path: string, rotateAtBytes: number = ROTATE_AT_BYTES, calls: AppendCalls = fs) {
    this.path = path
    this.rotateAtBytes = rotateAtBytes
    this.calls = calls
  }

  append(entry: HistoryEntry): { readonly ok: boolean; readonly detail: string } {
    try {
      const line = Buffer.from(`${JSON.stringify(entry)}\n`)
      fs.mkdirSync(dirname(this.path), { recursive: true })
      if (this.appendTo(line) === 'full') {
        this.calls.renameSync(this.path, `${this.path}.1`)
        this.appendTo(line)
      }
      return { ok: true, detail: '' }
    } catch (error) {
      return { ok: false, detail: `cannot write the history ${this.path}: ${reasonOf(error)}` }
    }
  }

  newest(count: number): HistoryEntry[] {
    const found: HistoryEntry[] = []
    if (count < 1) return found
    for (const path of [this.path, `${this.path}.1`]) {
      for (const line of linesFromEnd(path)) {
        const entry = parseEntry(line)
        if (entry === null) continue
        found.unshift(entry)
        if (found.length >= count) return found
      }
    }
    return found
  }

  private appendTo(line: Buffer): 'done' | 'full' {
    const file = this.calls.openSync(this.path, APPEND, 0o644)
    try {
      const stats = this.calls.fstatSync(file)
      if (!stats.isFile()) throw new Error('it is not a regular file')
      const { size } = stats
      if (size > 0 && size + line.length > this.rotateAtBytes) return 'full'
      const whole = size > 0 && this.lastByte(file, size) !== NEWLINE ? Buffer.concat([Buffer.from('\n'), line]) : line
      const written = this.calls.writeSync(file, whole)
      if (written < whole.length) throw Object.assign(new Error('only a part was written'), { code: 'ENOSPC' })
      return 'done'
    } finally {
      this.calls.closeSync(file)
    }
  }

  private lastByte(file: number, size: number): number | undefined {
    const byte = Buffer.alloc(1)
    this.calls.readSync(file, byte, 0, 1, size - 1)
    return byte[0]
  }
}

function parseEntry(line: string): HistoryEntry | null {
  let found: unknown
  try {
    found = JSON.parse(line)
  } catch {
    return null
  }
  return isEntry(found) ? found : null
}

function isEntry(found: unknown): found is HistoryEntry {
  if (typeof found !== 'object' || found === null) return false
  const { at, event, source, sentence, from, to, steps, ms, result } = found as Record<string, unknown>
  return (
    [at, event, source, sentence, result].every((field) => typeof field === 'string') &&
    [from, to].every((field) => hasAll(field, { mode: 'string', role: 'string', vrrp: 'string' })) &&
    typeof ms === 'number' &&
    Array.isArray(steps) &&
    steps.every((step) => hasAll(step, STEP))
  )
}

const STEP = { step: 'string', sentence: 'string', ms: 'number', ok: 'boolean', detail: 'string' } as const

function hasAll(found: unknown, types: Readonly<Record<string, 'string' | 'number' | 'boolean'>>): boolean {
  if (typeof found !== 'object' || found === null) return false
  const fields = found as Record<string, unknown>
  return Object.entries(types).every(([name, type]) => typeof fields[name] === type)
}
