/** What something takes by itself, on a computer that does other things at the same time. */

/** Milliseconds of the quickest of three runs; whatever a run expects must hold in each of them. */
export async function quickestMs(run: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let n = 0; n < 3; n++) {
    const from = performance.now()
    await run()
    times.push(performance.now() - from)
  }
  return Math.min(...times)
}
