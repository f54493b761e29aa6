/** The hooks of a folder (ports/hooks.ts). What runs, and how, is in the files beside it. */
import { join } from 'node:path'
import type { Hooks } from '../../ports/hooks.ts'
import { listHooks } from './folder.ts'
import { runHook } from './run.ts'

export function createHooks(folder: string): Hooks {
  return {
    list: () => listHooks(folder),
    run: (name, call) => runHook(join(folder, name), call),
  }
}
