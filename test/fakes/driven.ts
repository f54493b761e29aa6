/** A real supervisor on a fake world, and the means to wait until it has nothing left to do. */
import { afterEach } from 'vitest'
import { createControl } from '../../src/host/control.ts'
import { Supervisor } from '../../src/host/supervisor.ts'
import type { Control } from '../../src/ports/control.ts'
import type { World } from './world.ts'

export interface Driven {
  readonly supervisor: Supervisor
  readonly control: Control
  /** Resolves when the queue is empty. */
  idle(): Promise<void>
  close(): Promise<void>
}

export async function drive(world: World): Promise<Driven> {
  const supervisor = new Supervisor(world.parts())
  await supervisor.start()
  const idle = () =>
    new Promise<void>((resolve) => {
      supervisor.queue.push({
        name: 'idle',
        withdraws: false,
        run: async () => {
          resolve()
        },
      })
    })
  return { supervisor, control: createControl(supervisor), idle, close: () => supervisor.close() }
}

export const quiet = () => {}

/** For a file of tests: starts a supervisor on a world, and ends whatever the test before has left running. */
export function oneAtATime(): (world: World) => Promise<Driven> {
  let driven: Driven | null = null
  afterEach(async () => {
    await driven?.close()
    driven = null
  })
  return async (world) => {
    await driven?.close()
    driven = await drive(world)
    return driven
  }
}
