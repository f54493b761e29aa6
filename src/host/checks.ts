/**
 * The checks of this machine: which probe is due when, and what they found in the words of the core. Only what runs, on a
 * machine that takes part, is asked; the disk only where it is written to for everybody. It decides nothing.
 */
import { isRunning, type ObservedCheck } from '../core/observed.ts'
import type { Parts, PlacedProbe } from './parts.ts'
import { Prober } from './prober.ts'
import type { Settler } from './settle.ts'

export class Checks {
  readonly #parts: Parts
  readonly #prober: Prober

  /** `onChange`: something failed its check, or passes it again; as a sentence. */
  constructor(parts: Parts, onChange: (sentence: string, failed: boolean) => void) {
    this.#parts = parts
    this.#prober = new Prober(parts.clock, ({ about, ok, sentence }) => {
      onChange(ok ? `${about} passes its check again` : sentence, !ok)
    })
  }

  start(settler: Settler): void {
    this.#prober.start(
      this.#parts.probes.map((placed) => ({
        probe: placed.probe,
        withinMs: placed.withinMs,
        due: () => this.#due(placed, settler),
      })),
    )
  }

  stop(): void {
    this.#prober.stop()
  }

  get observed(): readonly ObservedCheck[] {
    return this.#parts.probes.map(({ probe, kind, unit }) => {
      const verdict = this.#prober.verdict(probe.about)
      return { kind, unit, trouble: verdict === null || verdict.ok ? null : verdict.sentence }
    })
  }

  #due({ kind, unit: name }: PlacedProbe, settler: Settler): boolean {
    const { state, last } = settler
    if (state.mode !== 'ap' && state.mode !== 's') return false
    // What apmode itself stops or starts right now is not asked.
    if (settler.observer.memory.downExpected.has(name)) return false
    const unit = last?.observed.units.find((candidate) => candidate.name === name)
    if (unit === undefined || !isRunning(unit)) return false
    return kind !== 'disk' || last?.observed.vip === true
  }
}
