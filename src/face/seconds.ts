/** Time limits as people type them. Imports nothing but the exit codes, as the thin client loads it. */
import { EXIT, Failure } from './exit.ts'

/** Seconds (`5`, `0.5`) as milliseconds. Throws a Failure with exit 2. */
export function secondsToMs(text: string | undefined): number {
  const seconds = /^\d+(\.\d+)?$/.test(text ?? '') ? Number(text) : Number.NaN
  if (seconds > 0 && seconds <= 86_400) return Math.round(seconds * 1000)
  throw new Failure(EXIT.usage, `--timeout is ${JSON.stringify(text ?? '')}, expected seconds, as 5 or 0.5`)
}
