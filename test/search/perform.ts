/** What one step of a plan changes in the world (`src/host/perform.ts` and the adapters behind it); null: it failed. */
import type { Step } from '../../src/core/step.ts'
import { becomes, withDatabase, withoutDatabase } from './around.ts'
import { hasVip, type Machine, other, type Side, sqlPasses, type World, withMachine } from './world.ts'

const ROUTER = 'keepalived.service'

export function perform(world: World, side: Side, step: Step): World | null {
  const self = world.machines[side]
  const now = (change: Partial<Machine>) => withMachine(world, side, change)
  const sql = (change: Partial<Machine>) => (self.db === 'up' ? now(change) : null)
  switch (step.do) {
    case 'fence':
      return now({ readOnly: true })
    case 'kill-database':
      return self.db === 'up' ? now(withoutDatabase(self, 'dead')) : world
    case 'declare-unfit':
      return now({ unfit: true })
    case 'declare-fit':
      return now({ unfit: false })
    case 'remove-vip':
      return self.keepalived === 'killed' ? now({ keepalived: 'dead' }) : world
    case 'stop-unit':
      if (step.unit === ROUTER) return now({ ...becomes(self, 'down'), routerDownExpected: true, vrrp: 'stop' })
      return now(withoutDatabase(self, 'off'))
    case 'start-unit':
      if (step.unit === ROUTER) return now(becomes(self, self.unfit || !self.nic ? 'fault' : 'backup'))
      return now(withDatabase(self, step.as === 'replica'))
    case 'mask-files':
    case 'change-files':
      return now({ files: self.mode })
    case 'cut-replication':
    case 'stop-replication':
      return sql(self.replica === 'running' || self.replica === 'draining' ? { replica: 'stopped' } : {})
    case 'drain':
      if (self.replica === 'error') return null
      return sql({ replica: 'draining', relay: false })
    case 'forget-primary':
      return sql({ replica: 'none', relay: false })
    case 'record-lead':
      return sql({ epoch: self.epoch + 1, leader: side, row: true })
    case 'commit-with-peer':
      return sql({ semiSync: true })
    case 'commit-alone':
      // Who waited gets an answer.
      return sql({ semiSync: false, told: self.told || self.unheard, unheard: false })
    case 'allow-writes':
      return hasVip(self) ? sql({ readOnly: false }) : null
    case 'follow':
      return follow(world, side)
    // These machines are in no cluster.
    case 'desync':
    case 'resync':
    case 'drain-clients':
    case 'form-component':
      return null
    case 'offer-lead':
    case 'keep-transactions':
    case 'wait-for-peer':
      return world
  }
}

/** A relay log that would be thrown away must still be at the primary (MDEV-4698). */
function follow(world: World, side: Side): World | null {
  const self = world.machines[side]
  const peer = world.machines[other(side)]
  if (self.db !== 'up' || !self.readOnly) return null
  const discards = self.relay && (self.replica === 'stopped' || self.replica === 'none')
  if (discards && !(sqlPasses(world) && peer.db === 'up')) return null
  const replica = self.replica === 'error' ? 'error' : 'running'
  const next = withMachine(world, side, {
    replica,
    semiSync: false,
    relay: self.relay && !discards,
    claim: 'none',
    role: 'standby',
  })
  return discards ? withMachine(next, other(side), { told: true }) : next
}
