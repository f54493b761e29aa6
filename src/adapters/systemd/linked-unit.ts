/**
 * Unit files elsewhere that `systemctl link` made known by a link in /etc/systemd/system.
 * DisableUnitFiles removes that link too, and the unit would be unknown from then on (systemctl(1), "disable"); so its
 * target is read before, and linked again after. It only reads.
 */
import { readlinkSync } from 'node:fs'
import { join } from 'node:path'

/** The target of the link at a unit's FragmentPath; null when that is a file, a mask, or not in /etc at all. */
export type LinkTarget = (fragmentPath: string) => string | null

export function linkedFiles(root: string): LinkTarget {
  return (fragmentPath) => {
    if (!fragmentPath.startsWith('/etc/systemd/system/')) return null
    try {
      const target = readlinkSync(join(root, fragmentPath))
      return target.startsWith('/') && target !== '/dev/null' ? target : null
    } catch {
      return null
    }
  }
}
