/**
 * `apmode doctor`: looks at everything, side by side, and judges. Invariant: it changes nothing, needs no supervisor, and ends
 * within seconds whatever hangs; what could not be seen is `unknown` in the report.
 */
import type { Config } from '../../core/config.ts'
import { examine, type Report } from '../../core/doctor/examine.ts'
import { type Looks, seen } from '../../core/doctor/look.ts'
import type { Status } from '../../ports/control.ts'
import type { Examination } from '../../ports/examination.ts'
import { VERSION } from '../version.ts'
import { attempt, complaint, LOOK } from './attempt.ts'
import { lookAtDatabase } from './looks-database.ts'
import { lookAtFiles, lookAtKeepalived, lookAtOwnFiles, lookAtUnits } from './looks-machine.ts'
import { lookAtNetwork, lookAtPeer } from './looks-network.ts'
import { type DiskPlace, lookAtSystem, PLACES } from './looks-system.ts'

/** Which parts are still being looked at. */
export type Tell = (busyWith: readonly string[]) => void

export async function diagnose(outside: Examination, tell: Tell): Promise<Report> {
  const loaded = outside.configuration()
  const { config, path, faults } = loaded
  const looks = await gather(outside, config, tell)
  const self = { node: config?.node.name ?? null, version: VERSION, at: new Date(outside.now()).toISOString() }
  return examine({ ...looks, configuration: seen({ path, faults }) }, self)
}

async function gather(outside: Examination, config: Config | null, tell: Tell): Promise<Partial<Looks>> {
  const busy = new Set<string>()
  const part = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    busy.add(name)
    tell([...busy])
    try {
      return await work()
    } finally {
      busy.delete(name)
      if (busy.size > 0) tell([...busy])
    }
  }
  const own = part('files', () => lookAtOwnFiles(outside))
  const keepalived = part('keepalived', () => lookAtKeepalived(outside))
  const supervisor = part('the supervisor', () => lookAtSupervisor(outside))
  if (config === null) {
    const units = part('units', () => lookAtUnits(outside, null))
    const system = part('the system', () => lookAtSystem(outside, null, PLACES))
    return { ...(await own), ...(await keepalived), ...(await supervisor), ...(await units), ...(await system) }
  }
  const database = part('the database', () => lookAtDatabase(outside, config))
  const [files, units, network, peer, system, ...more] = await Promise.all([
    part('files', () => lookAtFiles(outside, config)),
    part('units', () => lookAtUnits(outside, config)),
    part('the network', () => lookAtNetwork(outside, config)),
    part('the peer', () => lookAtPeer(outside, config)),
    part('the system', async () => lookAtSystem(outside, config, placesOf(await database))),
    own,
    keepalived,
    supervisor,
    database,
  ])
  const [always, keeper, asked, data] = more
  return {
    config: seen(config),
    ...files,
    ...units,
    ...network,
    ...peer,
    ...system,
    ...always,
    ...keeper,
    ...asked,
    ...data,
  }
}

async function lookAtSupervisor(outside: Examination): Promise<Pick<Looks, 'supervisor' | 'status'>> {
  const status = await attempt(async () => (await outside.ask('/status', LOOK)) as Status)
  if (status.kind === 'seen') return { supervisor: seen(null), status }
  const why = await complaint(() => outside.ask('/mode', LOOK))
  return { supervisor: seen(why === null ? null : `the supervisor does not answer: ${why}`), status }
}

/** Where the database writes. */
function placesOf({ variables }: Pick<Looks, 'variables'>): readonly DiskPlace[] {
  if (variables.kind !== 'seen') return PLACES
  const { datadir = '', log_bin_basename: log = '', tmpdir = '' } = variables.value
  const own = [
    { folder: datadir.replace(/(.)\/$/, '$1'), holds: 'the database', needsMb: 1024 },
    { folder: log.replace(/\/[^/]*$/, ''), holds: 'the binary log', needsMb: 1024 },
    { folder: tmpdir.split(':')[0] ?? '', holds: "the database's temporary files", needsMb: 50 },
  ]
  return [...own.filter(({ folder }) => folder.startsWith('/')), ...PLACES]
}
