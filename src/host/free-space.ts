/** Free space of folders, for whoever asks whether there is room. */
import { statfs } from 'node:fs/promises'

const MIB = 1024 * 1024
/** Small changes are no news. */
const STEP_MB = 64

/** The least of them in MiB, rounded down to 64; null: unknown. Never throws. */
export async function freeMbOf(folders: readonly string[]): Promise<number | null> {
  const free = await Promise.all(
    folders.map(async (folder) => {
      const { bavail, bsize } = await statfs(folder)
      return (bavail * bsize) / MIB
    }),
  ).catch(() => [])
  return free.length === 0 ? null : Math.floor(Math.min(...free) / STEP_MB) * STEP_MB
}
