/**
 * The other way to mask a unit. MaskUnitFiles puts a link to /dev/null at /etc/systemd/system/UNIT and fails when the
 * unit's own file is there already (systemd#12084); such a unit gets a drop-in with a condition that is never true.
 * Invariant: the drop-in is written whole or not at all, and only this one file is ever written or removed.
 * It never tells systemd: the caller asks for a Reload.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

const ETC = '/etc/systemd/system'
const FILE = '90-apmode-masked.conf'

/** `/` exists always, so the condition is never met; systemd skips the start of the unit, by hand and by Restart= alike. */
const TEXT = `# Written by apmode: this unit is masked. Its own file is in ${ETC}, where "systemctl mask"
# cannot put its link. apmode removes this file when it unmasks the unit.
[Unit]
ConditionPathExists=!/
`

/** True when the unit's own file (its FragmentPath) lies where the mask would have to be. */
export function needsDropIn(fragmentPath: string): boolean {
  return fragmentPath.startsWith(`${ETC}/`)
}

export interface MaskDropIn {
  isThere(unit: string): boolean
  /** Throws the errors of node:fs. */
  write(unit: string): void
  /** Nothing to do when it is not there. Throws the errors of node:fs. */
  remove(unit: string): void
}

/** `root` is the root folder of the machine whose systemd is spoken to: empty, but for a container seen from outside. */
export function maskDropIn(root: string): MaskDropIn {
  const pathOf = (unit: string) => join(root, ETC, `${unit}.d`, FILE)
  return {
    isThere: (unit) => existsSync(pathOf(unit)),
    write(unit) {
      const path = pathOf(unit)
      const whole = `${path}.new`
      mkdirSync(dirname(path), { recursive: true, mode: 0o755 })
      const file = openSync(whole, 'w', 0o644)
      try {
        writeSync(file, TEXT)
        fsyncSync(file)
      } finally {
        closeSync(file)
      }
      renameSync(whole, path)
      syncFolder(dirname(path))
      syncFolder(join(root, ETC))
    },
    remove(unit) {
      const path = pathOf(unit)
      if (!existsSync(path)) return
      rmSync(path)
      syncFolder(dirname(path))
      try {
        rmdirSync(dirname(path))
      } catch {
        // Somebody else's drop-ins are in it.
      }
    },
  }
}

/** Without this a power cut can undo the rename, and the unit would start at the next boot. */
function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
