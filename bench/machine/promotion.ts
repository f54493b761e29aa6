/**
 * One promotion of the isolated standby: an event in, and the moment in which another session sees the database writable.
 * All times are of one clock, this process's. The watching session waits inside the server (a loop with a pause of
 * 0.2 ms, 0.35 ms in all), so that it takes no processor from what it measures.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { HistoryEntry } from '../../src/ports/storage.ts'
import { waitFor } from '../../test/pair/lab/wait.ts'
import { connectTo, fifoOf, historyOf, NODE, pidsOf, startOn } from './guest.ts'
import type { IsolatedStandby } from './isolated.ts'

const LIMIT_MS = 10_000
/** Longer than two looks of the supervisor at its peer (`BOND_MS`). */
const TURNED_MS = 600
const UNTIL_WRITABLE = 'BEGIN NOT ATOMIC WHILE @@global.read_only DO DO SLEEP(0.0002); END WHILE; END'
const MASTER = 'INSTANCE "VI_1" MASTER 250'

/**
 * `address and FIFO`: as keepalived does it, the VIP first and then the line; the clock starts before the VIP.
 * `FIFO`: the line alone (ip monitor is frozen, so nobody has told of the VIP); from the line.
 * `notify`: `apmode notify master` alone; from the moment in which its process is started.
 */
export type Trigger = 'address and FIFO' | 'FIFO' | 'notify'

export interface Promotion {
  /** From the event to a writable database. */
  readonly totalMs: number
  readonly entry: HistoryEntry
}

export async function promote(isolated: IsolatedStandby, trigger: Trigger): Promise<Promotion> {
  const { standby } = isolated
  // What turned between the machines is told at the next look, and would be heard of before the event.
  await pause(TURNED_MS)
  const known = (await historyOf(standby, 1)).at(-1)?.at ?? ''
  const watching = await connectTo(standby)
  const fifo = fifoOf(standby)
  const notify = trigger === 'notify' ? armed(isolated, ['/usr/bin/apmode', 'notify', 'master']) : null
  // keepalived starts its scripts itself; here a shell stands ready that only becomes the program.
  await notify?.ready
  const monitors = trigger === 'address and FIFO' ? [] : pidsOf(standby, 'apmode.service', 'ip')
  for (const pid of monitors) process.kill(pid, 'SIGSTOP')
  try {
    if (monitors.length > 0) isolated.addVip()
    const writable = watching.rows(UNTIL_WRITABLE, LIMIT_MS).then(() => performance.now())
    // The watching session must be under way, and what the preparation set going must be over.
    await pause(100)
    const begun = performance.now()
    switch (trigger) {
      case 'address and FIFO':
        isolated.addVip()
        fifo.write(MASTER)
        break
      case 'FIFO':
        fifo.write(MASTER)
        break
      case 'notify':
        notify?.fire()
        break
    }
    const totalMs = (await writable) - begun
    await notify?.ended
    return { totalMs, entry: await promotionAfter(isolated, known) }
  } finally {
    for (const pid of monitors) process.kill(pid, 'SIGCONT')
    watching.close()
    fifo.close()
  }
}

/** What a process costs that is started in the same way and does nothing. */
export async function emptyProcess(isolated: IsolatedStandby): Promise<number> {
  const node = armed(isolated, [NODE, '-e', ''])
  await node.ready
  const begun = performance.now()
  node.fire()
  await node.ended
  return performance.now() - begun
}

/** A program of the machine that starts when it is told to: a shell waits for a line and then becomes it. */
function armed(isolated: IsolatedStandby, argv: readonly string[]) {
  const child = startOn(isolated.standby, ['sh', '-c', 'echo; read line; exec "$@"', 'sh', ...argv], LIMIT_MS)
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  return {
    ready: new Promise<void>((resolve) => child.stdout.once('data', () => resolve())),
    fire: () => void child.stdin.write('\n'),
    ended: new Promise<void>((resolve, reject) => {
      child.on('exit', (code) =>
        code === 0 ? resolve() : reject(new Error(`cannot run ${argv.join(' ')}: ${code}: ${said}`)),
      )
    }),
  }
}

/** The line of the history that tells of this promotion; it is written after the unit files, so a moment later. */
function promotionAfter(isolated: IsolatedStandby, known: string): Promise<HistoryEntry> {
  return waitFor(
    async () =>
      (await historyOf(isolated.standby, 5)).find(
        (entry) => entry.at > known && entry.steps.some(({ step, ok }) => step === 'allow-writes' && ok),
      ),
    { patienceMs: LIMIT_MS, reason: `a promotion in the history of ${isolated.standby.name}` },
  )
}
