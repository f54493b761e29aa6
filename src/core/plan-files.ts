/** The part of the plan that is about unit files: what is to be masked, unmasked, disabled, enabled. Pure. */
import type { Observed } from './observed.ts'
import type { Posture } from './posture.ts'
import type { Step } from './step.ts'
import type { UnitFileState } from './vocabulary.ts'

const MASKED: readonly (UnitFileState | null)[] = ['masked', 'masked-runtime']
const ENABLED: readonly (UnitFileState | null)[] = ['enabled', 'enabled-runtime', 'linked', 'linked-runtime']

interface UnitFile {
  readonly name: string
  readonly file: UnitFileState | null
  readonly wanted: 'enabled' | 'disabled' | 'masked' | 'as is'
}

function unitFiles(observed: Observed, posture: Posture): UnitFile[] {
  const all: UnitFile[] = observed.units.map((unit) => ({ ...unit, wanted: posture.serviceUnits }))
  all.push({ ...observed.bootUnit, wanted: posture.bootUnit })
  // What systemd does not know, or does not say now, is left for a later look.
  return all.filter((unit) => unit.file !== null && unit.file !== 'missing')
}

export function maskFiles(observed: Observed, posture: Posture): Step[] {
  const mask = unitFiles(observed, posture)
    .filter((unit) => unit.wanted === 'masked' && !MASKED.includes(unit.file))
    .map((unit) => unit.name)
  return mask.length > 0 ? [{ do: 'mask-files', effect: 'withdraw', mask }] : []
}

export function changeFiles(observed: Observed, posture: Posture): Step[] {
  const files = unitFiles(observed, posture)
  const masked = (unit: UnitFile) => MASKED.includes(unit.file)
  const names = (units: readonly UnitFile[]) => units.map((unit) => unit.name)
  const unmask = names(
    files.filter((unit) => (unit.wanted === 'enabled' || unit.wanted === 'disabled') && masked(unit)),
  )
  // What a mask hides is not known: an unmasked unit is disabled to be sure.
  const disable = names(
    files.filter((unit) => unit.wanted === 'disabled' && (masked(unit) || ENABLED.includes(unit.file))),
  )
  const enable = names(files.filter((unit) => unit.wanted === 'enabled' && (masked(unit) || unit.file === 'disabled')))
  if (unmask.length + disable.length + enable.length === 0) return []
  return [{ do: 'change-files', effect: 'grant', unmask, disable, enable }]
}
