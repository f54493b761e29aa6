/**
 * SIGKILL to every process of a unit, for a fence that cannot be proven (G7).
 * Invariant: resolves only when the main process that was there before the signal is no longer the unit's main process.
 * It does not stop the unit: Restart= may bring it back, with another main process.
 */
import { messageOf } from '../../core/errors.ts'
import type { Call } from '../../ports/systemd.ts'
import { BusError } from './bus.ts'
import { type Link, PROPERTIES } from './link.ts'
import type { Look } from './look.ts'
import { isUnitName } from './unit-name.ts'

const SIGKILL = 9
const NOT_LOADED = 'org.freedesktop.systemd1.NoSuchUnit'

export function killUnit(link: Link, look: Look, unit: string, call: Call): Promise<void> {
  return link.until(call, async (left) => {
    if (!isUnitName(unit)) throw new BusError('failed', 'this is not the name of a unit')
    const row = (await look.rows([unit], left())).get(unit)
    if (row === undefined || row.load === 'not-found') return
    const release = link.match(rule(row.path))
    let wake = () => {}
    const forget = link.onSignal((signal) => {
      if (signal.path === row.path) wake()
    })
    try {
      let refusal = ''
      const before = await look.mainPid(row, left())
      try {
        // Also without a main process: a stop that ran into its limit leaves processes behind (SendSIGKILL=no).
        await look.manager('KillUnit', 'ssi', [row.id, 'all', SIGKILL], left())
      } catch (thrown) {
        // systemd reports the first process that it could not signal ("Input/output error" when one dies meanwhile) and
        // goes on with the others: what counts is the main process, below.
        if (!(thrown instanceof BusError) || thrown.answer === '' || thrown.lost || before === 0) {
          if (!(thrown instanceof BusError && thrown.answer === NOT_LOADED)) throw thrown
        }
        refusal = messageOf(thrown)
      }
      for (;;) {
        const changed = new Promise<void>((resolve) => {
          wake = resolve
        })
        const now = Number(await look.property(row.path, 'Service', 'MainPID', left()))
        if (now === 0 || now !== before) return
        await within(changed, link, left(), refusal)
      }
    } finally {
      forget()
      release()
    }
  })
}

/** Waits for the unit's next change; a lost bus, the limit and an abort end it too. */
function within(changed: Promise<void>, link: Link, call: Call, refusal: string): Promise<void> {
  const { signal, timeoutMs } = call
  return new Promise((resolve, reject) => {
    const settle = (then: () => void) => {
      clearTimeout(timer)
      forget()
      signal?.removeEventListener('abort', aborted)
      then()
    }
    const aborted = () => settle(() => reject(signal?.reason))
    const timer = setTimeout(
      () => settle(() => reject(new BusError('timeout', refusal || 'its main process still lives after SIGKILL'))),
      timeoutMs,
    )
    const forget = link.onState(() =>
      settle(() => reject(new BusError('unreachable', 'the bus went away', { lost: true }))),
    )
    if (signal?.aborted) return aborted()
    signal?.addEventListener('abort', aborted)
    void changed.then(() => settle(resolve))
  })
}

function rule(path: string): string {
  return `type='signal',sender='org.freedesktop.systemd1',interface='${PROPERTIES}',member='PropertiesChanged',path='${path}'`
}
