/** `systemctl daemon-reload`, for a unit file that init has written. */
import { ApmodeError, messageOf } from '../../core/errors.ts'
import type { Call } from '../../ports/systemd.ts'
import { dial } from './bus.ts'
import { MANAGER, MANAGER_PATH, SYSTEMD } from './link.ts'

/** Throws ApmodeError. */
export async function reloadSystemd(busAddress: string, call: Call): Promise<void> {
  try {
    const bus = await dial(busAddress, call)
    try {
      await bus.call({ destination: SYSTEMD, path: MANAGER_PATH, interface: MANAGER, member: 'Reload' }, call)
    } finally {
      bus.close()
    }
  } catch (thrown) {
    throw new ApmodeError('failed', `cannot make systemd read its files again: ${messageOf(thrown)}`, { cause: thrown })
  }
}
