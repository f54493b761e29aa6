/**
 * `apmode doctor`: looks at this machine, and at the peer from here, and says what is wrong and how it is mended. It works
 * without a supervisor. Exit 1 where it found an error, 0 otherwise.
 */
import { type Context, printJson } from './context.ts'
import { EXIT, type Exit } from './exit.ts'
import { LiveProgress } from './show/command.ts'
import { showChecks, showReport } from './show/doctor.ts'

export interface DoctorOptions {
  readonly json?: boolean
  readonly list?: boolean
}

export async function doctor(context: Context, { json, list }: DoctorOptions): Promise<Exit> {
  const { terminal, paint, paintErr } = context
  if (list) {
    const { CHECKS } = await import('../core/doctor/examine.ts')
    if (json) {
      printJson(
        context,
        CHECKS.map(({ id, group, title, looks, why }) => ({ id, group, title, looked: looks, why })),
      )
    } else terminal.out(showChecks(CHECKS, paint))
    return EXIT.done
  }
  const { diagnose } = await import('../host/doctor/diagnose.ts')
  const { thisMachine } = await import('../host/doctor/compose.ts')
  if (process.getuid?.() !== 0) terminal.err('apmode: this is not root: much of it cannot be looked at\n')
  const live = terminal.errIsTerminal && !json ? new LiveProgress(terminal, paintErr) : null
  try {
    const report = await diagnose(thisMachine(), (busyWith) =>
      live?.show({ type: 'begin', step: 'doctor', sentence: `looking at ${busyWith.join(', ')}` }),
    )
    live?.stop()
    if (json) printJson(context, report)
    else terminal.out(showReport(report, paint, terminal.width))
    return report.ok ? EXIT.done : EXIT.failed
  } finally {
    live?.stop()
  }
}
