/**
 * What is asked of unit files, and whether it is so. Pure.
 * Invariant: a wish that is met needs no call, so asking twice changes nothing the second time.
 */
import type { UnitFileState } from '../../core/vocabulary.ts'
import type { FileChangeFailure, FileChanges } from '../../ports/systemd.ts'

export type Wanted = FileChangeFailure['wanted']

export interface Wish {
  /** The name that was asked for, perhaps an alias. */
  readonly unit: string
  readonly wanted: Wanted
}

/** A unit file as it is now. */
export interface FileFacts {
  readonly id: string
  /** Without regard to the drop-in. */
  readonly own: UnitFileState
  readonly dropIn: boolean
  readonly fragment: string
  /** systemd's memory differs from the disk: a Reload was forgotten, or a crash came before it. */
  readonly stale: boolean
}

export function wishesOf(changes: FileChanges): Wish[] {
  const { disable = [], mask = [], unmask = [], enable = [] } = changes
  return [
    ...disable.map((unit): Wish => ({ unit, wanted: 'disabled' })),
    ...mask.map((unit): Wish => ({ unit, wanted: 'masked' })),
    ...unmask.map((unit): Wish => ({ unit, wanted: 'unmasked' })),
    ...enable.map((unit): Wish => ({ unit, wanted: 'enabled' })),
  ]
}

export function isAsWanted(facts: Pick<FileFacts, 'own' | 'dropIn'>, wanted: Wanted): boolean {
  const { own, dropIn } = facts
  switch (wanted) {
    case 'enabled':
      return own === 'enabled'
    case 'disabled':
      // static, indirect, generated, linked, missing …: there is nothing that DisableUnitFiles could take away.
      return own !== 'enabled' && own !== 'enabled-runtime'
    case 'masked':
      // masked-runtime is gone after the next boot.
      return dropIn || own === 'masked'
    case 'unmasked':
      return !dropIn && own !== 'masked' && own !== 'masked-runtime'
  }
}

/** True when systemd's LoadState belongs to another file than the one on the disk. */
export function isStale(load: string, own: UnitFileState, needDaemonReload: boolean): boolean {
  const masked = own === 'masked' || own === 'masked-runtime'
  return needDaemonReload || masked !== (load === 'masked')
}

/** The primary names of the units for which `wanted` is asked and not so. */
export function openUnits(
  wishes: readonly Wish[],
  facts: ReadonlyMap<string, FileFacts>,
  wanted: Wanted,
  also: (facts: FileFacts) => boolean = () => true,
): string[] {
  const open = new Set<string>()
  for (const wish of wishes) {
    const found = facts.get(wish.unit)
    if (wish.wanted === wanted && found !== undefined && !isAsWanted(found, wanted) && also(found)) open.add(found.id)
  }
  return [...open]
}

/** `reasons`: what systemd or the disk said, by primary name. */
export function failuresOf(
  wishes: readonly Wish[],
  facts: ReadonlyMap<string, FileFacts>,
  reasons: ReadonlyMap<string, string>,
): FileChangeFailure[] {
  return wishes.flatMap(({ unit, wanted }) => {
    const found = facts.get(unit)
    if (found === undefined) return [{ unit, wanted, reason: 'this is not the name of a unit' }]
    if (isAsWanted(found, wanted)) return []
    const why = found.own === 'static' ? ' (it has no [Install] section)' : ''
    return [{ unit, wanted, reason: reasons.get(found.id) ?? `its file is ${found.own} afterwards${why}` }]
  })
}
