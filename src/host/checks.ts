/**
 * The checks of this machine: which probe is due when, and what they found in the words of the core. Only what runs, on a
 * machine that takes part, is asked; the disk only where it is written to for everybody. It decides nothing.
 */
import { isRunning, type ObservedCheck } from '../core/observed.ts'
import type { Parts, PlacedProbe } from './parts.ts'
import { Prober } from './prober.ts'
import type { Settler } from './settle.ts'

/** How often keepalived's tracked file is read back. */
const TRACKED_MS = 1_000

export class Checks {
  readonly #parts: Parts
  readonly #prober: Prober
  readonly #onChange: (sentence: string, failed: boolean) => void
  #tracked: NodeJS.Timeout | null = null

  /** `onChange`: something failed its check, or passes it again; as a sentence. */
  constructor(parts: Parts, onChange: (sentence: string, failed: boolean) => void) {
    this.#parts = parts
    this.#onChange = onChange
    this.#prober = new Prober(parts.clock, ({ about, ok, sentence }) => {
      onChange(ok ? `${about} passes its check again` : sentence, !ok)
    })
  }

  /** `resting`: nothing is being decided or done right now. */
  start(settler: Settler, resting: () => boolean): void {
    this.#tracked = setInterval(() => {
      // In the middle of a change the file is ahead of what was settled last: that would abort the change.
      if (resting()) this.#lookAtTrackedFile(settler)
    }, TRACKED_MS)
    this.#prober.start(
      this.#parts.probes.map((placed) => ({
        probe: placed.probe,
        withinMs: placed.withinMs,
        due: () => this.#due(placed, settler),
      })),
    )
  }

  stop(): void {
    if (this.#tracked !== null) clearInterval(this.#tracked)
    this.#prober.stop()
  }

  get observed(): readonly ObservedCheck[] {
    return this.#parts.probes.map(({ probe, kind, unit }) => {
      const verdict = this.#prober.verdict(probe.about)
      return { kind, unit, trouble: verdict === null || verdict.ok ? null : verdict.sentence }
    })
  }

  /** keepalived takes a file that is gone, or that it cannot read, for "fit". */
  #lookAtTrackedFile({ state, last }: Settler): void {
    if (last === null || (state.mode !== 'ap' && state.mode !== 's')) return
    const unfit = last.judgement.unfit.length > 0
    if (this.#parts.unfitFile.read() !== unfit) this.#onChange('the tracked file is not as it was written', unfit)
  }

  #due({ kind, unit: name }: PlacedProbe, settler: Settler): boolean {
    const { state, last } = settler
    if (state.mode !== 'ap' && state.mode !== 's') return false
    // What apmode itself stops or starts right now is not asked.
    if (settler.observer.memory.downExpected.has(name)) return false
    const unit = last?.observed.units.find((candidate) => candidate.name === name)
    if (unit === undefined || !isRunning(unit)) return false
    // What stands on a unit that is not there yet cannot work.
    const before = last?.observed.units.slice(0, last.observed.units.indexOf(unit)) ?? []
    if (kind === 'unit' && before.some((other) => other.runs === 'everywhere' && !isRunning(other))) return false
    return kind !== 'disk' || last?.observed.vip === true
  }
}
