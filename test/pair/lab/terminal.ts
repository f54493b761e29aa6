/**
 * A person's terminal on a machine: a shell in tmux, as over ssh. What is seen is what tmux says the screen holds. Invariant: the
 * tmux is this terminal's own (its socket, no configuration, no status line), is in the run's cgroup, and ends with `close`.
 */
import { createCgroup } from './cgroup.ts'
import { must, run } from './command.ts'
import type { RunNames } from './names.ts'
import type { LabNode } from './node.ts'

export interface Size {
  readonly width: number
  readonly height: number
}

export interface LabTerminal {
  /** tmux's names of keys: `C-c`, `Enter`; anything else as it is. */
  keys(...keys: readonly string[]): Promise<void>
  /** A line, and Enter. */
  type(line: string): Promise<void>
  /** The lines of the screen, without trailing blanks. */
  screen(): Promise<string[]>
  /** Of the screen: is it the other page, is the cursor to be seen, do lines break? */
  state(): Promise<{ readonly otherPage: boolean; readonly cursor: boolean; readonly wraps: boolean }>
  resize(size: Size): Promise<void>
  close(): Promise<void>
}

let count = 0

/** The shell's prompt is `$ `. */
export async function openTerminal(names: RunNames, node: LabNode, { width, height }: Size): Promise<LabTerminal> {
  const pid = node.leaderPid()
  if (pid === null) throw new Error(`cannot open a terminal on ${node.name}: it is off`)
  const { doors } = createCgroup(names.cgroup, 'tools')
  const enter = doors.map((door) => `echo $$ > ${door}`).join(' && ')
  const socket = `${names.machine(node.name)}-${process.pid}-${++count}`
  const tmux = ['tmux', '-L', socket, '-f', '/dev/null']
  const limits = { timeoutMs: 10_000 }
  // `script` gives the shell a terminal of the machine's own, with job control.
  const environment = [
    'env',
    '-i',
    'HOME=/root',
    'TERM=screen-256color',
    'LANG=C.UTF-8',
    'PS1=$ ',
    'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
  ]
  const shell = [...environment, 'script', '-qfc', 'bash --norc --noprofile', '/dev/null']
  const inside = ['nsenter', '-t', String(pid), '-a', '--', ...shell]
  const size = ['-x', String(width), '-y', String(height)]
  const begin = [...tmux, 'set', '-g', 'status', 'off', ';', 'new-session', '-d', ...size, '-s', 'desk', ...inside]
  await must(
    ['sh', '-c', `${enter} && exec "$@"`, 'sh', ...tmux, 'start-server', ';', ...begin.slice(tmux.length)],
    limits,
  )
  const ask = async (...words: string[]) => (await must([...tmux, ...words], limits)).stdout
  const keys = async (...given: readonly string[]) => void (await ask('send-keys', '-t', 'desk', ...given))
  return {
    keys,
    async type(line) {
      await ask('send-keys', '-t', 'desk', '-l', line)
      await keys('Enter')
    },
    async screen() {
      return (await ask('capture-pane', '-p', '-t', 'desk')).split('\n').map((line) => line.trimEnd())
    },
    async state() {
      const said = await ask('display', '-p', '-t', 'desk', '#{alternate_on} #{cursor_flag} #{wrap_flag}')
      const [otherPage, cursor, wraps] = said
        .trim()
        .split(' ')
        .map((flag) => flag === '1')
      return { otherPage: otherPage === true, cursor: cursor === true, wraps: wraps === true }
    },
    resize: async (to) =>
      void (await ask('resize-window', '-t', 'desk', '-x', String(to.width), '-y', String(to.height))),
    close: async () => void (await run([...tmux, 'kill-server'], limits)),
  }
}
