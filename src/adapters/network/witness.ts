/**
 * G9's eyes: does any of the configured addresses answer a ping? Invariant: `seen` is true only when an answer came
 * within the last second, by the monotonic clock; what could not be asked counts as not seen. It decides nothing: whether
 * the machine is cut off, the core judges.
 */
import { messageOf } from '../../core/errors.ts'
import type { Witness } from '../../ports/witness.ts'
import { ping } from './ping.ts'

export interface WitnessOptions {
  /** Empty: no witness, and no process. */
  readonly addresses: readonly string[]
  readonly log?: (level: 'debug' | 'info' | 'warn' | 'error', sentence: string) => void
  readonly program?: string
}

/** How long an answer counts: five questions. */
const COUNTS_MS = 1000

export function createWitness({ addresses, log = () => {}, program = 'ping' }: WitnessOptions): Witness {
  const listeners = new Set<() => void>()
  const problems = new Map<string, string>()
  let pings: (() => void)[] = []
  /** Monotonic time of the newest answer of any of them. */
  let lastAnswer = Number.NEGATIVE_INFINITY
  let told = false
  let expiry: NodeJS.Timeout | undefined
  let tellKnown = () => {}
  let known = Promise.resolve()

  const answersCount = () => performance.now() - lastAnswer < COUNTS_MS

  /** Tells a change once, and comes again when the newest answer will count no more. */
  const look = () => {
    const now = answersCount()
    clearTimeout(expiry)
    if (now) expiry = setTimeout(look, COUNTS_MS - (performance.now() - lastAnswer) + 1)
    if (now === told) return
    told = now
    for (const listener of [...listeners]) {
      try {
        listener()
      } catch (thrown) {
        log('error', `a listener for the witness failed: ${messageOf(thrown)}`)
      }
    }
  }

  const answered = (ageMs: number) => {
    lastAnswer = Math.max(lastAnswer, performance.now() - ageMs)
    // While it is told already that one answers, the timer alone looks again.
    if (!told) look()
    if (told) tellKnown()
  }

  const stumbled = (address: string, sentence: string | null) => {
    if (sentence === null) problems.delete(address)
    else problems.set(address, sentence)
    if (sentence === null) log('info', `the witness ${address} is asked again`)
    else log('warn', sentence)
  }

  return {
    open() {
      if (addresses.length === 0 || pings.length > 0) return
      known = new Promise((resolve) => {
        const limit = setTimeout(resolve, COUNTS_MS)
        tellKnown = () => {
          clearTimeout(limit)
          resolve()
        }
      })
      pings = addresses.map((address) =>
        ping({ address, program, onAnswer: answered, onProblem: (sentence) => stumbled(address, sentence) }),
      )
    },
    close() {
      for (const end of pings) end()
      pings = []
      clearTimeout(expiry)
      lastAnswer = Number.NEGATIVE_INFINITY
      told = false
      tellKnown()
    },
    seen: () => (addresses.length === 0 ? null : answersCount()),
    answeredAt: () => lastAnswer,
    known: () => known,
    onChange(listener) {
      const own = () => listener()
      listeners.add(own)
      return () => void listeners.delete(own)
    },
    problem: () => (problems.size === 0 ? null : [...problems.values()].join('; ')),
  }
}
