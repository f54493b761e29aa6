/** The screen of a command that draws: what it writes, and that the terminal is as it was however it ends. */
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { Screen } from '../../../src/face/screen.ts'
import type { Terminal } from '../../../src/face/terminal.ts'

const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l'
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l'

let out: string
let lines: readonly string[]
let listeners: Map<string, Set<() => void>>
let raised: string[]
let height: number
beforeEach(() => {
  out = ''
  lines = ['one', 'two']
  listeners = new Map()
  raised = []
  height = 24
})

function screen(): Screen {
  const terminal: Terminal = {
    out: (text) => {
      out += text
    },
    err: () => {},
    outIsTerminal: true,
    errIsTerminal: true,
    width: 80,
    environment: {},
  }
  const on = (event: string, listener: () => void) => {
    listeners.set(event, (listeners.get(event) ?? new Set()).add(listener))
  }
  const removeListener = (event: string, listener: () => void) => void listeners.get(event)?.delete(listener)
  return new Screen(terminal, () => lines, {
    get height() {
      return height
    },
    onResize(listener) {
      on('resize', listener)
      return () => removeListener('resize', listener)
    },
    on,
    removeListener,
    raise: (signal) => raised.push(`${signal}, ${listeners.get(signal)?.size} listen, ${out.endsWith(LEAVE)}`),
  })
}

function happens(event: string): void {
  for (const listener of [...(listeners.get(event) ?? [])]) listener()
}

describe('the screen', () => {
  it('is entered once, and drawn in place: nothing of the last picture stays, and no last column is lost', () => {
    const drawn = screen()
    expect(out).toBe(`${ENTER}\x1b[H\x1b[Kone\r\n\x1b[Ktwo\r\n\x1b[J`)
    out = ''
    lines = ['three']
    drawn.draw()
    expect(out).toBe('\x1b[H\x1b[Kthree\r\n\x1b[J')
  })

  it('never writes more lines than the terminal has, which would scroll it', () => {
    height = 2
    lines = ['one', 'two', 'three']
    screen()
    expect(out).toContain('two')
    expect(out).not.toContain('three')
    expect(out.endsWith('\x1b[Ktwo')).toBe(true)
  })

  it('is drawn anew when the window changes its size', () => {
    screen()
    out = ''
    lines = ['wider']
    happens('resize')
    expect(out).toContain('wider')
  })

  it.each(['close', 'exit'])('gives the terminal back on %s, once', (how) => {
    const drawn = screen()
    out = ''
    if (how === 'exit') happens('exit')
    drawn.close()
    expect(out).toBe(LEAVE)
    expect([...listeners.values()].flatMap((those) => [...those])).toEqual([])
  })

  it('gives the terminal back before it is stopped by Ctrl-Z, and takes it again when it goes on', async () => {
    const drawn = screen()
    happens('SIGTSTP')
    expect(raised).toEqual(['SIGTSTP, 0 listen, true'])
    out = ''
    happens('SIGCONT')
    expect(out.startsWith(ENTER)).toBe(true)
    // The next Ctrl-Z does the same.
    await vi.waitFor(() => expect(listeners.get('SIGTSTP')?.size).toBe(1))
    happens('SIGTSTP')
    expect(raised).toHaveLength(2)
    drawn.close()
  })
})
