/**
 * The mode file (/opt/ap-mode): one line, `ap`, or `being m` while changing, for `cat` and for other people's scripts.
 * Invariant: what is not exactly one of those words is `unreadable` and never guessed at; only a missing file is `unset`.
 * A change by somebody else is announced once it has settled; what this process wrote itself never is.
 */
import { closeSync, constants, type FSWatcher, fstatSync, openSync, readSync, watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import { messageOf } from '../../core/errors.ts'
import { MODES, type Mode } from '../../core/vocabulary.ts'
import type { ModeFile, ModeRecord } from '../../ports/storage.ts'
import { codeOf, type FileCalls, reasonOf, removeLeftover, writeDurably } from './durable.ts'

const LONGEST = 64
/** `echo m >file` empties the file before it writes: a change is looked at when it has been quiet for this long. */
const SETTLE_MS = 30
/** An empty file may be between those two moments: it is believed only when it is still empty after this. */
const EMPTY_MS = 250
/** The same for a plain read, which must answer at once. */
const EMPTY_READ_MS = 5

type Content = { readonly text: string | null } | { readonly problem: string }

export class DiskModeFile implements ModeFile {
  private readonly path: string
  private readonly calls: FileCalls | undefined
  private readonly onProblem: (sentence: string) => void
  /** What was in the file when this process last wrote it or announced a change. */
  private known: string | null = null

  constructor(path: string, onProblem: (sentence: string) => void = () => {}, calls?: FileCalls) {
    this.path = path
    this.onProblem = onProblem
    this.calls = calls
    removeLeftover(path, calls)
  }

  read(): ModeRecord {
    return readModeFile(this.path)
  }

  writeBeing(mode: Mode): void {
    this.put(`being ${mode}\n`)
  }

  write(mode: Mode): void {
    this.put(`${mode}\n`)
  }

  watch(listener: () => void): () => void {
    this.known = this.fingerprint()
    let timer: NodeJS.Timeout | null = null
    let watcher: FSWatcher | null = null
    const look = (patient: boolean) => {
      timer = null
      const now = this.fingerprint()
      if (now === this.known) return
      if (now === 'text:' && patient) {
        timer = setTimeout(look, EMPTY_MS, false)
        return
      }
      this.known = now
      listener()
    }
    try {
      watcher = watch(dirname(this.path), (_change, name) => {
        if (name !== null && name !== basename(this.path)) return
        if (timer) clearTimeout(timer)
        timer = setTimeout(look, SETTLE_MS, true)
      })
      watcher.on('error', (error) => this.unwatchable(error))
    } catch (error) {
      this.unwatchable(error)
    }
    return () => {
      watcher?.close()
      if (timer) clearTimeout(timer)
    }
  }

  private unwatchable(error: unknown): void {
    this.onProblem(`cannot watch the mode file ${this.path}: ${messageOf(error)}; changes by hand are noticed later`)
  }

  private put(text: string): void {
    writeDurably('the mode file', this.path, text, 0o644, this.calls)
    this.known = `text:${text}`
  }

  private fingerprint(): string {
    const content = contentOf(this.path)
    if ('problem' in content) return `problem:${content.problem}`
    return content.text === null ? 'missing' : `text:${content.text}`
  }
}

/** What the mode file says now. */
export function readModeFile(path: string): ModeRecord {
  let content = contentOf(path)
  if ('text' in content && content.text === '') {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, EMPTY_READ_MS)
    content = contentOf(path)
  }
  if ('problem' in content) return unreadable(`cannot read the mode file ${path}: ${content.problem}`)
  if (content.text === null) return { mode: 'unset', being: null, problem: null }
  return parseMode(content.text) ?? unreadable(`the mode file ${path} ${described(content.text)}`)
}

function contentOf(path: string): Content {
  let file: number
  try {
    // O_NONBLOCK: a FIFO in its place must not hold the supervisor.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? { text: null } : { problem: reasonOf(error) }
  }
  try {
    const stats = fstatSync(file)
    if (stats.isDirectory()) return { problem: 'it is a folder' }
    if (!stats.isFile()) return { problem: 'it is not a regular file' }
    const bytes = Buffer.alloc(LONGEST + 1)
    const length = readSync(file, bytes, 0, bytes.length, 0)
    return { text: bytes.toString('latin1', 0, length) }
  } catch (error) {
    return { problem: reasonOf(error) }
  } finally {
    closeSync(file)
  }
}

/** null: not one of the words. While changing, `mode` is the mode that the change is on its way to. */
export function parseMode(text: string): ModeRecord | null {
  if (text.length > LONGEST) return null
  // Not trimEnd(), which takes more for a space than a shell does.
  const line = text.replace(/[ \t\r\n]+$/, '')
  const being = line.startsWith('being ')
  const word = being ? line.slice('being '.length) : line
  const mode = MODES.find((known) => known === word)
  return mode === undefined ? null : { mode, being: being ? mode : null, problem: null }
}

function unreadable(problem: string): ModeRecord {
  return { mode: 'unreadable', being: null, problem }
}

function described(text: string): string {
  const expected = 'expected ap, m or s (apmode set writes it)'
  if (text.trim() === '') return `is empty, ${expected}`
  if (text.length > LONGEST) return `is longer than ${LONGEST} bytes, ${expected}`
  return `holds ${JSON.stringify(text.trimEnd()).replace(/[\u007f-\uffff]/g, '\ufffd')}, ${expected}`
}
