/**
 * keepalived's tracked file (/run/apmode/vrrp.unfit): `1` takes the VIP away from this machine, `0` does not. keepalived
 * reads it on IN_CLOSE_WRITE and IN_MOVED_TO, and an empty or missing file counts as 0 (2.2.7, track_file.c). So it is
 * overwritten in place with two bytes in one write and never truncated first: it holds a whole answer at every instant,
 * also for a keepalived that starts right now. Synchronous: it is written in the instant in which a unit dies.
 */
import { closeSync, constants, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { ApmodeError } from '../../core/errors.ts'
import type { UnfitFile } from '../../ports/storage.ts'
import { reasonOf } from './durable.ts'
import { readRegularFile } from './regular.ts'

const UNFIT = Buffer.from('1\n')
const FIT = Buffer.from('0\n')

export class TrackedUnfitFile implements UnfitFile {
  private readonly path: string

  constructor(path: string) {
    this.path = path
  }

  /** null: missing, or neither of the two answers. */
  read(): boolean | null {
    try {
      const text = readRegularFile(this.path, 2)
      return text === '1\n' ? true : text === '0\n' ? false : null
    } catch {
      return null
    }
  }

  /** Throws ApmodeError `storage`. */
  write(unfit: boolean): void {
    try {
      // O_NONBLOCK: a FIFO in its place must not hold the supervisor.
      const file = openSync(this.path, constants.O_WRONLY | constants.O_CREAT | constants.O_NONBLOCK, 0o644)
      try {
        const stats = fstatSync(file)
        if (!stats.isFile()) throw new Error('it is not a regular file')
        writeSync(file, unfit ? UNFIT : FIT, 0, 2, 0)
        if (stats.size > 2) ftruncateSync(file, 2)
      } finally {
        closeSync(file)
      }
    } catch (error) {
      const answer = unfit ? 'unfit' : 'fit'
      throw new ApmodeError('storage', `cannot tell keepalived ${answer} in ${this.path}: ${reasonOf(error)}`, {
        cause: error,
      })
    }
  }
}
