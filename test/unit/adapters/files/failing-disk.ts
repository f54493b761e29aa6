/** A disk that fails at one call with one code, as a full or read-only one does. */
import fs from 'node:fs'

export type Call = 'openSync' | 'writeSync' | 'fsyncSync' | 'renameSync'

export function failingAt(call: Call, code: string): typeof fs {
  const fail = () => {
    throw Object.assign(new Error(`${code}: made to fail, ${call}`), { code })
  }
  return { ...fs, [call]: fail }
}

/** Writes `bytes` of what it is given, then the disk is full. */
export function fullAfter(bytes: number): typeof fs {
  const writeSync = (file: number, data: Buffer) => fs.writeSync(file, data, 0, Math.min(bytes, data.length))
  return { ...fs, writeSync } as typeof fs
}
