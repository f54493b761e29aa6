/**
 * keepalived's notify FIFO, the only ordered channel out of it (acassen/keepalived#996). Invariant: while it is open,
 * the path is a FIFO that this process reads, or the reason why not has been said. What stands in its place is moved
 * aside (`.replaced`), never deleted. Events are hints: after each reopening it says so, as lines may have been lost.
 */
import { execFile } from 'node:child_process'
import {
  closeSync,
  constants,
  type FSWatcher,
  fstatSync,
  openSync,
  renameSync,
  type Stats,
  statSync,
  watch,
} from 'node:fs'
import { Socket } from 'node:net'
import { basename, dirname } from 'node:path'
import { messageOf } from '../../core/errors.ts'
import { parseFifoLine } from '../../core/vrrp-line.ts'
import type { VrrpEvent, VrrpFifo, VrrpHint } from '../../ports/vrrp.ts'
import { LineCutter } from './lines.ts'

const MKFIFO_TIMEOUT_MS = 2000
/** After a failure that no change in the folder would announce (the folder itself is missing, mkfifo failed). */
const RETRY_MS = 1000

interface Listeners {
  readonly onEvent: (event: VrrpEvent) => void
  readonly onProblem: (sentence: string) => void
  readonly onHint: (hint: VrrpHint) => void
}

interface Reading {
  readonly socket: Socket
  /** Device and inode of the FIFO that is being read. */
  readonly identity: string
}

export class KeepalivedFifo implements VrrpFifo {
  private readonly path: string
  private readonly instance: string
  private listeners: Listeners | null = null
  private reading: Reading | null = null
  private watcher: FSWatcher | null = null
  private retry: NodeJS.Timeout | null = null
  private creating = false
  private openedBefore = false
  private readonly said = new Set<string>()

  constructor(path: string, instance: string) {
    this.path = path
    this.instance = instance
  }

  open(
    onEvent: (event: VrrpEvent) => void,
    onProblem: (sentence: string) => void,
    onHint: (hint: VrrpHint) => void = () => {},
  ): void {
    this.listeners = { onEvent, onProblem, onHint }
    this.ensure()
  }

  close(): void {
    this.listeners = null
    this.stopReading()
    this.watcher?.close()
    this.watcher = null
    if (this.retry) clearTimeout(this.retry)
    this.retry = null
  }

  /** Looks at the path and does what is missing. Called at first, on each change in the folder, and by the retry. */
  private ensure(): void {
    if (!this.listeners || this.creating) return
    this.ensureWatched()
    const found = this.look()
    if (this.reading && (!found?.isFIFO() || identityOf(found) !== this.reading.identity)) {
      this.problem(`keepalived's FIFO ${this.path} was ${found ? 'replaced' : 'removed'} while it was read`)
      this.stopReading()
    }
    if (this.reading) return
    if (found?.isFIFO()) this.startReading()
    else if (found) this.moveAside(found)
    else this.create()
  }

  private look(): Stats | null {
    return statSync(this.path, { throwIfNoEntry: false }) ?? null
  }

  private ensureWatched(): void {
    if (this.watcher) return
    try {
      this.watcher = watch(dirname(this.path), (_change, name) => {
        if (name === null || name === basename(this.path)) this.ensure()
        else if (!statSync(dirname(this.path), { throwIfNoEntry: false })) this.unwatch()
      })
      this.watcher.on('error', () => this.unwatch())
    } catch (error) {
      this.failed(`cannot watch the folder of keepalived's FIFO ${this.path}: ${messageOf(error)}`)
    }
  }

  private unwatch(): void {
    this.watcher?.close()
    this.watcher = null
    this.retryLater()
  }

  private startReading(): void {
    let fd: number
    try {
      // O_RDWR: we are a writer too, so the FIFO never ends when keepalived closes it. O_NONBLOCK: never wait for one.
      fd = openSync(this.path, constants.O_RDWR | constants.O_NONBLOCK)
    } catch (error) {
      this.failed(`cannot open keepalived's FIFO ${this.path}: ${messageOf(error)}`)
      return
    }
    const stats = fstatSync(fd)
    if (!stats.isFIFO()) {
      closeSync(fd)
      this.retryLater()
      return
    }
    const socket = new Socket({ fd, readable: true, writable: false })
    const lines = new LineCutter(
      (line) => this.line(line),
      (limit) => this.problem(`a line of more than ${limit} bytes in keepalived's FIFO was dropped`),
    )
    socket.on('data', (chunk: Buffer) => lines.push(chunk))
    socket.on('error', (error) => {
      this.stopReading()
      this.failed(`cannot read keepalived's FIFO ${this.path}: ${error.message}`)
    })
    this.reading = { socket, identity: identityOf(stats) }
    if (this.openedBefore) this.listeners?.onHint('reopened')
    this.openedBefore = true
  }

  private stopReading(): void {
    this.reading?.socket.removeAllListeners('data')
    this.reading?.socket.destroy()
    this.reading = null
  }

  private line(text: string): void {
    const line = parseFifoLine(text, this.instance)
    switch (line.kind) {
      case 'event':
        this.said.clear()
        this.listeners?.onEvent({ state: line.state, instance: line.instance, source: 'fifo' })
        break
      case 'hint':
        this.listeners?.onHint(line.word)
        break
      case 'problem':
        this.problem(`${line.sentence}; the line is ignored`)
        break
      case 'other':
        break
    }
  }

  private moveAside(found: Stats): void {
    const what = found.isDirectory() ? 'a folder' : 'a file'
    try {
      renameSync(this.path, `${this.path}.replaced`)
      this.problem(`${what} stood in the place of keepalived's FIFO ${this.path}; it is now ${this.path}.replaced`)
      this.create()
    } catch (error) {
      this.failed(
        `${what} stands in the place of keepalived's FIFO ${this.path} and cannot be moved: ${messageOf(error)}`,
      )
    }
  }

  private create(): void {
    this.creating = true
    // Node has no mkfifo(2).
    execFile('mkfifo', ['-m', '600', this.path], { timeout: MKFIFO_TIMEOUT_MS }, (error, _stdout, stderr) => {
      this.creating = false
      if (!this.listeners) return
      // Somebody else may have been quicker: what counts is what is there now.
      if (error && !this.look()) {
        this.failed(`cannot create keepalived's FIFO ${this.path}: ${stderr.trim() || error.message}`)
        return
      }
      this.ensure()
    })
  }

  private failed(sentence: string): void {
    this.problem(sentence)
    this.retryLater()
  }

  private retryLater(): void {
    if (this.retry || !this.listeners) return
    this.retry = setTimeout(() => {
      this.retry = null
      this.ensure()
    }, RETRY_MS)
    this.retry.unref()
  }

  /** Once each, until keepalived has been heard again. */
  private problem(sentence: string): void {
    if (this.said.has(sentence)) return
    // A stream of different garbage must not fill the memory either.
    if (this.said.size >= 50) this.said.clear()
    this.said.add(sentence)
    this.listeners?.onProblem(sentence)
  }
}

function identityOf(stats: Stats): string {
  return `${stats.dev}:${stats.ino}`
}
