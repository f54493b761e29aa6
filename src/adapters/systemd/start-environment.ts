/**
 * One variable in systemd's environment block for as long as a unit starts, so that its processes see it:
 * Manager.SetEnvironment (org.freedesktop.systemd1(5)) works at once and needs no reload.
 * Invariant: what stood there before stands there afterwards; only what this program put there is ever taken away.
 */
import type { Call, StartVariable } from '../../ports/systemd.ts'
import { MANAGER_PATH } from './link.ts'
import type { Look } from './look.ts'

const CLEAN_MS = 2_000

export async function withVariable<T>(
  look: Look,
  variable: StartVariable,
  call: () => Call,
  work: () => Promise<T>,
): Promise<T> {
  const before = await currentValue(look, variable.name, call())
  await look.manager('SetEnvironment', 'as', [[`${variable.name}=${variable.value}`]], call())
  try {
    return await work()
  } finally {
    // Also when the start was given up, or took all of its time: no AbortSignal here, and time of its own.
    await put(look, variable.name, before === variable.value ? null : before, { timeoutMs: CLEAN_MS })
  }
}

/** For a unit that systemd itself starts again. */
export async function keepVariable(look: Look, variable: StartVariable, call: () => Call): Promise<void> {
  await put(look, variable.name, variable.value, call())
}

/** Takes the variable away if it has this very value: a program that was killed left it behind. */
export async function forgetVariable(look: Look, variable: StartVariable, call: () => Call): Promise<void> {
  if ((await currentValue(look, variable.name, call())) === variable.value) await put(look, variable.name, null, call())
}

async function put(look: Look, name: string, value: string | null, call: Call): Promise<void> {
  if (value === null) await look.manager('UnsetEnvironment', 'as', [[name]], call)
  else await look.manager('SetEnvironment', 'as', [[`${name}=${value}`]], call)
}

async function currentValue(look: Look, name: string, call: Call): Promise<string | null> {
  const block = await look.property(MANAGER_PATH, 'Manager', 'Environment', call)
  const lines = Array.isArray(block) ? block.map(String) : []
  return lines.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1) ?? null
}
