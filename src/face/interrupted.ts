/** Until a person, or the terminal, has had enough. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Runs `work` until it ends by itself, or a signal asks it to: that is no failure, and how it is meant to end. */
export async function untilInterrupted<Result>(work: (ended: AbortSignal) => Promise<Result>): Promise<Result> {
  const controller = new AbortController()
  const end = () => controller.abort()
  for (const signal of SIGNALS) process.on(signal, end)
  try {
    return await work(controller.signal)
  } finally {
    for (const signal of SIGNALS) process.removeListener(signal, end)
  }
}
