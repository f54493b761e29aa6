/** Faults of the network between the machines and their clients. Data. */
import { setTimeout as pause } from 'node:timers/promises'
import { VIP } from '../../pair/lab/network.ts'
import { badCable, mendCable } from '../bad-cable.ts'
import { type Fault, nothing, PLACES, type Scene } from '../fault.ts'

const common = { subject: 'network', layer: 'network', places: PLACES } as const

/** A table of its own in the machine's packet filter: `rules` for what comes in, then for what goes out. */
const filter =
  (name: string, rulesIn: readonly string[], rulesOut: readonly string[]) =>
  async ({ machine, peer }: Scene): Promise<void> => {
    const lines = (chain: string, rules: readonly string[]) => [
      `add chain inet ${name} ${chain} { type filter hook ${chain} priority 0; }`,
      ...rules.map((rule) => `add rule inet ${name} ${chain} ${rule.replaceAll('PEER', peer.address)}`),
    ]
    const input = [`add table inet ${name}`, ...lines('input', rulesIn), ...lines('output', rulesOut)].join('\n')
    await machine.must(['nft', '-f', '-'], { input: `${input}\n` })
  }

const noFilter =
  (name: string) =>
  async ({ machine }: Scene): Promise<void> => {
    await machine.shell(`nft delete table inet ${name} 2> /dev/null || true`)
  }

const filtered = (key: string, title: string, rulesIn: readonly string[], rulesOut: readonly string[]): Fault => {
  const table = `campaign_${key.replaceAll('-', '_')}`
  return {
    ...common,
    layer: 'guest',
    key,
    title,
    lastsMs: [300, 7000],
    strike: filter(table, rulesIn, rulesOut),
    mend: noFilter(table),
  }
}

export const NETWORK_FAULTS: readonly Fault[] = [
  {
    ...common,
    key: 'nic-down',
    title: 'NIC down',
    lastsMs: [300, 6000],
    strike: ({ machine }) => machine.nic('down'),
    mend: ({ machine }) => machine.nic('up'),
  },
  {
    ...common,
    key: 'nic-flaps',
    title: 'NIC flapping',
    lastsMs: [200, 2000],
    async strike({ machine, random }) {
      for (let count = random.whole(3, 8); count > 0; count -= 1) {
        await machine.nic('down')
        await pause(random.whole(30, 500))
        await machine.nic('up')
        await pause(random.whole(30, 800))
      }
    },
    mend: ({ machine }) => machine.nic('up'),
  },
  {
    ...common,
    key: 'cable-pulled',
    title: 'cable pulled',
    lastsMs: [300, 6000],
    strike: ({ machine }) => machine.cable('pulled'),
    mend: ({ machine }) => machine.cable('plugged'),
  },
  {
    ...common,
    key: 'cable-deaf',
    title: 'nothing gets through the cable, the carrier stays',
    lastsMs: [300, 6000],
    strike: ({ machine }) => machine.cable('deaf'),
    mend: ({ machine }) => machine.cable('plugged'),
  },
  filtered('hears-nothing', 'one-way loss: the machine hears nothing', ['iif != lo drop'], []),
  filtered('says-nothing', 'one-way loss: the machine is not heard', [], ['oif != lo drop']),
  filtered('hears-no-peer', 'one-way loss: the machine does not hear its peer', ['ip saddr PEER drop'], []),
  filtered('loss', '20 % of all packets lost', ['iif != lo numgen random mod 100 < 20 drop'], []),
  {
    ...common,
    key: 'loss-and-jitter',
    title: '20 % loss and up to 300 ms of delay, each packet another',
    lastsMs: [1000, 8000],
    strike: ({ machine, pair }) => badCable(pair, machine, { lossPercent: 20, jitterMs: 300 }),
    mend: ({ machine, pair }) => mendCable(pair, machine),
  },
  filtered('vrrp-filtered', 'only VRRP is filtered', ['ip protocol 112 drop'], ['ip protocol 112 drop']),
  filtered(
    'database-filtered',
    'only MariaDB is filtered, between the machines',
    ['ip saddr PEER tcp dport 3306 drop', 'ip saddr PEER tcp sport 3306 drop'],
    ['ip daddr PEER tcp dport 3306 drop', 'ip daddr PEER tcp sport 3306 drop'],
  ),
  filtered(
    'database-refused',
    "MariaDB's port is closed to the peer (RST)",
    ['ip saddr PEER tcp dport 3306 reject with tcp reset'],
    [],
  ),
  {
    ...common,
    layer: 'guest',
    key: 'vip-deleted',
    title: 'the VIP is deleted by hand',
    lastsMs: [300, 5000],
    places: ['holder'],
    async strike({ machine }) {
      await machine.shell(`ip address del ${VIP}/24 dev ${machine.interface}`)
    },
    mend: nothing,
  },
  {
    ...common,
    layer: 'guest',
    key: 'vip-added',
    title: 'the VIP is added by hand where it does not belong',
    lastsMs: [300, 4000],
    places: ['standby'],
    personsDecision: true,
    async strike({ machine }) {
      await machine.shell(`ip address add ${VIP}/24 dev ${machine.interface}`)
    },
    // Only while keepalived has not made it its own.
    async mend({ machine, peer }) {
      if (await peer.holdsVip()) await machine.shell(`ip address del ${VIP}/24 dev ${machine.interface} || true`)
    },
  },
]
