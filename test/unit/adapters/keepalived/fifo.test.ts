import { execFileSync } from 'node:child_process'
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { KeepalivedFifo } from '../../../../src/adapters/keepalived/fifo.ts'
import type { VrrpEvent, VrrpHint } from '../../../../src/ports/vrrp.ts'

/** With a patience that a busy machine does not exhaust. */
const eventually = <T>(claim: () => T) => vi.waitFor(claim, { timeout: 10_000, interval: 10 })

let folder: string
let path: string
let fifo: KeepalivedFifo
let events: VrrpEvent[]
let problems: string[]
let hints: VrrpHint[]
let writers: number[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'apmode-fifo-'))
  path = join(folder, 'vrrp.fifo')
  fifo = new KeepalivedFifo(path, 'VI_1')
  events = []
  problems = []
  hints = []
})
afterEach(() => {
  fifo.close()
  for (const fd of writers) closeSync(fd)
  writers = []
  rmSync(folder, { recursive: true, force: true })
})

const open = () =>
  fifo.open(
    (event) => events.push(event),
    (sentence) => problems.push(sentence),
    (hint) => hints.push(hint),
  )
const states = () => events.map((event) => event.state)
const isFifo = () => existsSync(path) && statSync(path).isFIFO()

/** Writes as keepalived does: O_RDWR, so that it waits for no reader, and kept open, so that nothing is lost. */
function say(text: string | Buffer): void {
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  writers.push(fd)
  writeSync(fd, Buffer.from(text))
}

function opened(): void {
  execFileSync('mkfifo', [path])
  open()
}

describe("keepalived's FIFO", { timeout: 30_000 }, () => {
  it('gives the lines of our instance in order, and nothing else', async () => {
    opened()
    say('INSTANCE "VI_1" BACKUP 100\nGROUP "G" MASTER 0\nINSTANCE "VI_2" FAULT 1\nINSTANCE "VI_1" MASTER 100\n')
    await eventually(() => expect(states()).toEqual(['backup', 'master']))
    expect(events[1]).toEqual({ state: 'master', instance: 'VI_1', source: 'fifo' })
    expect(problems).toEqual([])
  })

  it('is created when it is missing, readable by root alone', async () => {
    open()
    await eventually(() => expect(isFifo()).toBe(true))
    expect(statSync(path).mode & 0o777).toBe(0o600)
    say('INSTANCE "VI_1" MASTER 100\n')
    await eventually(() => expect(states()).toEqual(['master']))
  })

  it('loses nothing in a burst of 1,000 lines', async () => {
    opened()
    for (let batch = 0; batch < 10; batch++) {
      // A pipe holds 64 KiB; the rest of a burst beyond that is dropped by keepalived itself.
      say('INSTANCE "VI_1" MASTER 100\nINSTANCE "VI_1" BACKUP 100\n'.repeat(50))
      await eventually(() => expect(events.length).toBe((batch + 1) * 100))
    }
    expect(new Set(states().filter((_state, index) => index % 2 === 0))).toEqual(new Set(['master']))
  })

  it('waits for the rest of half a line', async () => {
    opened()
    say('INSTANCE "VI_1" MA')
    say('STER 100\nINSTANCE "VI_1" FAU')
    await eventually(() => expect(states()).toEqual(['master']))
    say('LT 0\n')
    await eventually(() => expect(states()).toEqual(['master', 'fault']))
    expect(problems).toEqual([])
  })

  it('says binary and unknown words as a problem, once each, and goes on', async () => {
    opened()
    say(Buffer.from([0, 255, 254, 10]))
    say('INSTANCE "VI_1" GONE 3\nINSTANCE "VI_1" GONE 3\nINSTANCE "VI_1" MASTER 100\n')
    await eventually(() => expect(states()).toEqual(['master']))
    expect(problems).toHaveLength(2)
  })

  it('drops a line without end, and reads the next one', async () => {
    opened()
    say('x'.repeat(5000))
    say(`${'y'.repeat(5000)}\nINSTANCE "VI_1" MASTER 100\n`)
    await eventually(() => expect(states()).toEqual(['master']))
    expect(problems).toEqual([expect.stringContaining('more than 1024 bytes')])
  })

  it('gives MASTER_RX_LOWER_PRI as a hint, not as a change of state', async () => {
    opened()
    say('INSTANCE "VI_1" MASTER_RX_LOWER_PRI 100\n')
    await eventually(() => expect(hints).toEqual(['MASTER_RX_LOWER_PRI']))
    expect(events).toEqual([])
  })

  it('is created again when it was removed, and says that lines may be lost', async () => {
    opened()
    unlinkSync(path)
    await eventually(() => expect(hints).toEqual(['reopened']))
    say('INSTANCE "VI_1" STOP 0\n')
    await eventually(() => expect(states()).toEqual(['stop']))
    expect(problems).toEqual([expect.stringContaining('removed')])
  })

  it.each(['file', 'folder'])('moves aside a %s that replaced it', async (what) => {
    opened()
    unlinkSync(path)
    if (what === 'file') writeFileSync(path, 'INSTANCE "VI_1" MASTER 100\n')
    else mkdirSync(path)
    await eventually(() => expect(hints).toEqual(['reopened']))
    expect(existsSync(`${path}.replaced`)).toBe(true)
    say('INSTANCE "VI_1" FAULT 0\n')
    await eventually(() => expect(states()).toEqual(['fault']))
    expect(problems.length).toBeGreaterThan(0)
  })

  it('waits for a missing folder, and says so once', async () => {
    path = join(folder, 'later', 'vrrp.fifo')
    fifo = new KeepalivedFifo(path, 'VI_1')
    open()
    await eventually(() => expect(problems).toHaveLength(2))
    mkdirSync(join(folder, 'later'))
    await eventually(() => expect(isFifo()).toBe(true))
    say('INSTANCE "VI_1" MASTER 100\n')
    await eventually(() => expect(states()).toEqual(['master']))
    expect(problems).toHaveLength(2)
  })

  it('tells nothing more after close', async () => {
    opened()
    fifo.close()
    unlinkSync(path)
    execFileSync('mkfifo', [path])
    expect(events).toEqual([])
  })
})
