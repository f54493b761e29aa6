/** The only place that names concrete adapters: makes the parts of the host from a configuration. */
import { createCloner } from '../adapters/clone/cloner.ts'
import { createClusterFiles } from '../adapters/cluster/files.ts'
import { createNeighbours } from '../adapters/cluster/neighbours.ts'
import { DiskHistory } from '../adapters/files/history.ts'
import { DiskModeFile } from '../adapters/files/mode-file.ts'
import { DiskStateFile } from '../adapters/files/state-file.ts'
import { TrackedUnfitFile } from '../adapters/files/unfit-file.ts'
import { createHooks } from '../adapters/hooks/hooks.ts'
import { KeepalivedFifo } from '../adapters/keepalived/fifo.ts'
import { createGalera } from '../adapters/mariadb/galera.ts'
import { createMariadb } from '../adapters/mariadb/mariadb.ts'
import { createNetwork } from '../adapters/network/network.ts'
import { createWitness } from '../adapters/network/witness.ts'
import { diskProbe } from '../adapters/probes/disk.ts'
import { unitProbe } from '../adapters/probes/unit-check.ts'
import { createSystemd } from '../adapters/systemd/systemd.ts'
import type { Config } from '../core/config.ts'
import { Counting } from '../core/counting.ts'
import type { Database } from '../ports/database.ts'
import type { Probe } from '../ports/probe.ts'
import type { VrrpFifo } from '../ports/vrrp.ts'
import type { Witness } from '../ports/witness.ts'
import { systemClock } from './clock.ts'
import type { Log, Parts, PlacedProbe } from './parts.ts'
import { PATHS } from './paths.ts'

type Say = (level: 'debug' | 'info' | 'warn' | 'error', sentence: string) => void

export function compose(config: Config, log: Log): { readonly parts: Parts; readonly fifo: VrrpFifo } {
  const say: Say = (level, sentence) => log[level]({}, sentence)
  const problem = (sentence: string) => log.warn({}, sentence)
  const database = databaseOf(config, say)
  return {
    parts: {
      config,
      systemd: createSystemd({ log: say }),
      database,
      cloner: database === null ? null : createCloner({ socket: config.database.socket, runFolder: PATHS.run }),
      cluster: clusterOf(config),
      probes: probesOf(config, database),
      network: createNetwork({ interface: config.node.interface, vip: config.vrrp.vip, log: say }),
      witness: config.vrrp.witness.length === 0 ? null : createWitness({ addresses: config.vrrp.witness, log: say }),
      othersAnswer: othersOf(config, say),
      vipHolder: database === null ? createWitness({ addresses: [vipOf(config)], log: say }) : null,
      modeFile: new DiskModeFile(config.modeFile, problem),
      stateFile: new DiskStateFile(PATHS.state, problem),
      unfitFile: new TrackedUnfitFile(PATHS.unfit),
      history: new DiskHistory(PATHS.history),
      hooks: createHooks(PATHS.hooks),
      counting: new Counting(config.database.engine),
      clock: systemClock,
      log,
    },
    fifo: new KeepalivedFifo(PATHS.fifo, config.vrrp.instance),
  }
}

function othersOf({ vrrp, database, peers }: Config, log: Say): Witness | null {
  const byPing = vrrp.witness.length > 0 && (database.engine === 'none' || peers.length > 1)
  return byPing ? createWitness({ addresses: peers.map(({ address }) => address), log }) : null
}

function databaseOf({ database: { engine, socket } }: Config, log: Say): Database | null {
  switch (engine) {
    case 'none':
      return null
    case 'mariadb':
      return createMariadb({ socket, log })
    case 'galera':
      return createGalera({ socket, log })
  }
}

function clusterOf({ database, health, units }: Config): Parts['cluster'] {
  if (database.engine !== 'galera' || health === null) return null
  const unit = units.find(({ kind }) => kind === 'database')?.name ?? 'mariadb.service'
  return { files: createClusterFiles({ unit }), neighbours: createNeighbours({ port: health.port }) }
}

const vipOf = ({ vrrp }: Config) => vrrp.vip.split('/')[0] ?? ''

/** Each unit that has a check; the database by a sign of life; its disk by a small write. */
function probesOf(config: Config, database: Database | null): PlacedProbe[] {
  const probes = config.units.flatMap((unit): PlacedProbe[] => {
    const probe = unitProbe(unit)
    return probe === null ? [] : [{ probe, kind: 'unit', unit: unit.name, withinMs: unit.checkWithinMs }]
  })
  const unit = config.units.find(({ kind }) => kind === 'database')?.name
  if (database === null || unit === undefined) return probes
  const withinMs = config.database.hangTimeoutMs
  const life: Probe = { about: 'the database', attempt: (signal) => database.ping({ timeoutMs: withinMs, signal }) }
  probes.push({ probe: life, kind: 'database', unit, withinMs })
  probes.push({ probe: diskProbe(() => database.folders()), kind: 'disk', unit, withinMs })
  return probes
}
