/**
 * How much is done, how fast, and how long it still takes: counts bytes and tells it once in half a second, also while
 * nothing moves. What stands still for too long is ended by `onStall`. Invariant: an estimate that was too small never
 * says "done" before it is.
 */
import type { CloneProgress } from '../../ports/clone.ts'

const TELL_MS = 500
/** The rate is that of the last seconds. */
const WINDOW_MS = 10_000
const NEARLY = 0.99

export interface Meter {
  add(bytes: number): void
  stop(): void
}

export interface MeterOptions {
  readonly what: string
  readonly totalBytes: number | null
  readonly stallMs: number
  readonly onProgress: (progress: CloneProgress) => void
  readonly onStall: () => void
}

export function startMeter(options: MeterOptions): Meter {
  const begun = performance.now()
  let moved = 0
  let movedAt = begun
  const samples: { readonly at: number; readonly bytes: number }[] = [{ at: begun, bytes: 0 }]
  const tell = () => {
    const now = performance.now()
    samples.push({ at: now, bytes: moved })
    while (samples.length > 2 && now - (samples[1]?.at ?? now) > WINDOW_MS) samples.shift()
    options.onProgress(progressOf(options, moved, samples))
    if (now - movedAt > options.stallMs) options.onStall()
  }
  const timer = setInterval(tell, TELL_MS)
  return {
    add(bytes) {
      moved += bytes
      movedAt = performance.now()
    },
    stop: () => clearInterval(timer),
  }
}

function progressOf(
  { what, totalBytes }: MeterOptions,
  doneBytes: number,
  samples: readonly { readonly at: number; readonly bytes: number }[],
): CloneProgress {
  const first = samples[0] ?? { at: 0, bytes: 0 }
  const last = samples.at(-1) ?? first
  const bytesPerSecond = last.at > first.at ? ((last.bytes - first.bytes) * 1000) / (last.at - first.at) : 0
  // Nobody knows by how much the estimate was wrong.
  const outgrown = totalBytes !== null && doneBytes > totalBytes * NEARLY
  const total = outgrown ? Math.ceil(doneBytes / NEARLY) : totalBytes
  const left = total === null || bytesPerSecond <= 0 ? null : Math.max(total - doneBytes, 0) / bytesPerSecond
  return { what, doneBytes, totalBytes: total, bytesPerSecond, leftSeconds: left }
}
